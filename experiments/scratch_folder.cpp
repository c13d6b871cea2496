#include "experiments/scratch_folder.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

ScratchFolder::ScratchFolder() {
  std::string name = (fs::temp_directory_path() / "gripbench_video_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw hal::StorageError(fs::temp_directory_path().string() +
                            ": no temporary folder can be made; set TMPDIR to one with room");
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace gripbench::experiments
