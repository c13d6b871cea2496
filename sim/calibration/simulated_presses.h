#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// Frames of one specimen, some of them while something presses on it.
struct GelSequence {
  std::string name;
  std::vector<cv::Mat> frames;
  /// The gel with nothing on it; empty where it is not known.
  cv::Mat untouched = {};
};

/// Ball, cylinder, box edge and woven cylinder, each pressed as hard as grasps do (at the same peak
/// pressure whatever the gel): `still` frames
/// untouched, a press over `moving` frames, `still` frames held. The first frame is the untouched
/// one.
std::vector<GelSequence> simulate_presses(const SensorProfile& profile, std::uint64_t seed,
                                          int still, int moving);

}  // namespace gripbench::sim
