# shellcheck shell=bash
# Names of shards and marks, shared by the scripts here. Sourced, not run.

# shard_folder PARTS I: the folder of shard I.
shard_folder() { printf '%s/%04d' "$1" "$2"; }

# lacking_shards PARTS N: numbers of the shards that no task has finished yet, as sbatch's --array
# wants them: 2,5,7.
lacking_shards() {
  local list="" i
  for (( i = 1; i <= $2; ++i )); do
    [[ -e "$(shard_folder "$1" "$i").done" ]] || list+="${list:+,}$i"
  done
  echo "$list"
}
