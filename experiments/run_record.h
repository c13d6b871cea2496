#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gripbench::experiments {

/// How one run was made, written as `run.json` beside its results.
struct RunRecord {
  std::vector<std::string> arguments;
  std::uint64_t seed = 0;
  /// Wall-clock start (ISO 8601, UTC) and seconds per stage, in order.
  std::string started;
  std::vector<std::pair<std::string, double>> stage_seconds;
  /// "finished", "interrupted" or the error's line.
  std::string outcome;
};

/// Adds versions of the program and its libraries, and the machine: cores, processor, memory.
/// @throws hal::StorageError if the disk refuses.
void write_run_record(const std::filesystem::path& file, const RunRecord& record);

/// Now, as ISO 8601 in UTC.
std::string utc_now();

}  // namespace gripbench::experiments
