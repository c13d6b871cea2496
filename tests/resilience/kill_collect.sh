#!/usr/bin/env bash
# Kills a collection with SIGKILL at random moments and goes on each time; what it ends with must be,
# file by file, what an undisturbed run gives.
#   kill_collect.sh PROGRAM KILLS [PROTOCOL] [SEED]
# Without a protocol, a tiny one. The full one, some ten minutes:
#   tests/resilience/kill_collect.sh build/release/gripbench 20 assets/protocols/ci.yaml
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=tests/resilience/common.sh
source "$root/tests/resilience/common.sh"

program="$(realpath "$1")" kills="$2" protocol="${3:-}"
RANDOM="${4:-1}"
work="$(mktemp -d)"
child=""
trap '[[ -z "$child" ]] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$work"' EXIT
if [[ -z "$protocol" ]]; then
  protocol="$work/tiny.yaml"
  tiny_protocol "$root" 1 4 > "$protocol"
fi
collect=("$program" collect --workcell "$root/assets/workcells/sim.yaml" --protocol "$protocol"
  --jobs 2 --out)

now_ms() { echo $(( $(date +%s%N) / 1000000 )); }
sleep_ms() { sleep "$(printf '%d.%03d' $(( $1 / 1000 )) $(( $1 % 1000 )))"; }
# Whole positions and grasps in a data set; names that begin with a dot are unfinished ones.
folders() { local all=("$1"/positions/*/* "$1"/episodes/*/*); echo "${#all[@]}"; }
is_writing() { local all=("$1"/positions/*/.unfinished-* "$1"/episodes/*/.unfinished-*); (( ${#all[@]} > 0 )); }
shopt -s nullglob

begun="$(now_ms)"
"${collect[@]}" "$work/whole" 2> "$work/log" || fail "undisturbed: $(tail -n 1 "$work/log")"
whole_ms=$(( $(now_ms) - begun ))
total="$(folders "$work/whole")"
echo "undisturbed: $total positions and grasps in $whole_ms ms"

# Each run is killed after a random number of folders and a random time within the next one; every
# third goes on to the middle of a write. They leave a third of the work to the last run.
killed=0 half=0
while (( killed < kills )); do
  before="$(folders "$work/killed")"
  goal=$(( before + RANDOM % (total * 2 / 3 / kills + 1) ))
  "${collect[@]}" "$work/killed" 2> "$work/log" &
  child=$!
  runs() { kill -0 "$child" 2>/dev/null; }
  while runs && [[ "$(folders "$work/killed")" -lt "$goal" ]]; do sleep 0.02; done
  sleep_ms $(( (RANDOM * 32768 + RANDOM) % (2 * whole_ms / total) ))
  if (( killed % 3 == 2 )); then
    while runs && ! is_writing "$work/killed"; do :; done
  fi
  kill -KILL "$child" 2>/dev/null || fail "it ended by itself: $(tail -n 1 "$work/log")"
  wait "$child" 2>/dev/null || true
  child=""
  killed=$(( killed + 1 ))
  left=0
  if is_writing "$work/killed"; then left=1; fi
  half=$(( half + left ))
  echo "kill $killed: $before to $(folders "$work/killed") whole, $left half-written"
done

# What is there is whole, and the missing rest is said.
verdict=0
"$program" verify "$work/killed" 2> "$work/log" > /dev/null || verdict=$?
if grep -v -e 'lacks ' -e 'are not there' -e '^verify:' "$work/log"; then
  fail "a killed run left something damaged"
fi
(( verdict == 2 )) ||
  fail "verify did not say what is missing"

"${collect[@]}" "$work/killed" 2> "$work/log" || fail "the last run: $(tail -n 1 "$work/log")"
diff -r "$work/whole" "$work/killed" || fail "not what the undisturbed run gives"
"$program" verify "$work/killed" 2> /dev/null || fail "the finished data set is not sound"
echo "$killed kills, $half of them in the middle of a write: the same, file by file"
