#include "experiments/sintef_evaluation.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>

#include <fmt/format.h>

#include "detectors/group_split.h"
#include "detectors/learned_detector.h"
#include "detectors/threshold_detector.h"
#include "experiments/detector_rows.h"
#include "experiments/parallel.h"
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
/// Sums of another number of threads round otherwise, and training makes much of little.
constexpr int kTorchThreads = 1;
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

Detector fit_learned(const detectors::SequenceSource& source, std::uint64_t seed,
                     const detectors::TrainingProgress& progress) {
  detectors::LearnedOptions options;
  options.sources = detectors::Sources::kTactile;
  options.input = detectors::PictureInput::kDifference;
  options.width_px = kWidth;
  options.height_px = kHeight;
  options.seed = seed;
  options.threads = kTorchThreads;
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

/// One figure for all folds and methods, which advance side by side.
class Progress {
 public:
  Progress(const SintefEvaluationOptions& options, std::size_t folds)
      : options_(options), folds_(folds), done_(2 * folds, 0.0) {}

  /// To be told of the training of a fold; may be called from several threads.
  detectors::TrainingProgress of(std::size_t fold, bool learned) {
    return
        [this, fold, learned](const std::string& stage, double share, const std::string& figures) {
          StopRequest{options_.stop}.check();
          const std::lock_guard lock(mutex_);
          done_[2 * fold + (learned ? 1 : 0)] = training_share(learned, stage, share);
          if (!options_.progress) return;
          options_.progress(
              std::accumulate(done_.begin(), done_.end(), 0.0) / static_cast<double>(done_.size()),
              fmt::format("fold {} of {}, {}: {} {}", fold + 1, folds_,
                          learned ? "learned" : "threshold", stage, figures));
        };
  }

 private:
  const SintefEvaluationOptions& options_;
  const std::size_t folds_;
  std::mutex mutex_;
  /// Per fold, the threshold method's share and the learned one's.
  std::vector<double> done_;
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
  // Held here too: a job's thread begins with the process's number of LibTorch threads, and scores
  // are computed after training has put its own back.
  const detectors::TorchThreads torch(kTorchThreads);
  // The networks first, since they take longest. Each job writes to grasps of its own.
  for_each_parallel(2 * folds.size(), options.jobs, [&](std::size_t job) {
    const detectors::TorchThreads torch_of_job(kTorchThreads);
    const bool learned = job < folds.size();
    const std::size_t f = job % folds.size();
    const detectors::SequenceSource videos = videos_of(folder, folds[f].training);
    if (learned) {
      const std::uint64_t seed = hal::split_seed(options.seed, "sintef fold", f);
      judge(fit_learned(videos, seed, progress.of(f, true)), folds[f], results.methods[1]);
    } else {
      judge(fit_threshold(videos, progress.of(f, false)), folds[f], results.methods[0]);
    }
  });
  for (const Fold& fold : folds) judge_trivially(fold, results);
  return results;
}

}  // namespace gripbench::experiments
