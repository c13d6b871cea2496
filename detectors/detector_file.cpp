#include "detectors/detector_file.h"

#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "hal/errors.h"

namespace gripbench::detectors {
namespace {

constexpr const char* kFormat = "gripbench-detector";
constexpr int kVersion = 1;
/// Far above any detector's weights; keeps a wrong file from filling the memory.
constexpr std::uintmax_t kMaxBytes = std::uintmax_t{1} << 30;

/// FNV-1a, 64 bit: tells damage, not malice.
std::string checksum(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::byte byte : bytes) {
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ull;
  }
  return fmt::format("{:016x}", hash);
}

nlohmann::json parse_quietly(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

void check_payload(const std::filesystem::path& file, const nlohmann::json& header,
                   const std::string& payload) {
  const auto size = header.value("payload_bytes", nlohmann::json());
  const auto sum = header.value("payload_checksum", nlohmann::json());
  if (!size.is_number_unsigned() || !sum.is_string()) {
    refuse_detector_file(file, "its header tells no number and checksum of its weights");
  }
  if (size.get<std::uintmax_t>() != payload.size()) {
    refuse_detector_file(file, fmt::format("it holds {} bytes of weights where its header says {}",
                                           payload.size(), size.get<std::uintmax_t>()));
  }
  if (sum.get<std::string>() != checksum(std::as_bytes(std::span(payload)))) {
    refuse_detector_file(file, "its weights do not match their checksum");
  }
}

}  // namespace

void refuse_detector_file(const std::filesystem::path& file, const std::string& what) {
  throw hal::InputError(
      fmt::format("{}: not a usable detector: {}; train it again", file.string(), what));
}

nlohmann::json parse_header(const DetectorFile& content) { return parse_quietly(content.header); }

DetectorFile read_detector_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  std::ifstream stream(file, std::ios::binary);
  if (error || !stream) {
    throw hal::InputError(
        fmt::format("{}: cannot read this detector file; check the path", file.string()));
  }
  if (size > kMaxBytes) {
    refuse_detector_file(file, "it is larger than 1 GiB");
  }
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());

  DetectorFile content;
  const auto line_end = text.find('\n');
  auto header = parse_quietly(text.substr(0, line_end));
  if (line_end != std::string::npos && header.is_object()) {
    content.header = text.substr(0, line_end);
    content.payload = text.substr(line_end + 1);
  } else {
    header = parse_quietly(text);
    content.header = std::move(text);
  }
  if (!header.is_object() || header.value("format", nlohmann::json()) != kFormat) {
    refuse_detector_file(file, fmt::format("it does not begin as a {} file does", kFormat));
  }
  if (header.value("version", nlohmann::json()) != kVersion) {
    refuse_detector_file(file,
                         fmt::format("its version is {}, this program reads {}",
                                     header.value("version", nlohmann::json()).dump(), kVersion));
  }
  if (!header.contains("kind") || !header["kind"].is_string()) {
    refuse_detector_file(file, "it names no kind");
  }
  if (!content.payload.empty() || header.contains("payload_bytes")) {
    check_payload(file, header, content.payload);
  }
  return content;
}

void write_detector_file(const std::filesystem::path& file, const nlohmann::json& header,
                         std::span<const std::byte> payload) {
  nlohmann::json full = header;
  full["format"] = kFormat;
  full["version"] = kVersion;
  if (!payload.empty()) {
    full["payload_bytes"] = payload.size();
    full["payload_checksum"] = checksum(payload);
  }
  std::filesystem::path beside = file;
  beside += ".partial";
  std::error_code error;
  if (file.has_parent_path()) {
    std::filesystem::create_directories(file.parent_path(), error);
  }
  {
    std::ofstream stream(beside, std::ios::binary | std::ios::trunc);
    stream << full.dump(payload.empty() ? 2 : -1) << '\n';
    stream.write(reinterpret_cast<const char*>(payload.data()),
                 static_cast<std::streamsize>(payload.size()));
    stream.close();
    if (!stream) {
      std::filesystem::remove(beside, error);
      throw hal::StorageError(fmt::format(
          "{}: cannot write this detector file; check space and permissions", file.string()));
    }
  }
  std::filesystem::rename(beside, file, error);
  if (error) {
    const std::string reason = error.message();
    std::filesystem::remove(beside, error);
    throw hal::StorageError(
        fmt::format("{}: cannot put this detector file in place: {}", file.string(), reason));
  }
}

}  // namespace gripbench::detectors
