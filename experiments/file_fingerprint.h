#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gripbench::experiments {

/// SHA-256 over names and bytes of files in the order given; a name is the path below `root`. Files
/// are read by `jobs` threads. `started(i)` is called from any thread before file i is read.
/// @throws hal::InputError if one cannot be read, and whatever `started` throws.
std::string file_fingerprint(const std::filesystem::path& root,
                             const std::vector<std::filesystem::path>& files, int jobs,
                             const std::function<void(std::size_t)>& started);

}  // namespace gripbench::experiments
