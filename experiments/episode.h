#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include <Eigen/Geometry>

#include "hal/stage.h"

namespace gripbench::experiments {

/// Frames of an episode: T(-2) to T(12), where the arm starts to lift at T(0).
inline constexpr int kFramesPerEpisode = 15;
/// Index of T(0) among them.
inline constexpr int kLiftFrame = 2;

/// What became of a grasp; PHYSICS "Label". A slip is of unknown kind where a person told of it,
/// who cannot see how far it went on the pad.
enum class SlipKind { kStable, kIncipient, kTranslation, kRotation, kLost, kUnknown };
inline constexpr std::size_t kSlipKinds = 6;
const char* to_string(SlipKind kind);
/// @throws hal::InputError for an unknown word.
SlipKind slip_kind_from(const std::string& word);

/// How a grasp was made. Never shown to a detector.
struct GraspParameters {
  std::string object;
  /// Name of the grasp in the data set, unique with the object: "003".
  std::string grasp;
  std::uint64_t seed = 0;
  /// Index of the position among the protocol's, its height above the table and its side offset
  /// from the mass centre (m), the object's turn (rad).
  int position = 0;
  double height = 0.0;
  double offset = 0.0;
  double yaw = 0.0;
  /// Jaw width at which the tactile images first showed a touch, and how much further the jaws
  /// closed (m).
  double barely_touch_width = 0.0;
  double squeeze = 0.0;
};

/// The state of the rig at one moment of the recording.
struct TracePoint {
  /// Seconds from the first frame, T(-2).
  double time = 0.0;
  Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
  /// Upward speed of the tool (m/s).
  double tcp_speed_z = 0.0;
  double jaw_width = 0.0;
  double normal_force = 0.0;
  /// The truth, where the rig knows it.
  std::optional<hal::SlipTruth> truth;
};

/// What is known of one grasp, without its pictures.
struct EpisodeRecord {
  GraspParameters parameters;
  bool slip = false;
  SlipKind kind = SlipKind::kStable;
  /// Why it is labelled so, in words and figures: "pad 0: mean slip 0.41 mm over 0.3 mm".
  std::string reason;
  /// |(mu1 + mu2) N / m (g + a) - 1| is derived from it where the rig knows the friction: signed
  /// margin, positive when the grip should hold.
  std::optional<double> grip_margin;
  /// What chance decided about this grasp, as the rig's stage tells it; empty where nobody knows.
  hal::Variation variation;
  /// Middle of each frame's exposure, seconds from the first tactile frame.
  std::array<double, kFramesPerEpisode> tactile_times{};
  std::array<double, kFramesPerEpisode> external_times{};
  std::vector<TracePoint> trace;
  /// When T(-2) was, on the clock of the workcell that recorded it (s); a data set does not keep
  /// it.
  double start = 0.0;
};

/// One grasp as recorded: 8-bit BGR pictures of both cameras.
struct Episode {
  EpisodeRecord record;
  std::array<cv::Mat, kFramesPerEpisode> tactile;
  std::array<cv::Mat, kFramesPerEpisode> external;
};

}  // namespace gripbench::experiments
