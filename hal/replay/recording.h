#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include <Eigen/Geometry>

#include "hal/camera.h"
#include "hal/gripper.h"
#include "hal/stage.h"

namespace gripbench::hal {

/// One line of a recorded trace; times in s from the first tactile frame.
struct RecordedState {
  double time = 0.0;
  Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
  double tcp_speed_z = 0.0;
  double jaw_width = 0.0;
  double normal_force = 0.0;
  std::optional<SlipTruth> truth;
};

/// A picture on disk, read when it is asked for.
struct RecordedPicture {
  std::filesystem::path file;
  /// Seconds from the first tactile frame.
  double time = 0.0;

  /// @throws InputError naming the file if it is missing or no whole picture.
  cv::Mat read() const;
};

/// One recorded grasp.
struct RecordedGrasp {
  int position = 0;
  double barely_touch_width = 0.0;
  double squeeze = 0.0;
  bool slip = false;
  Variation variation;
  std::vector<RecordedPicture> tactile;
  /// Without repetitions: one picture may have been the nearest to two tactile ones.
  std::vector<RecordedPicture> external;
  std::vector<RecordedState> trace;
};

/// What was found out about one position on one object, and the devices that did.
struct RecordedPosition {
  double barely_touch_width = 0.0;
  /// Whether each lift made to find the edge slipped.
  std::vector<bool> trials;
  RecordedPicture reference;
  RecordedPicture touch;
  GripperLimits gripper;
  CameraInfo tactile_camera;
  CameraInfo external_camera;
  double pixel_pitch = 0.0;
};

/// A data set on disk, as experiments/episode_store.h lays it out.
class RecordedDataset {
 public:
  /// @throws InputError if the folder holds no data set, or one of a newer layout.
  explicit RecordedDataset(std::filesystem::path folder);

  /// @throws InputError naming the file if the grasp is not there or damaged.
  RecordedGrasp grasp(const std::string& object, const std::string& grasp) const;
  RecordedPosition position(const std::string& object, int index) const;
  /// Any position of the data set: all were recorded by the same devices.
  /// @throws InputError if there is none.
  RecordedPosition any_position() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace gripbench::hal
