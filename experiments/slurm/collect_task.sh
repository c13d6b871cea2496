#!/usr/bin/env bash
# A task of the array job: collects one shard and marks it done.
# Arguments: folder of these scripts, folder of the shards, their number, the command.
set -uo pipefail
here="$1" parts="$2" shards="$3"
shift 3
# shellcheck source=experiments/slurm/shards.sh
source "$here/shards.sh"
folder="$(shard_folder "$parts" "$SLURM_ARRAY_TASK_ID")"
restarts="${SLURM_RESTART_COUNT:-0}"

echo "shard $SLURM_ARRAY_TASK_ID/$shards: start $(( restarts + 1 )) on ${SLURMD_NODENAME:-?}"
"$@" --out "$folder" --shard "$SLURM_ARRAY_TASK_ID/$shards" --jobs "${SLURM_CPUS_PER_TASK:-1}"
status=$?
case "$status" in
  0) : > "$folder.done" ;;
  # Bad input and device faults would come back; the log says what is wrong.
  1|2|3) ;;
  # Killed or interrupted. It goes on where it was, perhaps on another node.
  *)
    if (( restarts < 5 )); then
      echo "shard $SLURM_ARRAY_TASK_ID/$shards: lost (exit $status), queued again"
      scontrol requeue "$SLURM_JOB_ID"
    fi ;;
esac
exit "$status"
