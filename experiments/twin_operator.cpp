#include "experiments/twin_operator.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <future>
#include <numbers>

#include <fmt/format.h>

#include "experiments/wait.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

/// How far arm and jaws may stand from home for it to be home (m, rad, m).
constexpr double kSamePlace = 1e-3;
constexpr double kSameTurn = 0.01;
constexpr double kSameWidth = 5e-4;
/// Objects stand on the table before the arm (m).
constexpr double kFarthest = 2.0;

std::uint64_t seed_word(const std::string& word) {
  std::uint64_t seed = 0;
  const char* const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, seed);
  if (error != std::errc() || rest != end) {
    throw hal::InputError("expected a seed, a whole number, got '" + word + "'");
  }
  return seed;
}

}  // namespace

TwinOperator::TwinOperator(hal::LiveWorkcell& workcell, const LabelThresholds& thresholds,
                           const hal::Placement& first, hal::ControlServer& control)
    : workcell_(workcell), thresholds_(thresholds), placement_(first) {
  workcell_.call([&](hal::Workcell& cell) { cell.stage().present(first); });
  home_ = workcell_.state();
  control.add("take", "", "somebody holds what the jaws hold", [](const Words&) { return ""; });
  control.add("present", "OBJECT X Y YAW GRASP SEED", "puts an object down (m, rad)",
              [this](const Words& words) { return present(words); });
  control.add("watch", "", "what slips from here on counts",
              [this](const Words&) { return watch(); });
  control.add("slipped", "", "whether it has", [this](const Words&) { return slipped(); });
  control.add("truth", "", "what the twin knows about the grip now",
              [this](const Words&) { return truth(); });
  looking_ = std::jthread([this](std::stop_token stop) { look(stop); });
}

void TwinOperator::check_home() const {
  const hal::LiveState now = workcell_.state();
  // Physics that failed has no state to be brought home from.
  if (!now.not_ready_because.empty()) return;
  if (now.arm_moving || now.gripper_moving) {
    throw hal::InputError("the rig moves; nobody reaches into it now");
  }
  const Eigen::Isometry3d way = home_.arm.base_from_tcp.inverse() * now.arm.base_from_tcp;
  const double distance = way.translation().norm();
  if (distance > kSamePlace || Eigen::AngleAxisd(way.linear()).angle() > kSameTurn) {
    const Eigen::Vector3d home = home_.arm.base_from_tcp.translation();
    throw hal::InputError(
        fmt::format("the tool stands {:.1f} mm from its home ({:.3f}, {:.3f}, {:.3f}) m; bring it "
                    "there first",
                    1e3 * distance, home.x(), home.y(), home.z()));
  }
  if (std::abs(now.gripper.width - home_.gripper.width) > kSameWidth) {
    throw hal::InputError(fmt::format("the jaws stand at {:.1f} mm; bring them to {:.1f} mm first",
                                      1e3 * now.gripper.width, 1e3 * home_.gripper.width));
  }
}

std::string TwinOperator::present(const Words& words) {
  constexpr std::size_t kWords = 6;
  if (words.size() != kWords) throw hal::InputError("expected OBJECT X Y YAW GRASP SEED");
  hal::Placement placement;
  placement.object = words[0];
  placement.position = {hal::number_word(words, 1, -kFarthest, kFarthest),
                        hal::number_word(words, 2, -kFarthest, kFarthest)};
  placement.yaw = hal::number_word(words, 3, -std::numbers::pi, std::numbers::pi);
  placement.grasp = words[4];
  placement.seed = seed_word(words[5]);
  check_home();
  watching_ = false;
  workcell_.call([&](hal::Workcell& cell) {
    cell.stage().present(placement);
    placement_ = placement;
    judge_.reset();
  });
  return "";
}

std::string TwinOperator::watch() {
  workcell_.call([&](hal::Workcell& cell) {
    cell.stage().zero_slip();
    judge_.emplace(thresholds_);
  });
  watching_ = true;
  return "";
}

std::string TwinOperator::slipped() {
  watching_ = false;
  SlipLabel label;
  workcell_.call([&](hal::Workcell&) {
    if (!judge_) throw hal::InputError("nobody was asked to watch this object");
    label = judge_->label();
  });
  return (label.slip ? "yes " : "no ") + label.reason;
}

std::string TwinOperator::truth() {
  std::string text;
  workcell_.call([&](hal::Workcell& cell) {
    const std::optional<hal::SlipTruth> truth = cell.stage().slip_truth();
    if (!truth) throw hal::InputError("this workcell does not know the truth");
    const auto& [tactile, plain] = truth->pads;
    text =
        fmt::format("object {} grasp {} mean_slip {:.6f} {:.6f} m force {:.3f} {:.3f} N lost {}",
                    placement_.object, placement_.grasp, tactile.mean_distance, plain.mean_distance,
                    tactile.force.z(), plain.force.z(), truth->object_lost ? "yes" : "no");
  });
  return text + fmt::format(" behind {:.3f} s", workcell_.state().lost);
}

void TwinOperator::look(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (watching_) {
      try {
        workcell_.call([&](hal::Workcell& cell) {
          const std::optional<hal::SlipTruth> truth = cell.stage().slip_truth();
          if (judge_ && truth) judge_->see(*truth);
        });
      } catch (const hal::Error&) {
        // Physics failed; whoever asks next is told.
      } catch (const std::future_error&) {
        return;
      }
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(kPollPeriod));
  }
}

}  // namespace gripbench::experiments
