#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace gripbench::detectors {

/// A detector's file: one JSON object, in which "format" is "gripbench-detector", "version" is 1
/// and "kind" names the detector, and, for kinds that need it, raw bytes after the line of the
/// object.
///
/// A file without raw bytes is indented JSON for people to read; one with raw bytes has its object
/// on the first line, which also tells their number and checksum. Nothing in it is executed.
struct DetectorFile {
  std::string header;
  std::string payload;
};

/// Reads a detector's file as far as it is the same for every kind.
/// @throws hal::InputError if it is missing, no detector's file, of another version, or if its
/// bytes do not match their number and checksum.
DetectorFile read_detector_file(const std::filesystem::path& file);

/// The header of a detector's file, parsed.
nlohmann::json parse_header(const DetectorFile& content);

/// Writes `header` (an object without "format" and "version"; "kind" is required) and `payload`
/// beside the file, then renames.
/// @throws hal::StorageError if the disk refuses.
void write_detector_file(const std::filesystem::path& file, const nlohmann::json& header,
                         std::span<const std::byte> payload = {});

/// @throws hal::InputError naming the file, what is wrong with it, and what to do.
[[noreturn]] void refuse_detector_file(const std::filesystem::path& file, const std::string& what);

}  // namespace gripbench::detectors
