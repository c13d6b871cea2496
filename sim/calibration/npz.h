#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gripbench::sim {

/// An array of numbers, last index fastest.
struct NumberArray {
  std::vector<std::size_t> shape;  ///< empty for a single number
  std::vector<double> values;
};

/// Reads the arrays of a NumPy .npz archive (stored or deflated), by name without ".npy".
///
/// Only plain numbers are read: little-endian or single-byte integers, floats and booleans. Arrays
/// of Python objects would need to be unpickled, which can run code: they are refused. Checksums
/// and all lengths are checked before anything is believed.
/// @throws InputError that says what is wrong with which member.
std::map<std::string, NumberArray> read_npz(const std::filesystem::path& file);

}  // namespace gripbench::sim
