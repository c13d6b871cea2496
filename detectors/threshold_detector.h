#pragma once

#include <memory>
#include <mutex>

#include "detectors/slip_detector.h"
#include "detectors/threshold_fit.h"

namespace gripbench::detectors {

struct ThresholdOptions {
  /// Folds of groups left out in turn to decide which signals are worth having.
  int folds = 4;
  /// Thresholds tried per signal.
  int quantiles = 64;
};

/// The method of Dong, Yuan, Adelson 2017 ("Improved GelSight tactile sensor for measuring geometry
/// and slip"): a handful of signals from the tactile pictures, each with a threshold; any one over
/// its threshold is slip. No outside camera.
///
/// Encodings hold the signals of one frame. The score of a window is the largest s / (s + t) over
/// its signals s with thresholds t: above 0.5 exactly when one is over. Const functions may be
/// called from several threads.
class ThresholdDetector final : public SlipDetector {
 public:
  struct Fitted;

  explicit ThresholdDetector(const Thresholds& thresholds);

  /// Fits the thresholds on the sequences' windows.
  /// @throws std::invalid_argument if the source is empty, has only one class, a window without
  /// frames, or no tactile pictures.
  static Fitted fit(const SequenceSource& source, const ThresholdOptions& options = {},
                    const TrainingProgress& progress = {});

  /// @throws hal::InputError if the file is missing, damaged, or not a threshold detector.
  static std::unique_ptr<ThresholdDetector> load(const std::filesystem::path& file);

  Encoding encode(const FramePair& first, const FramePair& frame) const override;
  double slip_probability(std::span<const Encoding> window) const override;
  std::string name() const override;
  void save(const std::filesystem::path& file) const override;

  const Thresholds& thresholds() const { return thresholds_; }

 private:
  /// The first picture of the newest window, and what was seen in it: windows are encoded frame by
  /// frame against the same first one.
  struct Remembered {
    cv::Mat picture;
    FirstLook look;
  };
  std::shared_ptr<const Remembered> remember(const cv::Mat& first) const;

  Thresholds thresholds_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Remembered> remembered_;
};

struct ThresholdDetector::Fitted {
  std::unique_ptr<ThresholdDetector> detector;
  ThresholdFit fit;
};

}  // namespace gripbench::detectors
