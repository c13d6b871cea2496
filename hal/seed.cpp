#include "hal/seed.h"

namespace gripbench::hal {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15ULL;

}  // namespace

std::uint64_t SeededDraw::next() {
  state_ += kGamma;
  return mix(state_);
}

double SeededDraw::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint64_t split_seed(std::uint64_t seed, std::string_view name, std::uint64_t index) {
  std::uint64_t hash = mix(seed + kGamma);
  for (const char c : name) hash = mix(hash + kGamma + static_cast<unsigned char>(c));
  // The name's length keeps ("a", index of "b"...) from running into another name's numbers.
  hash = mix(hash + kGamma + name.size());
  return mix(hash + kGamma + index);
}

}  // namespace gripbench::hal
