#!/usr/bin/env bash
# Runs experiments/slurm on a real Slurm of one node that this script starts and stops itself, on the
# loopback with its own folder, ports and keys. Tasks are lost in three ways on the way: the program
# is killed, the whole task is killed, the node goes down. The data set must be what one run gives.
#   slurm_array.sh PROGRAM
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=tests/resilience/common.sh
source "$root/tests/resilience/common.sh"

export PATH="$PATH:/usr/sbin:/sbin"
for tool in slurmctld slurmd sbatch scontrol squeue scancel munged; do
  command -v "$tool" > /dev/null || skip "there is no $tool here (packages slurm-wlm and munge)"
done
[[ "$EUID" == 0 ]] || skip "only root may run a slurmd that starts jobs as anybody"

program="$(realpath "$1")"
work="$(mktemp -d)"
daemons=()
# Keepers of jobs (slurmstepd) carry this cluster's SLURM_CONF in their environment.
keepers() {
  local pid
  for pid in $(pgrep slurmstepd); do
    grep -qsz "^SLURM_CONF=$work/" "/proc/$pid/environ" && echo "$pid"
  done
  true
}
stop_all() {
  set +e
  scancel --user="$(id -un)" 2> /dev/null
  for _ in $(seq 100); do [[ -z "$(squeue --noheader 2> /dev/null)" ]] && break; sleep 0.1; done
  (( ${#daemons[@]} == 0 )) || { kill "${daemons[@]}"; wait "${daemons[@]}"; } 2> /dev/null
  for pid in $(keepers); do kill -KILL "$pid"; done
  rm -rf "$work"
}
trap stop_all EXIT

# --- a cluster of one node -----------------------------------------------------------------------
is_free() { ! (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
free_port() {
  local port
  while true; do
    port=$(( 20000 + RANDOM % 10000 ))
    is_free "$port" && is_free $(( port + 1 )) && { echo "$port"; return; }
  done
}
port="$(free_port)"
host="$(hostname -s)"
mkdir -p "$work"/{munge,state,spool,log}
chmod 700 "$work/munge"
dd if=/dev/urandom of="$work/munge/key" bs=128 count=1 status=none
chmod 600 "$work/munge/key"
cat > "$work/slurm.conf" <<END
ClusterName=gripbench_test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$(( port + 1 ))
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
# A job queued again waits until its credential has expired; 5 s is the least that Slurm takes.
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/log/slurmctld.log
SlurmdLogFile=$work/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,batch_sched_delay=1
ReturnToService=2
MailProg=/bin/true
NodeName=grip NodeHostname=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=grip Nodes=grip Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$work/slurm.conf"

munged --foreground --force --num-threads=2 --key-file="$work/munge/key" \
  --socket="$work/munge/socket" --pid-file="$work/munge/pid" --seed-file="$work/munge/seed" \
  --log-file="$work/log/munged.log" 2> "$work/log/munged.err" &
daemons+=($!)
for _ in $(seq 100); do [[ -S "$work/munge/socket" ]] && break; sleep 0.1; done
[[ -S "$work/munge/socket" ]] || fail "munged did not start: $(tail -n 2 "$work/log/munged.err")"
slurmctld -D 2> /dev/null > /dev/null &
daemons+=($!)
slurmd -D -N grip 2> /dev/null > /dev/null &
daemons+=($!)
is_up() { scontrol show node grip 2> /dev/null | grep -q 'State=\(IDLE\|MIXED\|ALLOCATED\) '; }
for _ in $(seq 300); do is_up && break; sleep 0.1; done
is_up || fail "the node did not come up: $(tail -n 3 "$work/log/slurmctld.log" "$work/log/slurmd.log")"

# --- the array job -------------------------------------------------------------------------------
tiny_protocol "$root" 2 6 > "$work/tiny.yaml"
workcell="$root/assets/workcells/sim.yaml"
data="$work/data"
submit=("$root/experiments/slurm/submit" --workcell "$workcell" --protocol "$work/tiny.yaml"
  --out "$data" --shards 3 --program "$program" -- --chdir="$work")
"${submit[@]}" || fail "submit"
"${submit[@]}" 2> "$work/twice" && fail "submitted twice"
grep -q 'still at work' "$work/twice" || fail "a second submit says: $(cat "$work/twice")"

until_true() {  # SECONDS COMMAND...
  local end=$(( SECONDS + $1 ))
  shift
  until "$@"; do
    (( SECONDS < end )) || return 1
    sleep 0.1
  done
}
report() { squeue --all; tail -n 20 "$work"/data.shards/log/*.log "$work/log/slurmctld.log"; }
pid_of() { pgrep -f "^$program collect .*--out $data.shards/$1 " | head -n 1; }
has_episode() { [[ -n "$(find "$data.shards/$1/episodes" -name episode.json 2> /dev/null)" ]]; }
at_work_with() { has_episode "$1" && [[ -n "$(pid_of "$1")" ]]; }
log_says() { grep -q "$2" "$data.shards/log/$1.log" 2> /dev/null; }

# The program of the first task dies: its script has it queued again.
until_true 200 at_work_with 0001 || { report; fail "shard 1 did not begin"; }
kill -KILL "$(pid_of 0001)"
until_true 60 log_says 0001 'lost (exit 137), queued again' || { report; fail "no requeue"; }
echo "shard 1: the program was killed, the task queued again"

# The whole second task dies, its script included: nobody is left to queue it but the joining job.
until_true 200 at_work_with 0002 || { report; fail "shard 2 did not begin"; }
second="$(pid_of 0002)"
kill -KILL "$(ps -o ppid= -p "$second" | tr -d ' ')" "$second"
echo "shard 2: the whole task was killed"

# The node goes down under the third task: Slurm queues it again.
until_true 200 at_work_with 0003 || { report; fail "shard 3 did not begin"; }
scontrol update NodeName=grip State=DOWN Reason=test
sleep 1
# It may have come back by itself.
scontrol update NodeName=grip State=RESUME 2> /dev/null || true
until_true 120 log_says 0003 'start 2' || { report; fail "not begun again after the node was lost"; }
echo "shard 3: the node went down, the task was queued again"

is_joined() { [[ -e "$data/dataset.json" ]] && log_says merge 'folders linked'; }
until_true 400 is_joined || { report; fail "the shards were not joined"; }
log_says merge 'lacking: shards 2 of 3' || { report; fail "shard 2 was not noticed to be lost"; }
echo "joined: $(grep 'folders linked' "$data.shards/log/merge.log")"

"$program" collect --workcell "$workcell" --protocol "$work/tiny.yaml" --out "$work/whole" \
  2> "$work/log/whole" || fail "one run: $(tail -n 1 "$work/log/whole")"
diff -r "$work/whole" "$data" || fail "not what one run gives"
echo "the same as one run, file by file"
