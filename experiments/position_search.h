#pragma once

#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "hal/camera.h"
#include "hal/gripper.h"

namespace gripbench::experiments {

/// A lift made to find the edge.
struct TrialLift {
  double squeeze = 0.0;
  bool slip = false;
  std::string reason;
};

/// What is found out once per object and position, before its grasps. A data set keeps it.
struct PositionRecord {
  std::string object;
  int index = 0;
  double height = 0.0;
  double offset = 0.0;
  double yaw = 0.0;
  /// Jaw width at the first touch in the tactile images (m).
  double barely_touch_width = 0.0;
  /// Depth of the grip between slipping and holding (m); at an end of the searched range when all
  /// trials held or none did.
  double edge_depth = 0.0;
  std::vector<TrialLift> trials{};
  /// The gel untouched, and at the first touch.
  cv::Mat reference{};
  cv::Mat touch{};
  /// The devices that measured it.
  hal::GripperLimits gripper{};
  hal::CameraInfo tactile_camera{};
  hal::CameraInfo external_camera{};
  double pixel_pitch = 0.0;

  /// True when trials both slipped and held.
  bool edge_found() const;
};

/// Finds the barely touching width and then the edge: bisects the logarithm of the depth with
/// trial lifts until they are spent or the jaws resolve no finer. `progress` as GraspScript has it.
PositionRecord search_position(hal::Workcell& workcell, const GraspProtocol& protocol,
                               const StopRequest& stop, const GripPosition& position,
                               GraspProgress* progress = nullptr);

/// Width of the jaws (m) for a grasp at this position, on the jaws' resolution and within their
/// stroke.
double planned_width(const PositionRecord& position, const GraspPlan& plan,
                     const SqueezeRules& rules);

}  // namespace gripbench::experiments
