#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/episode.h"
#include "experiments/file_io.h"
#include "experiments/position_search.h"
#include "hal/errors.h"

namespace gripbench::experiments {

/// The text side of the store's files. Numbers are written so that they read back the same bits.
///
/// A described folder is a JSON file and the files beside it. The JSON names the SHA-256 of each of
/// these ("files") and of itself without that last key ("sha256").

/// Version of the store's layout; a reader refuses newer ones.
/// 2: a data set knows its plan and its shard.
inline constexpr int kStoreVersion = 2;

nlohmann::json to_json(const EpisodeRecord& record);
/// Without the trace.
/// @throws nlohmann::json::exception, InputError
EpisodeRecord record_from_json(const nlohmann::json& json);

nlohmann::json to_json(const PositionRecord& position);
/// Without the pictures.
PositionRecord position_from_json(const nlohmann::json& json);

std::string trace_to_csv(const std::vector<TracePoint>& trace);
/// @throws InputError with file and line.
std::vector<TracePoint> trace_from_csv(const std::string& text, const std::filesystem::path& file);

/// A description as it stands in its file.
std::string text_of(const nlohmann::json& description);

/// Adds the checksums of `content` to `description`, and puts it into `content` as `name`.
void add_description(FolderContent& content, const std::string& name, nlohmann::json description);

/// Reads a description and checks its own checksum, and that it is written as `add_description`
/// writes it, byte for byte.
/// @throws InputError naming the file if it is missing, damaged or of a newer version.
nlohmann::json read_description(const std::filesystem::path& file);

/// Runs `read` on a description that came from `file`.
/// @throws InputError saying of the file what is wrong with its content.
template <typename Read>
auto interpret(const std::filesystem::path& file, const nlohmann::json& description, Read read) {
  try {
    return read(description);
  } catch (const nlohmann::json::exception& error) {
    throw hal::InputError(file.string() + ": lacks a key or has a wrong one (" + error.what() +
                          "); collect or copy it again");
  } catch (const hal::InputError& error) {
    throw hal::InputError(file.string() + ": " + error.what());
  }
}

/// Bytes of one of the files that a description names, checked.
/// @throws InputError naming the file if it is missing, truncated or damaged.
std::string read_described(const std::filesystem::path& folder, const nlohmann::json& description,
                           const std::string& name);

}  // namespace gripbench::experiments
