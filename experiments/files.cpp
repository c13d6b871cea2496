#include "experiments/files.h"

#include <system_error>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

void write_beside(const fs::path& file, const std::function<void(const fs::path&)>& write) {
  std::error_code failure;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), failure);
  if (failure) {
    throw hal::StorageError(file.parent_path().string() +
                            ": cannot make this folder: " + failure.message());
  }
  const fs::path beside =
      file.parent_path() /
      fs::path(".").concat(file.stem().string()).concat(".part").concat(file.extension().string());
  try {
    write(beside);
    fs::rename(beside, file, failure);
    if (failure) {
      throw hal::StorageError(file.string() + ": cannot be written: " + failure.message());
    }
  } catch (...) {
    fs::remove(beside, failure);
    throw;
  }
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (!line.empty() || &field != &fields.front()) line += ',';
    if (field.find_first_of(",\"\n\r") == std::string::npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  return line + '\n';
}

std::vector<std::string> split_csv(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

}  // namespace gripbench::experiments
