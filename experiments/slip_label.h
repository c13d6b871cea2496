#pragma once

#include <optional>
#include <span>
#include <string>

#include "experiments/episode.h"
#include "hal/stage.h"

namespace gripbench::experiments {

/// When a grasp counts as slipped, and as which kind.
struct LabelThresholds {
  /// Mean slip of the nodes of either pad that makes a slip (m).
  double slip_distance = 0.0003;
  /// A slip is incipient while the rigid motion fitted to it stays under both (m, rad).
  double translation = 0.002;
  double rotation = 0.08726646259971647;  // 5 degrees
};

struct SlipLabel {
  bool slip = false;
  SlipKind kind = SlipKind::kStable;
  /// In words and figures.
  std::string reason;
};

/// Follows the truth about one grip from the lift on, and says what became of it.
///
/// The largest slip seen counts, not the last: as an object leaves the pads, the contact that the
/// mean is taken over shrinks to nothing.
class SlipJudge {
 public:
  explicit SlipJudge(const LabelThresholds& thresholds) : thresholds_(thresholds) {}

  void see(const hal::SlipTruth& truth);
  /// True as soon as no later truth can make the grip stable again.
  bool slipped() const;
  SlipLabel label() const;

 private:
  LabelThresholds thresholds_;
  struct Largest {
    double mean_distance = 0.0;
    double translation = 0.0;
    double rotation = 0.0;
  };
  std::array<Largest, 2> pads_;
  bool lost_ = false;
};

/// Label of a recorded lift; nothing where the trace does not hold the truth throughout.
std::optional<SlipLabel> label_from_truth(std::span<const TracePoint> trace,
                                          const LabelThresholds& thresholds);

/// Label from a person's word. A person cannot tell how far it slipped on the pad: a slip is of
/// unknown kind.
SlipLabel label_from_operator(bool slipped);

}  // namespace gripbench::experiments
