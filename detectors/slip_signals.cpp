#include "detectors/slip_signals.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace gripbench::detectors {
namespace {

/// Signals that a frame has by itself; the others need its neighbours in time.
constexpr std::size_t kFrameSignals = 6;

double length(cv::Point2d v) { return std::hypot(v.x, v.y); }

cv::Point2d mean_motion(std::span<const MarkerTrack> tracks, const ContactRegion& contact,
                        double factor) {
  double sum = 0.0;
  cv::Point2d mean;
  for (const MarkerTrack& track : tracks) {
    const double w = 0.01 + contact.at(track.at, factor);
    sum += w;
    mean += w * track.displacement;
  }
  return tracks.empty() ? mean : mean / sum;
}

/// Along the middle's own direction, so that what turns aside counts as falling behind too.
double rim_lag(std::span<const MarkerTrack> tracks, const ContactRegion& contact) {
  cv::Point2d middle;
  cv::Point2d rim;
  int in_middle = 0;
  int at_rim = 0;
  for (const MarkerTrack& track : tracks) {
    const double distance = length(track.at - contact.centre) / contact.radius_px;
    if (distance < 0.8) {
      middle += track.displacement;
      ++in_middle;
    } else if (distance < 1.8) {
      rim += track.displacement;
      ++at_rim;
    }
  }
  if (in_middle < 2 || at_rim < 2) {
    return 0.0;
  }
  middle /= in_middle;
  rim /= at_rim;
  const double size = length(middle);
  return size < 1e-6 ? 0.0 : std::max(0.0, size - rim.dot(middle) / size);
}

/// What the best rigid motion (small turn) leaves, weighted by contact.
double rigid_residual(std::span<const MarkerTrack> tracks, const ContactRegion& contact,
                      double factor) {
  std::vector<double> weights;
  double sum = 0.0;
  cv::Point2d at;
  cv::Point2d move;
  for (const MarkerTrack& track : tracks) {
    weights.push_back(contact.at(track.at, factor));
    sum += weights.back();
    at += weights.back() * track.at;
    move += weights.back() * track.displacement;
  }
  if (tracks.size() < 4 || sum < 1.0) {
    return 0.0;
  }
  at /= sum;
  move /= sum;
  double turning = 0.0;
  double inertia = 1e-9;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const cv::Point2d arm = tracks[i].at - at;
    turning += weights[i] * arm.cross(tracks[i].displacement - move);
    inertia += weights[i] * arm.dot(arm);
  }
  const double turn = turning / inertia;
  double left = 0.0;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const cv::Point2d arm = tracks[i].at - at;
    const cv::Point2d rest = tracks[i].displacement - move - turn * cv::Point2d(-arm.y, arm.x);
    left += weights[i] * rest.dot(rest);
  }
  return std::sqrt(left / sum);
}

double displacement_entropy(std::span<const MarkerTrack> tracks, double pitch) {
  constexpr std::size_t kBins = 20;
  constexpr double kBinPitches = 0.05;
  std::array<double, kBins> histogram{};
  for (const MarkerTrack& track : tracks) {
    const double bin = length(track.displacement) / (pitch * kBinPitches);
    histogram[static_cast<std::size_t>(std::min(bin, kBins - 1.0))] += 1.0;
  }
  double entropy = 0.0;
  for (const double count : histogram) {
    if (count > 0.0) {
      const double share = count / static_cast<double>(tracks.size());
      entropy -= share * std::log(share);
    }
  }
  return entropy / std::log(static_cast<double>(kBins));
}

}  // namespace

const char* to_string(SlipSignal signal) {
  switch (signal) {
    case SlipSignal::kTextureTranslation:
      return "texture_translation";
    case SlipSignal::kTextureRotation:
      return "texture_rotation";
    case SlipSignal::kRimLag:
      return "rim_lag";
    case SlipSignal::kInhomogeneity:
      return "inhomogeneity";
    case SlipSignal::kEntropy:
      return "entropy";
    case SlipSignal::kContactLoss:
      return "contact_loss";
    case SlipSignal::kStall:
      return "stall";
    case SlipSignal::kReturn:
      return "return";
  }
  return "?";
}

FirstLook look_at_first(const cv::Mat& tactile) {
  FirstLook look;
  look.markers = find_markers(tactile);
  look.relief = extract_relief(tactile, look.markers);
  look.contact = find_contact(look.relief);
  return look;
}

Encoding measure_frame(const FirstLook& first, const cv::Mat& tactile) {
  const MarkerField markers = find_markers(tactile, first.markers.scale);
  const auto tracks = track_markers(first.markers, markers);
  const Relief relief = extract_relief(tactile, markers);
  const double factor = first.relief.factor;
  const double pitch = first.relief.pitch_px;

  const AffineMotion gel = fit_markers_in_contact(tracks, first.contact, factor);
  const RelativeMotion texture = relative_texture_motion(first.relief, relief, first.contact, gel);
  // Below a correlation of 0.3 the match is chance, above 0.7 it is one.
  const double trust =
      first.contact.confidence * std::clamp((texture.confidence - 0.3) / 0.4, 0.0, 1.0);
  const double energy_left =
      energy_in(relief, first.contact) / std::max(first.contact.energy, 1e-6);
  const cv::Point2d motion = mean_motion(tracks, first.contact, factor) / pitch;

  const double numbers[kFrameNumbers] = {
      trust * length(texture.translation) / pitch,
      trust * std::abs(texture.rotation) * first.contact.radius_px / pitch,
      rim_lag(tracks, first.contact) / pitch,
      rigid_residual(tracks, first.contact, factor) / pitch,
      tracks.empty() ? 0.0 : displacement_entropy(tracks, pitch),
      first.contact.confidence * std::clamp(1.0 - energy_left, 0.0, 1.0),
      motion.x,
      motion.y};
  return Encoding(std::begin(numbers), std::end(numbers));
}

Signals window_signals(std::span<const Encoding> frames) {
  Signals signals{};
  double growth_before = 0.0;
  double most = 0.0;
  cv::Point2d before;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Encoding& frame = frames[i];
    if (frame.size() != kFrameNumbers ||
        !std::all_of(frame.begin(), frame.end(), [](float x) { return std::isfinite(x); })) {
      throw std::invalid_argument(
          fmt::format("frame {} of a window does not hold the {} numbers of a threshold detector",
                      i, kFrameNumbers));
    }
    for (std::size_t k = 0; k < kFrameSignals; ++k) {
      signals[k] = std::max(signals[k], static_cast<double>(frame[k]));
    }
    const cv::Point2d motion(frame[kFrameSignals], frame[kFrameSignals + 1]);
    if (i > 0) {
      const double growth = length(motion - before);
      auto& stall = signals[static_cast<std::size_t>(SlipSignal::kStall)];
      stall = std::max(stall, growth_before - growth);
      growth_before = growth;
    }
    most = std::max(most, length(motion));
    auto& back = signals[static_cast<std::size_t>(SlipSignal::kReturn)];
    back = std::max(back, most - length(motion));
    before = motion;
  }
  return signals;
}

}  // namespace gripbench::detectors
