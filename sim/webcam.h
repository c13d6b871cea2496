#pragma once

#include <vector>

#include "sim/camera_renderer.h"
#include "sim/mujoco_handles.h"
#include "sim/scene_variation.h"

namespace gripbench::sim {

/// The webcam on the gripper: draws the scene of a grasp from joint positions, with the variation
/// of the grasp. Models are handed to OpenGL only when a picture of them is wanted.
class Webcam {
 public:
  Webcam(const RenderOptions& options, const VariationRanges& ranges);

  /// From here on pictures show `model`, which must live as long as pictures are taken, with the
  /// variation that `seed` decides.
  void begin(const mjModel& model, std::uint64_t seed);

  /// Lets go of a model that is about to be destroyed.
  void forget(const mjModel& model);

  /// What this grasp's pictures are taken with.
  const SceneVariation& variation() const { return variation_; }
  /// Delay of this grasp's frames after the tactile ones (s).
  double delay() const { return variation_.delay; }

  /// The picture for joint positions `qpos` (nq values), as frame number `sequence`: 8-bit BGR.
  cv::Mat render(const std::vector<double>& qpos, std::uint64_t sequence);

 private:
  void prepare();

  VariationRanges ranges_;
  CameraRenderer renderer_;
  SceneVariation variation_;
  const mjModel* pristine_ = nullptr;
  MujocoModel varied_;
  MujocoData data_;
  int camera_ = 0;
  bool model_loaded_ = false;
  bool variation_applied_ = false;
};

}  // namespace gripbench::sim
