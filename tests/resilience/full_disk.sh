#!/usr/bin/env bash
# Fills a small disk while a collection writes to it: one clear line, nothing broken, and it goes on
# to the same data set once there is space again.
#   full_disk.sh PROGRAM
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=tests/resilience/common.sh
source "$root/tests/resilience/common.sh"

program="$(realpath "$1")"
if [[ -z "${GRIPBENCH_INSIDE:-}" ]]; then
  # Mounts made in there vanish with the script. Root may, and others where user namespaces are on.
  unshare --map-root-user --mount true 2>/dev/null ||
    skip "may not make a mount namespace here, so there is no small disk to fill"
  GRIPBENCH_INSIDE=1 exec unshare --map-root-user --mount "${BASH_SOURCE[0]}" "$program"
fi

work="$(mktemp -d)"
trap 'umount "$work/disk" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/disk"
mount -t tmpfs -o size=64m none "$work/disk" || skip "may not mount a small disk here"
tiny_protocol "$root" 1 3 > "$work/tiny.yaml"
collect=("$program" collect --workcell "$root/assets/workcells/sim.yaml" --protocol
  "$work/tiny.yaml" --jobs 2 --out)

# Room for the positions and a few grasps, and for no more.
"${collect[@]}" "$work/whole" 2> "$work/log" || fail "undisturbed: $(tail -n 1 "$work/log")"
bytes="$(du -sB1 --apparent-size "$work/whole/episodes" | cut -f1)"
positions="$(du -sB1 --apparent-size "$work/whole/positions" | cut -f1)"
mount -o remount,size=$(( positions * 3 / 2 + bytes / 2 )) "$work/disk"

status=0
"${collect[@]}" "$work/disk/d" 2> "$work/log" || status=$?
(( status == 2 )) || fail "exit code $status for a full disk, not 2"
said="$(grep '^gripbench: ' "$work/log")"
[[ "$(wc -l <<< "$said")" == 1 && "$said" == *"No space left on device; free some space"* ]] ||
  fail "a full disk is not said in one clear line: $said"
made="$(find "$work/disk/d/episodes" -name episode.json | wc -l)"
(( made < 9 )) || fail "the disk was not full; the test showed nothing"
[[ -z "$(find "$work/disk/d" -name '.unfinished-*')" ]] || fail "half-written files were left"
"$program" verify "$work/disk/d" 2> "$work/verify" > /dev/null && fail "verify misses nothing"
if grep -v -e 'lacks ' -e 'are not there' -e '^verify:' "$work/verify"; then
  fail "the full disk damaged something"
fi

# No better the second time, then there is space again.
"${collect[@]}" "$work/disk/d" 2> /dev/null && fail "collected on a full disk"
mount -o remount,size=128m "$work/disk"
"${collect[@]}" "$work/disk/d" 2> "$work/log" || fail "with space: $(tail -n 1 "$work/log")"
diff -r "$work/whole" "$work/disk/d" || fail "not what a run on a larger disk gives"
echo "$said"
echo "full after $made of 9 grasps; went on to the same data set"
