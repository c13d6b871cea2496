#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "experiments/collect.h"
#include "experiments/file_io.h"
#include "experiments/grasp_plan.h"
#include "experiments/grasp_protocol.h"
#include "hal/errors.h"
#include "tests/unit/experiments/fake_workcell.h"

namespace gripbench::experiments {

/// A folder of its own for a test, gone afterwards; in memory where the machine offers that, since
/// the store waits for the disk after every episode.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = ::access(memory.c_str(), W_OK) == 0;
    const std::filesystem::path root = in_memory ? memory : std::filesystem::temp_directory_path();
    std::string name = (root / "gripbench_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What a call complains of; "nothing was thrown" if it does not.
template <typename Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const hal::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

inline std::filesystem::path protocol_file(const std::string& name) {
  return std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets/protocols" / name;
}

/// The quick protocol with the fake workcell's objects and picture size, and few grasps.
inline GraspProtocol fake_protocol() {
  GraspProtocol protocol = load_protocol(protocol_file("quick.yaml"));
  protocol.train_objects = {"egg", "mug"};
  protocol.test_objects = {"ball"};
  protocol.train_grasps = 4 * static_cast<int>(protocol.train_objects.size());
  protocol.test_grasps = 4 * static_cast<int>(protocol.test_objects.size());
  protocol.positions.per_object = 1;
  protocol.touch.blur_px = 1.5;
  return protocol;
}

inline std::vector<hal::ObjectDescription> fake_objects(const GraspProtocol& protocol) {
  std::vector<hal::ObjectDescription> objects;
  for (const std::string& name : protocol.objects()) objects.push_back(fake_object(name));
  return objects;
}

inline DatasetInfo fake_dataset(const GraspProtocol& protocol) {
  return {.protocol_text = protocol.text,
          .train_objects = protocol.train_objects,
          .test_objects = protocol.test_objects,
          .catalogue_hash = "of the fake",
          .seed = protocol.seed,
          .software = "test"};
}

/// All files below a folder, by relative path.
inline std::map<std::string, std::string> bytes_below(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[std::filesystem::relative(entry.path(), folder).string()] = read_file(entry.path());
    }
  }
  return files;
}

}  // namespace gripbench::experiments
