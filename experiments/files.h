#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gripbench::experiments {

/// Makes a file whole or not at all: `write` fills a file of another name beside it, with the same
/// extension, which is then renamed. On any error the other file is removed.
/// @throws hal::StorageError if the folder cannot be made or the file not renamed, and whatever
/// `write` throws.
void write_beside(const std::filesystem::path& file,
                  const std::function<void(const std::filesystem::path&)>& write);

/// One line of comma-separated fields, quoted where needed (RFC 4180).
std::string csv_line(const std::vector<std::string>& fields);
/// Its inverse, for one line without its end.
std::vector<std::string> split_csv(std::string_view line);

}  // namespace gripbench::experiments
