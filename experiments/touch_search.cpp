#include "experiments/touch_search.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

namespace gripbench::experiments {
namespace {

/// The gel is soft and slow to come free: this many coarse steps back are allowed for.
constexpr int kMostStepsBack = 6;
/// Jaws that stand so far from where they shall be are blocked (m).
constexpr double kBlocked = 1e-3;

/// The next tactile picture exposed after now.
cv::Mat fresh_picture(hal::Workcell& workcell, const GraspProtocol& protocol,
                      const StopRequest& stop) {
  const double since = workcell.clock().now();
  std::optional<hal::Frame> frame;
  wait_until(workcell, stop, protocol.patience.frame, "tactile",
             "no new picture came; check the sensor's camera", [&] {
               frame = workcell.tactile().next_after(since);
               return frame.has_value();
             });
  return frame->image;
}

/// The search as it stands: where the jaws are, and what the gel shows there.
class Search {
 public:
  /// The jaws stand at `width`, and nothing touches the gel.
  Search(hal::Workcell& workcell, const GraspProtocol& protocol, const StopRequest& stop,
         double width)
      : workcell_(workcell),
        protocol_(protocol),
        stop_(stop),
        limits_(workcell.gripper().limits()),
        width_(width),
        reference_(fresh_picture(workcell, protocol, stop)),
        sense_(reference_, protocol.touch),
        picture_(reference_) {}

  void step(double change) {
    width_ = std::clamp(width_ + change, limits_.min_width, limits_.max_width);
    move_jaws(workcell_, protocol_, stop_, width_, protocol_.lift.jaw_speed);
    check_jaws_between(workcell_, width_, width_);
    rest(workcell_, stop_, protocol_.touch.settle);
    picture_ = fresh_picture(workcell_, protocol_, stop_);
  }

  void close_until_touched(double step_size) {
    while (share() < protocol_.touch.share_on) {
      if (width_ <= limits_.min_width) {
        throw hal::DeviceError(
            "tactile", fmt::format("the jaws closed to {:.1f} mm and no touch was seen; check that "
                                   "the object stands between them",
                                   width_ * 1e3));
      }
      step(-step_size);
    }
  }

  void open_until_free() {
    for (int i = 0; share() > protocol_.touch.share_off; ++i) {
      if (i == kMostStepsBack) {
        throw hal::DeviceError(
            "tactile",
            fmt::format("the picture stays changed ({:.2f}% of it) after the jaws opened again; "
                        "clean the gel, or raise touch.share_off",
                        100.0 * share()));
      }
      step(protocol_.touch.coarse_step);
    }
  }

  Touch result() const { return {.width = width_, .reference = reference_, .touch = picture_}; }

 private:
  double share() const { return sense_.changed_share(picture_); }

  hal::Workcell& workcell_;
  const GraspProtocol& protocol_;
  const StopRequest& stop_;
  hal::GripperLimits limits_;
  double width_;
  cv::Mat reference_;
  TouchSense sense_;
  cv::Mat picture_;
};

}  // namespace

TouchSense::TouchSense(const cv::Mat& untouched, const TouchRules& rules)
    : rules_(rules), untouched_(prepare(untouched)) {}

cv::Mat TouchSense::prepare(const cv::Mat& image) const {
  cv::Mat blurred;
  cv::GaussianBlur(image, blurred, {}, rules_.blur_px);
  return blurred;
}

double TouchSense::changed_share(const cv::Mat& image) const {
  if (image.size() != untouched_.size()) {
    throw hal::DeviceError("tactile", "the size of the pictures changed");
  }
  cv::Mat difference;
  cv::absdiff(prepare(image), untouched_, difference);
  int changed = 0;
  for (int row = 0; row < difference.rows; ++row) {
    const auto* pixels = difference.ptr<cv::Vec3b>(row);
    for (int column = 0; column < difference.cols; ++column) {
      const cv::Vec3b& pixel = pixels[column];
      if (std::max({pixel[0], pixel[1], pixel[2]}) > rules_.pixel_difference) ++changed;
    }
  }
  return static_cast<double>(changed) / static_cast<double>(difference.total());
}

Touch find_barely_touch(hal::Workcell& workcell, const GraspProtocol& protocol,
                        const StopRequest& stop, double open_width) {
  move_jaws(workcell, protocol, stop, open_width, protocol.approach.jaw_speed);
  check_jaws_between(workcell, open_width, open_width);
  Search search(workcell, protocol, stop, open_width);
  search.close_until_touched(protocol.touch.coarse_step);
  search.open_until_free();
  search.close_until_touched(protocol.touch.fine_step);
  return search.result();
}

void move_jaws(hal::Workcell& workcell, const GraspProtocol& protocol, const StopRequest& stop,
               double width, double speed) {
  workcell.gripper().start_move(width, speed);
  wait_until(workcell, stop, protocol.patience.motion, "gripper",
             "the jaws did not come to a stand in time; check the gripper",
             [&] { return !workcell.gripper().moving(); });
}

void check_jaws_between(hal::Workcell& workcell, double least, double most) {
  const hal::GripperState jaws = workcell.gripper().read();
  if (jaws.width >= least - kBlocked && jaws.width <= most + kBlocked) return;
  throw hal::DeviceError(
      "gripper",
      fmt::format("the jaws stand at {:.1f} mm, pressing with {:.1f} N, and not at {:.1f} "
                  "mm; look for what blocks them",
                  1e3 * jaws.width, jaws.normal_force, 1e3 * std::clamp(jaws.width, least, most)));
}

}  // namespace gripbench::experiments
