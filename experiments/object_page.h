#pragma once

#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "experiments/grasp_protocol.h"
#include "experiments/wait.h"
#include "hal/objects.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// The table of `objects list`: a heading and one line per object.
std::string object_table(const std::vector<hal::ObjectDescription>& objects, double acceleration);

/// Everything the catalogue says about one object, and the force per pad that holds it when lifted
/// with `acceleration` (m/s^2), a line each.
std::string object_facts(const hal::ObjectDescription& object, double acceleration);

/// An object in the grip, as both cameras of a rig see it.
struct GripPictures {
  cv::Mat external, tactile;
  double normal_force = 0.0;  ///< per pad, N
};

/// Puts the object before the rig, closes about it at the middle of the protocol's heights until it
/// is held with half as much again as its lift takes, and takes both pictures.
/// @throws hal::DeviceError if a device fails.
GripPictures picture_in_grip(hal::Workcell& workcell, const GraspProtocol& protocol,
                             const hal::ObjectDescription& object, const StopRequest& stop);

/// A portrait, and both pictures in the grip, side by side under the object's name.
cv::Mat object_page(const hal::ObjectDescription& object, const cv::Mat& portrait,
                    const GripPictures& grip);

/// An object on the catalogue's page.
struct SheetEntry {
  hal::ObjectDescription object;
  cv::Mat portrait;
  /// Drawn on a tinted ground, as one of the test objects.
  bool test = false;
};

/// The catalogue as one picture: a portrait each, with name and mass underneath.
cv::Mat object_sheet(const std::vector<SheetEntry>& entries);

}  // namespace gripbench::experiments
