#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace gripbench::hal {

/// A seed of its own for one part of an experiment: depends on nothing but the experiment's seed,
/// what the part is called and its index, so neither order nor sharding changes it.
std::uint64_t split_seed(std::uint64_t seed, std::string_view name, std::uint64_t index);

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): the same
/// numbers on every machine and with every standard library.
class SeededDraw {
 public:
  explicit SeededDraw(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  /// Uniform in [0, 1).
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<std::size_t>(uniform() * i)]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace gripbench::hal
