#include <benchmark/benchmark.h>
#include <opencv2/core/utility.hpp>

#include "detectors/learned_detector.h"
#include "detectors/slip_signals.h"
#include "detectors/threshold_detector.h"
#include "tests/tools/synthetic_gel.h"

// What a slip decision costs per frame of 640x480, on one core. Budgets: threshold detector 5 ms
// per frame; compact learned detector 10 ms per new pair (encode and decide together).

namespace gripbench {
namespace {

const detectors::LabelledSequence& grasp() {
  static const auto sequence = tests::synthetic_grasp(1, 1, true, 9, {640, 480});
  return sequence;
}

void find_markers(benchmark::State& state) {
  cv::setNumThreads(1);
  grasp();  // drawn before time is taken
  for (auto _ : state) {
    benchmark::DoNotOptimize(detectors::find_markers(grasp().frames[0].tactile));
  }
}
BENCHMARK(find_markers)->Unit(benchmark::kMillisecond);

void track_markers(benchmark::State& state) {
  cv::setNumThreads(1);
  const auto first = detectors::find_markers(grasp().frames[0].tactile);
  for (auto _ : state) {
    const auto now = detectors::find_markers(grasp().frames[8].tactile, first.scale);
    benchmark::DoNotOptimize(detectors::track_markers(first, now));
  }
}
BENCHMARK(track_markers)->Unit(benchmark::kMillisecond);

void threshold_encode(benchmark::State& state) {
  cv::setNumThreads(1);
  detectors::Thresholds thresholds;
  thresholds.fill(0.2);
  const detectors::ThresholdDetector detector(thresholds);
  std::size_t frame = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(detector.encode(grasp().frames[0], grasp().frames[frame]));
    frame = (frame + 1) % grasp().frames.size();
  }
}
BENCHMARK(threshold_encode)->Unit(benchmark::kMillisecond);

std::unique_ptr<detectors::LearnedDetector> trained() {
  detectors::LearnedOptions options;
  options.max_epochs = 1;
  options.threads = 1;
  options.validation_share = 0.0;
  detectors::SequenceSource source;
  source.count = 2;
  source.load = [](std::size_t i) {
    auto sequence = tests::synthetic_grasp(i, 0, i == 0, 2, {160, 120});
    sequence.windows = {{0, 1}};
    return sequence;
  };
  return detectors::LearnedDetector::train(source, options).detector;
}

void learned_encode(benchmark::State& state) {
  cv::setNumThreads(1);
  const auto detector = trained();
  for (auto _ : state) {
    benchmark::DoNotOptimize(detector->encode(grasp().frames[0], grasp().frames[8]));
  }
}
BENCHMARK(learned_encode)->Unit(benchmark::kMillisecond);

void learned_decide(benchmark::State& state) {
  cv::setNumThreads(1);
  const auto detector = trained();
  std::vector<detectors::Encoding> window;
  for (int i = 0; i < state.range(0); ++i) {
    window.push_back(
        detector->encode(grasp().frames[0], grasp().frames[static_cast<std::size_t>(i)]));
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(detector->slip_probability(window));
  }
}
BENCHMARK(learned_decide)->Arg(6)->Arg(9)->Unit(benchmark::kMillisecond);

/// One epoch's worth of work for 12 grasps of 15 frame pairs on one thread, validation included.
void learned_epoch(benchmark::State& state) {
  std::vector<detectors::LabelledSequence> all;
  for (int i = 0; i < 12; ++i) {
    all.push_back(
        tests::synthetic_grasp(static_cast<std::uint64_t>(i), i / 3, i % 2 == 0, 15, {160, 120}));
    all.back().windows = {{0, 2, 3, 4, 5, 6, 7, 8, 9}, {0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}};
  }
  detectors::LearnedOptions options;
  options.threads = 1;
  options.max_epochs = 3;
  for (auto _ : state) {
    detectors::LearnedDetector::train({all.size(), [&](std::size_t i) { return all[i]; }}, options);
  }
  state.counters["pairs_per_s"] = benchmark::Counter(12.0 * 14.0 * options.max_epochs,
                                                     benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(learned_epoch)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gripbench

BENCHMARK_MAIN();
