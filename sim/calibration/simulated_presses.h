#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// Frames of one specimen: some of the untouched gel, then some while something presses on it.
struct GelSequence {
  std::string name;
  std::vector<cv::Mat> frames;
};

/// Ball, cylinder, box edge and woven cylinder, each pressed as deep as grasps do: `still` frames
/// untouched, a press over `moving` frames, `still` frames held.
std::vector<GelSequence> simulate_presses(const SensorProfile& profile, std::uint64_t seed,
                                          int still, int moving);

}  // namespace gripbench::sim
