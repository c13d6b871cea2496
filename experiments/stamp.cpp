#include "experiments/stamp.h"

#include "experiments/file_io.h"
#include "experiments/sha256.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

Stamp::Stamp(const fs::path& file, const std::vector<std::string>& made_from)
    : file_(file), stamp_(fs::path(file).concat(".stamp")) {
  Sha256 hash;
  for (const std::string& part : made_from) {
    hash.update(std::to_string(part.size()));
    hash.update(":");
    hash.update(part);
  }
  key_ = hash.hex_digest();
}

bool Stamp::valid() const {
  if (!fs::exists(file_) || !fs::exists(stamp_)) return false;
  // The file's own hash tells one that was changed since.
  return read_file(stamp_) == key_ + " " + sha256(read_file(file_)) + "\n";
}

void Stamp::set() const { write_file(stamp_, key_ + " " + sha256(read_file(file_)) + "\n"); }

}  // namespace gripbench::experiments
