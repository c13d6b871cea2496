#include "experiments/slip_label.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace gripbench::experiments {
namespace {

constexpr double kMillimetres = 1e3;
constexpr double kDegrees = 180.0 / std::numbers::pi;

}  // namespace

void SlipJudge::see(const hal::SlipTruth& truth) {
  lost_ = lost_ || truth.object_lost;
  for (std::size_t i = 0; i < pads_.size(); ++i) {
    const hal::PadSlip& pad = truth.pads[i];
    pads_[i].mean_distance = std::max(pads_[i].mean_distance, pad.mean_distance);
    pads_[i].translation = std::max(pads_[i].translation, pad.translation.norm());
    pads_[i].rotation = std::max(pads_[i].rotation, std::abs(pad.rotation));
  }
}

bool SlipJudge::slipped() const {
  return lost_ || std::any_of(pads_.begin(), pads_.end(), [&](const Largest& pad) {
           return pad.mean_distance > thresholds_.slip_distance;
         });
}

SlipLabel SlipJudge::label() const {
  // The pad that slipped more tells the story.
  const std::size_t worse = pads_[1].mean_distance > pads_[0].mean_distance ? 1 : 0;
  const Largest& pad = pads_[worse];
  const std::string mean =
      fmt::format("pad {}: mean slip {:.3f} mm {} {:g} mm", worse, pad.mean_distance * kMillimetres,
                  pad.mean_distance > thresholds_.slip_distance ? "over" : "within",
                  thresholds_.slip_distance * kMillimetres);
  if (lost_) return {true, SlipKind::kLost, "the object left both pads; " + mean};
  if (!slipped()) return {false, SlipKind::kStable, mean};

  const double shift = pad.translation / thresholds_.translation;
  const double turn = pad.rotation / thresholds_.rotation;
  SlipKind kind = SlipKind::kIncipient;
  if (std::max(shift, turn) >= 1.0) {
    kind = shift >= turn ? SlipKind::kTranslation : SlipKind::kRotation;
  }
  return {true, kind,
          fmt::format("{}; moved {:.2f} mm, turned {:.1f} degrees", mean,
                      pad.translation * kMillimetres, pad.rotation * kDegrees)};
}

std::optional<SlipLabel> label_from_truth(std::span<const TracePoint> trace,
                                          const LabelThresholds& thresholds) {
  if (trace.empty()) return std::nullopt;
  SlipJudge judge(thresholds);
  for (const TracePoint& point : trace) {
    if (!point.truth) return std::nullopt;
    judge.see(*point.truth);
  }
  return judge.label();
}

SlipLabel label_from_operator(bool slipped) {
  if (slipped) return {true, SlipKind::kUnknown, "the operator says it slipped"};
  return {false, SlipKind::kStable, "the operator says it held"};
}

}  // namespace gripbench::experiments
