#include "experiments/file_fingerprint.h"

#include "experiments/file_io.h"
#include "experiments/parallel.h"
#include "experiments/sha256.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

std::string file_fingerprint(const fs::path& root, const std::vector<fs::path>& files, int jobs,
                             const std::function<void(std::size_t)>& started) {
  std::vector<std::string> hashes(files.size());
  for_each_parallel(files.size(), jobs, [&](std::size_t i) {
    started(i);
    hashes[i] = sha256(read_file(files[i]));
  });
  Sha256 all;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = files[i].lexically_relative(root).string();
    all.update(std::to_string(name.size()) + ":" + name + " " + hashes[i] + "\n");
  }
  return all.hex_digest();
}

}  // namespace gripbench::experiments
