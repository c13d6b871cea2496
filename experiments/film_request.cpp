#include "experiments/film_request.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "experiments/episode_store.h"
#include "experiments/grasp_script.h"
#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

/// Refuses, in a way that not-a-number does not pass, a value that must be over `low` and at most
/// `high`.
void check_number(const char* option, double value, double low, double high, const char* what) {
  if (value > low && value <= high) return;
  throw hal::InputError(fmt::format("{} {:g}: must be over {:g} and at most {:g} {}", option, value,
                                    low, high, what));
}

void check_grip(const GraspWish& wish, const hal::ObjectDescription& object, double height,
                double most_squeeze) {
  check_number("--height", height, 0.0, object.bounds_max.z(), "m, the object's height");
  check_number("--offset", wish.offset, object.bounds_min.y() - object.mass_centre.y(),
               object.bounds_max.y() - object.mass_centre.y(), "m, the object's ends");
  check_number("--yaw", wish.yaw, -M_PI, M_PI, "rad; write 5deg for degrees");
  if (wish.squeeze) {
    check_number("--squeeze", *wish.squeeze, 0.0, most_squeeze, "m; write 0.4mm for millimetres");
  }
}

FilmRequest new_grasp(const GraspWish& wish) {
  if (!wish.squeeze && !wish.width) {
    throw hal::InputError(
        "render: say how hard to grip: --squeeze, from the first touch on, or --width, of the "
        "jaws");
  }
  FilmRequest request{.protocol = load_protocol(wish.protocol)};
  const GraspProtocol& protocol = request.protocol;
  request.object = hal::ObjectCatalogue(protocol.catalogue).load(wish.object);
  const PositionRules& rules = protocol.positions;
  const double middle = 0.5 * (rules.height_fraction[0] + rules.height_fraction[1]);
  const double height = wish.height.value_or(grip_height(rules, request.object, middle));
  check_grip(wish, request.object, height, protocol.squeeze.depth[1]);
  request.position = place_grip(protocol, request.object, 0, height, wish.offset, wish.yaw);
  request.position.seed = hal::split_seed(wish.seed, wish.object + "/position", 0);
  request.plan = {.object = wish.object, .grasp = "render"};
  request.plan.seed = hal::split_seed(wish.seed, wish.object + "/grasp", 0);
  request.plan.lift_phase =
      hal::SeededDraw(hal::split_seed(request.plan.seed, "lift phase", 0)).uniform();
  if (wish.width) {
    request.touch_width = std::max(request.position.extent, *wish.width);
    request.width = *wish.width;
  } else {
    request.squeeze = *wish.squeeze;
  }
  return request;
}

/// The protocol that made the data set.
GraspProtocol protocol_of(const EpisodeStore& store, const std::filesystem::path& file) {
  GraspProtocol protocol = load_protocol(file);
  if (protocol.text != store.info().protocol_text) {
    throw hal::InputError(fmt::format("{}: was not made with {}; give its own with --protocol",
                                      store.folder().string(), file.string()));
  }
  protocol.seed = store.info().seed;
  return protocol;
}

FilmRequest recorded_grasp(const GraspWish& wish) {
  const EpisodeStore store = EpisodeStore::open(wish.dataset);
  const auto slash = wish.grasp.find('/');
  const std::string object = wish.grasp.substr(0, slash);
  const std::string grasp = slash == std::string::npos ? "" : wish.grasp.substr(slash + 1);
  if (object.empty() || grasp.empty() || !store.has_episode(object, grasp)) {
    throw hal::InputError(
        fmt::format("--grasp {}: {} holds no such grasp; it reads OBJECT/NNN, as "
                    "in stapler/003",
                    wish.grasp, wish.dataset.string()));
  }
  FilmRequest request{.protocol = protocol_of(store, wish.protocol)};
  request.recorded = store.load(object, grasp);
  const GraspParameters& made = request.recorded->record.parameters;
  request.object = hal::ObjectCatalogue(request.protocol.catalogue).load(object);
  for (const GripPosition& position : plan_positions(request.protocol, {request.object})) {
    if (position.index == made.position) request.position = position;
  }
  for (const GraspPlan& plan : plan_grasps(request.protocol)) {
    if (plan.object == object && plan.grasp == grasp) request.plan = plan;
  }
  if (request.plan.seed != made.seed || request.position.height != made.height) {
    throw hal::InputError(
        fmt::format("{}: {} is not the grasp that its protocol and the catalogue "
                    "plan today; the catalogue has changed since",
                    wish.dataset.string(), wish.grasp));
  }
  request.touch_width = made.barely_touch_width;
  request.width = made.barely_touch_width - made.squeeze;
  return request;
}

std::string outcome(const EpisodeRecord& record) {
  return fmt::format("{}, {}", record.slip ? "slip" : "stable", record.reason);
}

/// Mean difference of the tactile pictures in grey levels; nothing if their sizes differ.
std::optional<double> mean_difference(const Episode& a, const Episode& b) {
  double sum = 0.0;
  for (int n = 0; n < kFramesPerEpisode; ++n) {
    if (a.tactile[n].size() != b.tactile[n].size()) return std::nullopt;
    sum += cv::norm(a.tactile[n], b.tactile[n], cv::NORM_L1) /
           static_cast<double>(a.tactile[n].total() * a.tactile[n].channels());
  }
  return sum / kFramesPerEpisode;
}

void check_width(double width, const hal::GripperLimits& limits) {
  if (width >= limits.min_width && width <= limits.max_width) return;
  throw hal::InputError(fmt::format("a grip of {:g} m: the jaws go from {:g} to {:g} m", width,
                                    limits.min_width, limits.max_width));
}

}  // namespace

void check_reach(hal::Workcell& workcell, const FilmRequest& request) {
  const hal::GripperLimits limits = workcell.gripper().limits();
  check_jaws_reach(request.position, limits);
  if (request.touch_width) check_width(request.width, limits);
}

FilmRequest request_film(const GraspWish& wish) {
  return wish.grasp.empty() ? new_grasp(wish) : recorded_grasp(wish);
}

GraspFilm film_request(hal::Workcell& workcell, const FilmRequest& request, bool maps_required,
                       const StopRequest& stop) {
  const hal::GripperLimits limits = workcell.gripper().limits();
  double touch_width = request.touch_width.value_or(0.0);
  double width = request.width;
  if (!request.touch_width) {
    touch_width = GraspScript(workcell, request.protocol, stop).touch(request.position).width;
    width = on_resolution(touch_width - request.squeeze, limits.resolution);
  }
  check_width(width, limits);
  return film_grasp(workcell, request.protocol, stop, request.position, request.plan,
                    request.object, touch_width, width, maps_required);
}

std::string outcome_lines(const FilmRequest& request, const GraspFilm& film) {
  const EpisodeRecord& record = film.episode.record;
  const GraspParameters& made = record.parameters;
  std::string lines =
      fmt::format("{}: {}; jaws at {:.2f} mm, grip at {:.1f} mm, margin {:+.0f}%\n", made.object,
                  outcome(record), 1e3 * (made.barely_touch_width - made.squeeze),
                  1e3 * made.height, 100.0 * record.grip_margin.value_or(0.0));
  if (!request.recorded) return lines;
  const std::optional<double> difference = mean_difference(film.episode, *request.recorded);
  return lines +
         fmt::format("recorded: {}; tactile pictures {}\n", outcome(request.recorded->record),
                     difference
                         ? fmt::format("differ by {:.2f} grey levels on average", *difference)
                         : "of another size");
}

}  // namespace gripbench::experiments
