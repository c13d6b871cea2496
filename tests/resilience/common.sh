# shellcheck shell=bash
# Shared by the scripts here. Sourced, not run.

skip() { echo "SKIPPED: $*"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# tiny_protocol ROOT POSITIONS GRASPS: the quick protocol with three objects and few grasps each.
tiny_protocol() {
  sed -e "s|^catalogue:.*|catalogue: $1/assets/objects|" \
    -e 's|^  train:.*|  train: [soap_box, spray_can]|' -e 's|^  test:.*|  test: [stapler]|' \
    -e "s|^grasps:.*|grasps: {train: $(( 2 * $3 )), test: $3}|" \
    -e 's|^  trial_lifts:.*|  trial_lifts: 2|' \
    -e "s|^  per_object:.*|  per_object: $2|" "$1/assets/protocols/quick.yaml"
}
