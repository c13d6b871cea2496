#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "experiments/episode.h"
#include "experiments/grasp_film.h"
#include "experiments/grasp_plan.h"
#include "experiments/grasp_protocol.h"
#include "experiments/wait.h"
#include "hal/objects.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// A grasp that somebody wants to see: of their own making, or one of a data set again.
struct GraspWish {
  std::filesystem::path protocol;
  /// The object; height of the grip above the table (the middle of the protocol's range if left
  /// out) and offset from the mass centre, across the jaws (m); turn of the object (rad).
  std::string object;
  std::optional<double> height;
  double offset = 0.0;
  double yaw = 0.0;
  /// One of both: how far the jaws close after the first touch, or their width (m).
  std::optional<double> squeeze;
  std::optional<double> width;
  std::uint64_t seed = 1;
  /// In place of all that: "OBJECT/NNN" of a data set that `protocol` made.
  std::string grasp;
  std::filesystem::path dataset;
};

/// A grasp as it shall be made.
struct FilmRequest {
  GraspProtocol protocol;
  hal::ObjectDescription object{};
  GripPosition position{};
  GraspPlan plan{};
  /// Jaw widths of the first touch and of the grip; without the first, it has to be found and the
  /// grip lies `squeeze` below it (m).
  std::optional<double> touch_width{};
  double width = 0.0;
  double squeeze = 0.0;
  /// The grasp as it was recorded, if it was.
  std::optional<Episode> recorded{};
};

/// Completes a wish; touches no rig.
/// @throws hal::InputError for an unknown object, a grip beside it, a squeeze out of range; for a
/// data set or grasp that is not there, was made with another protocol, or would be planned
/// otherwise today.
FilmRequest request_film(const GraspWish& wish);

/// @throws hal::InputError if the jaws cannot reach the object or the width asked for.
void check_reach(hal::Workcell& workcell, const FilmRequest& request);

/// Runs the grasp, which is within reach, after a search for the touch where it is not known.
/// @throws as film_grasp; hal::InputError if the jaws cannot take the width.
GraspFilm film_request(hal::Workcell& workcell, const FilmRequest& request, bool maps_required,
                       const StopRequest& stop);

/// How the grasp went, in one line, and in a second how that compares with the recorded one.
std::string outcome_lines(const FilmRequest& request, const GraspFilm& film);

}  // namespace gripbench::experiments
