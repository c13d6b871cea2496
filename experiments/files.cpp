#include "experiments/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
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

void write_text(const fs::path& file, std::string_view text) {
  write_beside(file, [&](const fs::path& beside) {
    errno = 0;
    std::ofstream stream(beside, std::ios::binary);
    stream.write(text.data(), static_cast<std::streamsize>(text.size()));
    stream.close();
    if (!stream) {
      throw hal::StorageError(file.string() + ": cannot be written: " +
                              (errno ? std::strerror(errno) : "the disk refused") +
                              "; free space or choose another folder");
    }
  });
}

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || fs::is_directory(file)) {
    throw hal::InputError(file.string() + ": cannot be read; is it there?");
  }
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
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
