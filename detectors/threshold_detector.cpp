#include "detectors/threshold_detector.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "detectors/detector_file.h"

namespace gripbench::detectors {
namespace {

bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) {
    return false;
  }
  const std::size_t row_bytes = static_cast<std::size_t>(a.cols) * a.elemSize();
  for (int y = 0; y < a.rows; ++y) {
    if (std::memcmp(a.ptr(y), b.ptr(y), row_bytes) != 0) {
      return false;
    }
  }
  return true;
}

void check_picture(const cv::Mat& picture) {
  if (picture.empty() || picture.type() != CV_8UC3) {
    throw std::invalid_argument(
        fmt::format("the threshold detector got {} tactile picture; it needs 8-bit BGR",
                    picture.empty() ? "no" : "a wrong kind of"));
  }
}

/// Windows of one sequence; frames are measured once per first frame they are compared with.
void add_samples(const LabelledSequence& sequence, std::size_t index,
                 std::vector<SignalSample>& samples) {
  std::map<int, FirstLook> firsts;
  std::map<std::pair<int, int>, Encoding> measured;
  for (const auto& window : sequence.windows) {
    if (window.empty()) {
      throw std::invalid_argument(fmt::format("sequence {} has a window without frames", index));
    }
    std::vector<Encoding> frames;
    for (const int frame : window) {
      if (frame < 0 || static_cast<std::size_t>(frame) >= sequence.frames.size()) {
        throw std::invalid_argument(fmt::format("sequence {} has no frame {}", index, frame));
      }
      const int first = window.front();
      const auto [entry, fresh] = measured.try_emplace({first, frame});
      if (fresh) {
        const cv::Mat& picture = sequence.frames[static_cast<std::size_t>(frame)].tactile;
        check_picture(picture);
        if (firsts.count(first) == 0) {
          firsts[first] = look_at_first(picture);  // a window's own first frame comes first
        }
        entry->second = measure_frame(firsts.at(first), picture);
      }
      frames.push_back(entry->second);
    }
    samples.push_back({window_signals(frames), sequence.slip, sequence.group});
  }
}

}  // namespace

ThresholdDetector::ThresholdDetector(const Thresholds& thresholds) : thresholds_(thresholds) {
  for (const double threshold : thresholds_) {
    if (!(threshold > 0.0)) {
      throw std::invalid_argument("a slip threshold must be positive, or infinite to be off");
    }
  }
}

ThresholdDetector::Fitted ThresholdDetector::fit(const SequenceSource& source,
                                                 const ThresholdOptions& options,
                                                 const TrainingProgress& progress) {
  if (source.count == 0 || !source.load) {
    throw std::invalid_argument("there is no sequence to fit thresholds on");
  }
  if (options.folds < 2 || options.quantiles < 2) {
    throw std::invalid_argument("fitting thresholds needs at least 2 folds and 2 quantiles");
  }
  std::vector<SignalSample> samples;
  for (std::size_t i = 0; i < source.count; ++i) {
    add_samples(source.load(i), i, samples);
    if (progress) {
      progress("encode", (i + 1.0) / static_cast<double>(source.count), "");
    }
  }
  Fitted fitted;
  fitted.fit = fit_thresholds(samples, options.folds, options.quantiles);
  fitted.detector = std::make_unique<ThresholdDetector>(fitted.fit.thresholds);
  if (progress) {
    progress("fit", 1.0,
             fmt::format("balanced accuracy {:.3f}, groups left out {:.3f}",
                         fitted.fit.training_accuracy, fitted.fit.cross_checked_accuracy));
  }
  return fitted;
}

std::shared_ptr<const ThresholdDetector::Remembered> ThresholdDetector::remember(
    const cv::Mat& first) const {
  std::shared_ptr<const Remembered> known;
  {
    const std::lock_guard lock(mutex_);
    known = remembered_;
  }
  if (known && same_pixels(known->picture, first)) {
    return known;
  }
  auto fresh = std::make_shared<const Remembered>(Remembered{first.clone(), look_at_first(first)});
  const std::lock_guard lock(mutex_);
  remembered_ = fresh;
  return fresh;
}

Encoding ThresholdDetector::encode(const FramePair& first, const FramePair& frame) const {
  check_picture(first.tactile);
  check_picture(frame.tactile);
  if (first.tactile.size() != frame.tactile.size()) {
    throw std::invalid_argument(
        fmt::format("a frame of {}x{} pixels in a window that began with {}x{}", frame.tactile.cols,
                    frame.tactile.rows, first.tactile.cols, first.tactile.rows));
  }
  return measure_frame(remember(first.tactile)->look, frame.tactile);
}

double ThresholdDetector::slip_probability(std::span<const Encoding> window) const {
  if (window.empty()) {
    throw std::invalid_argument("a window without frames has no slip score");
  }
  const Signals signals = window_signals(window);
  double score = 0.0;
  for (std::size_t k = 0; k < kSignalCount; ++k) {
    if (signals[k] > 0.0 && std::isfinite(thresholds_[k])) {
      score = std::max(score, signals[k] / (signals[k] + thresholds_[k]));
    }
  }
  // Rounding must not turn a signal just at or over its threshold around.
  return any_over(signals, thresholds_) ? std::max(score, std::nextafter(0.5, 1.0))
                                        : std::min(score, 0.5);
}

std::string ThresholdDetector::name() const { return "threshold, tactile, markers and texture"; }

void ThresholdDetector::save(const std::filesystem::path& file) const {
  nlohmann::json header = {{"kind", "threshold"}, {"thresholds", nlohmann::json::object()}};
  for (std::size_t k = 0; k < kSignalCount; ++k) {
    auto& entry = header["thresholds"][to_string(static_cast<SlipSignal>(k))];
    // JSON has no infinity: null is a signal switched off.
    entry = std::isfinite(thresholds_[k]) ? nlohmann::json(thresholds_[k]) : nlohmann::json();
  }
  write_detector_file(file, header);
}

std::unique_ptr<ThresholdDetector> ThresholdDetector::load(const std::filesystem::path& file) {
  const nlohmann::json header = parse_header(read_detector_file(file));
  if (header.at("kind") != "threshold") {
    refuse_detector_file(file, "its kind is " + header.at("kind").dump() + ", not \"threshold\"");
  }
  const auto found = header.find("thresholds");
  if (found == header.end() || !found->is_object() || found->size() != kSignalCount) {
    refuse_detector_file(file, fmt::format("it does not give {} thresholds", kSignalCount));
  }
  Thresholds thresholds;
  for (std::size_t k = 0; k < kSignalCount; ++k) {
    const std::string key = to_string(static_cast<SlipSignal>(k));
    const auto entry = found->find(key);
    const bool off = entry != found->end() && entry->is_null();
    const bool number = entry != found->end() && entry->is_number() && entry->get<double>() > 0.0;
    if (!off && !number) {
      refuse_detector_file(file, "its threshold '" + key + "' is neither positive nor null");
    }
    thresholds[k] = off ? std::numeric_limits<double>::infinity() : entry->get<double>();
  }
  return std::make_unique<ThresholdDetector>(thresholds);
}

}  // namespace gripbench::detectors
