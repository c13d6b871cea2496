#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gripbench::experiments {

/// Remembers what a finished file was made from, so that the same work is not done twice, and that
/// a file made from something else is made again.
class Stamp {
 public:
  /// @param made_from everything the file depends on: hashes, seeds, options, versions.
  Stamp(const std::filesystem::path& file, const std::vector<std::string>& made_from);

  /// True if the file is there and was made from just this.
  bool valid() const;
  /// Call when the file is whole.
  /// @throws hal::StorageError
  void set() const;

 private:
  std::filesystem::path file_;
  std::filesystem::path stamp_;
  std::string key_;
};

}  // namespace gripbench::experiments
