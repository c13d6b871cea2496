#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "experiments/episode.h"
#include "experiments/grasp_plan.h"
#include "experiments/grasp_protocol.h"
#include "experiments/pad_picture.h"
#include "experiments/wait.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// What a film of a grasp can show: what the cameras saw, how that differs from T(-2) (Li et al.
/// 2018, section IV-B), and the truth of a pad.
enum class FilmView {
  kTactile,
  kExternal,
  kTactileDifference,
  kExternalDifference,
  kHeight,
  kPressure,
  kTraction,
  kSlip
};

/// Names for the command line, in the enumeration's order: "tactile", "external", ...
const std::vector<std::string>& film_view_names();
/// The view of that name. @throws hal::InputError naming all there are.
FilmView film_view_from(const std::string& name);
/// Which of a pad's maps a view shows; nothing for the cameras' views.
std::optional<PadView> pad_view_of(FilmView view);

/// A grasp with the truth of both pads at each of its tactile frames.
struct GraspFilm {
  Episode episode;
  /// Per frame pad 0 (tactile finger), pad 1 (plain one); empty where the rig has no maps.
  std::vector<std::array<hal::PadMap, 2>> maps{};
};

/// Runs the protocol's grasp and takes down what the pads felt.
/// @param maps_required the rig must know its pads' maps.
/// @throws what GraspScript::grasp throws; hal::InputError if the rig has no maps that are
/// required.
GraspFilm film_grasp(hal::Workcell& workcell, const GraspProtocol& protocol,
                     const StopRequest& stop, const GripPosition& position, const GraspPlan& plan,
                     const hal::ObjectDescription& object, double touch_width, double width,
                     bool maps_required);

/// Draws the frames of one film, always of one pad and with the same scales.
class FilmPainter {
 public:
  /// `film` must outlive the painter. `pad` 0 is the tactile finger's, 1 the plain one's.
  FilmPainter(const GraspFilm& film, int pad);

  /// The picture for a file: cameras as they are; maps with title, legend and figures.
  cv::Mat picture(FilmView view, int frame) const;

  /// All views of a frame side by side under the grasp's title, for a video: even width and height.
  cv::Mat tiles(std::span<const FilmView> views, int frame) const;

  /// Rows of views, columns of frames, with title and legends, as Figure 3 of Li et al. 2018.
  cv::Mat sheet(std::span<const FilmView> views, std::span<const int> frames) const;

 private:
  const hal::PadMap& map(int frame) const { return film_.maps.at(frame)[pad_]; }
  cv::Mat camera_picture(FilmView view, int frame) const;
  cv::Mat map_picture(PadView view, int frame) const;
  cv::Mat tile(FilmView view, int frame) const;
  cv::Mat cell(FilmView view, int frame) const;
  std::string title() const;

  const GraspFilm& film_;
  int pad_;
  PadScales scales_;
};

/// "T(-2)" for frame 0.
std::string frame_name(int frame);

/// One line per frame and pad: time (s), areas (m^2), mean slip (m), force (N) and torque (N·m) on
/// the pad, in a table with a head.
std::string truth_table(const GraspFilm& film);

}  // namespace gripbench::experiments
