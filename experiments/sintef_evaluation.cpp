#include "experiments/sintef_evaluation.h"

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include "detectors/group_split.h"
#include "detectors/learned_detector.h"
#include "detectors/threshold_detector.h"
#include "experiments/detector_rows.h"
#include "experiments/sintef_baselines.h"
#include "experiments/wait.h"
#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

using Detector = std::unique_ptr<detectors::SlipDetector>;

/// Training is cut short here so that the whole cross-validation stays within minutes: there are
/// over a hundred videos of two dozen pictures each in a fold.
constexpr int kMaxEpochs = 30;
constexpr int kPatience = 8;
constexpr int kWidth = 64;
constexpr int kHeight = 48;

struct Fold {
  std::vector<const ImportedGrasp*> training;
  std::vector<const ImportedGrasp*> test;
  std::vector<std::size_t> test_places;
};

/// Every video of these grasps, each as a sequence of its own, grouped by object.
detectors::SequenceSource videos_of(const std::filesystem::path& folder,
                                    const std::vector<const ImportedGrasp*>& grasps) {
  std::vector<std::pair<const ImportedGrasp*, const ImportedVideo*>> videos;
  for (const ImportedGrasp* grasp : grasps) {
    for (const ImportedVideo& video : grasp->videos) videos.emplace_back(grasp, &video);
  }
  return {videos.size(), [folder, videos](std::size_t i) {
            return load_sintef_video(folder, *videos[i].first, *videos[i].second);
          }};
}

double grasp_score(const detectors::SlipDetector& detector, const std::filesystem::path& folder,
                   const ImportedGrasp& grasp) {
  double sum = 0.0;
  int windows = 0;
  for (const ImportedVideo& video : grasp.videos) {
    const detectors::LabelledSequence sequence = load_sintef_video(folder, grasp, video);
    std::vector<detectors::Encoding> encodings;
    for (const detectors::FramePair& frame : sequence.frames) {
      encodings.push_back(detector.encode(sequence.frames.front(), frame));
    }
    for (const std::vector<int>& window : sequence.windows) {
      std::vector<detectors::Encoding> shown;
      for (const int place : window) shown.push_back(encodings[static_cast<std::size_t>(place)]);
      sum += detector.slip_probability(shown);
      ++windows;
    }
  }
  return sum / windows;
}

Detector fit_threshold(const detectors::SequenceSource& source,
                       const detectors::TrainingProgress& progress) {
  return std::move(detectors::ThresholdDetector::fit(source, {}, progress).detector);
}

Detector fit_learned(const detectors::SequenceSource& source, std::uint64_t seed, int threads,
                     const detectors::TrainingProgress& progress) {
  detectors::LearnedOptions options;
  options.sources = detectors::Sources::kTactile;
  options.input = detectors::PictureInput::kDifference;
  options.width_px = kWidth;
  options.height_px = kHeight;
  options.seed = seed;
  options.threads = threads;
  options.max_epochs = kMaxEpochs;
  options.patience = kPatience;
  return std::move(detectors::LearnedDetector::train(source, options, progress).detector);
}

std::vector<Fold> cut_into_folds(const SintefIndex& index, const std::vector<int>& fold_of) {
  std::vector<Fold> folds(
      static_cast<std::size_t>(1 + *std::max_element(fold_of.begin(), fold_of.end())));
  for (std::size_t f = 0; f < folds.size(); ++f) {
    for (std::size_t i = 0; i < index.grasps.size(); ++i) {
      if (fold_of[i] == static_cast<int>(f)) {
        folds[f].test.push_back(&index.grasps[i]);
        folds[f].test_places.push_back(i);
      } else {
        folds[f].training.push_back(&index.grasps[i]);
      }
    }
  }
  return folds;
}

/// One figure for two methods that advance side by side.
class Progress {
 public:
  Progress(const SintefEvaluationOptions& options, std::size_t folds)
      : options_(options), folds_(folds) {}

  /// To be told of the training of a fold; may be called from another thread than the other one.
  detectors::TrainingProgress of(std::size_t fold, bool learned) {
    return
        [this, fold, learned](const std::string& stage, double share, const std::string& figures) {
          StopRequest{options_.stop}.check();
          const std::lock_guard lock(mutex_);
          done_[learned] = static_cast<double>(fold) + training_share(learned, stage, share);
          if (!options_.progress) return;
          options_.progress((done_[0] + done_[1]) / (2.0 * static_cast<double>(folds_)),
                            fmt::format("fold {} of {}, {}: {} {}", fold + 1, folds_,
                                        learned ? "learned" : "threshold", stage, figures));
        };
  }

 private:
  const SintefEvaluationOptions& options_;
  const std::size_t folds_;
  std::mutex mutex_;
  std::array<double, 2> done_{};
};

void judge_trivially(const Fold& fold, SintefResults& results) {
  for (std::size_t b = 0; b < std::size(kTrivialBaselines); ++b) {
    SintefMethod& method = results.methods[2 + b];
    const auto said = trivial_decisions(kTrivialBaselines[b], fold.training, fold.test);
    for (std::size_t i = 0; i < said.size(); ++i) {
      method.decisions[fold.test_places[i]].said_slip = said[i];
      method.scores[fold.test_places[i]] = said[i] ? 1.0 : 0.0;
    }
  }
}

SintefMethod empty_method(const std::string& name, bool trivial, const SintefIndex& index) {
  SintefMethod method{name, trivial, {}, std::vector<double>(index.grasps.size(), 0.0)};
  for (const ImportedGrasp& grasp : index.grasps) {
    method.decisions.push_back({grasp.object, grasp.grasp, grasp.slip, false});
  }
  return method;
}

}  // namespace

SintefResults evaluate_sintef(const std::filesystem::path& folder, const SintefIndex& index,
                              const SintefEvaluationOptions& options) {
  const StopRequest stop{options.stop};
  std::vector<detectors::GroupedLabel> labels;
  for (const ImportedGrasp& grasp : index.grasps) labels.push_back({grasp.object, grasp.slip});
  SintefResults results;
  results.folds = detectors::deal_into_folds(labels, options.folds);
  const std::vector<Fold> folds = cut_into_folds(index, results.folds);
  if (folds.size() < 2)
    throw hal::InputError(folder.string() + ": too few objects to cross-validate");

  results.methods.push_back(empty_method("threshold method, tactile", false, index));
  results.methods.push_back(empty_method("CNN + LSTM, tactile, difference", false, index));
  for (const TrivialBaseline baseline : kTrivialBaselines) {
    results.methods.push_back(empty_method(to_string(baseline), true, index));
  }

  Progress progress(options, folds.size());
  auto judge = [&](const Detector& detector, const Fold& fold, SintefMethod& method) {
    for (std::size_t i = 0; i < fold.test.size(); ++i) {
      stop.check();
      const double score = grasp_score(*detector, folder, *fold.test[i]);
      method.scores[fold.test_places[i]] = score;
      method.decisions[fold.test_places[i]].said_slip = score > 0.5;
    }
  };
  // The threshold method looks at pictures on one core while the network learns on the others.
  std::future<void> thresholds = std::async(std::launch::async, [&] {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      judge(fit_threshold(videos_of(folder, folds[f].training), progress.of(f, false)), folds[f],
            results.methods[0]);
    }
  });
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const std::uint64_t seed = hal::split_seed(options.seed, "sintef fold", f);
    judge(fit_learned(videos_of(folder, folds[f].training), seed, std::max(1, options.threads - 1),
                      progress.of(f, true)),
          folds[f], results.methods[1]);
    judge_trivially(folds[f], results);
  }
  thresholds.get();
  return results;
}

}  // namespace gripbench::experiments
