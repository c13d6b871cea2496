#pragma once

#include <filesystem>

namespace gripbench::experiments {

/// A temporary folder that goes away again: OpenCV writes videos to files only.
class ScratchFolder {
 public:
  /// @throws hal::StorageError if there is no room for temporary files.
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace gripbench::experiments
