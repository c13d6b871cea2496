#!/usr/bin/env bash
# Joins the shards once all are in; has what is lacking submitted again.
# Arguments: folder of these scripts, folder of the shards, their number, rounds left, program,
# the data set to make, the command that submits again.
set -euo pipefail
here="$1" parts="$2" shards="$3" rounds_left="$4" program="$5" out="$6"
shift 6
# shellcheck source=experiments/slurm/shards.sh
source "$here/shards.sh"

lacking="$(lacking_shards "$parts" "$shards")"
if [[ -n "$lacking" ]]; then
  if (( rounds_left > 0 )); then
    echo "lacking: shards $lacking of $shards; submitting them again"
    exec "$@"
  fi
  echo "lacking: shards $lacking of $shards; see $parts/log, then submit again" >&2
  exit 1
fi
folders=()
for (( i = 1; i <= shards; ++i )); do folders+=("$(shard_folder "$parts" "$i")"); done
exec "$program" merge "${folders[@]}" --out "$out" --jobs "${SLURM_CPUS_PER_TASK:-1}"
