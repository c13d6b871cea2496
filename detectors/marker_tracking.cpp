#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <queue>

#include "detectors/marker_tracker.h"

namespace gripbench::detectors {
namespace {

double length(cv::Point2d v) { return std::hypot(v.x, v.y); }

/// Grows a correspondence between two pictures' markers from one marker over the whole array.
class Growth {
 public:
  Growth(const MarkerField& first, const MarkerField& now)
      : first_(first), now_(now), pitch_(first.scale.pitch_px) {
    const std::size_t count = first.markers.size();
    near_.resize(count);
    nearest_now_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < count; ++j) {
        if (i != j && length(position(i) - position(j)) < kNeighbourhood * pitch_) {
          near_[i].push_back(j);
        }
      }
      nearest_now_[i] = nearest(position(i), {}).first;
    }
  }

  /// Where to start: markers that moved least, spread over the picture, whose neighbours agree.
  std::vector<std::size_t> seeds() const {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < near_.size(); ++i) {
      const cv::Point2d move = naive_move(i);
      int agreeing = 0;
      for (const std::size_t j : near_[i]) {
        agreeing += length(naive_move(j) - move) < 0.15 * pitch_ ? 1 : 0;
      }
      if (length(move) < 0.4 * pitch_ && 2 * agreeing >= static_cast<int>(near_[i].size())) {
        order.emplace_back(length(move), i);
      }
    }
    std::sort(order.begin(), order.end());
    std::vector<std::size_t> chosen;
    for (const auto& [move, i] : order) {
      const bool apart = std::all_of(chosen.begin(), chosen.end(), [&](std::size_t other) {
        return length(position(i) - position(other)) > 3.0 * pitch_;
      });
      if (apart) {
        chosen.push_back(i);
      }
      if (chosen.size() == 5) {
        break;
      }
    }
    return chosen;
  }

  /// Counterpart of each first marker, or -1.
  std::vector<int> grow(std::size_t seed) const {
    std::vector<int> match(near_.size(), -1);
    std::vector<char> used(now_.markers.size(), 0);
    accept_and_spread(seed, nearest_now_[seed], match, used);
    drop_strangers(match);
    return match;
  }

  /// High when many markers are matched and the array as a whole stayed: of two correspondences
  /// that differ by a lattice step, the one with less motion is right.
  double score(const std::vector<int>& match) const {
    double matched = 0.0;
    double moved = 0.0;
    for (std::size_t i = 0; i < match.size(); ++i) {
      if (match[i] >= 0) {
        matched += 1.0;
        moved += length(move(i, match));
      }
    }
    return matched - 0.4 * moved / pitch_;
  }

  cv::Point2d position(std::size_t i) const { return first_.markers[i].position; }

  cv::Point2d move(std::size_t i, const std::vector<int>& match) const {
    return now_.markers[static_cast<std::size_t>(match[i])].position - position(i);
  }

 private:
  /// Reach of the local fit, in pitches.
  static constexpr double kNeighbourhood = 2.3;
  /// A counterpart lies within this of its prediction, in pitches.
  static constexpr double kTolerance = 0.36;

  struct Proposal {
    double cost;
    std::size_t marker;
    int counterpart;
    bool operator<(const Proposal& other) const { return cost > other.cost; }
  };

  cv::Point2d naive_move(std::size_t i) const {
    return now_.markers[static_cast<std::size_t>(nearest_now_[i])].position - position(i);
  }

  std::pair<int, double> nearest(cv::Point2d at, const std::vector<char>& used) const {
    int best = -1;
    double distance = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < now_.markers.size(); ++j) {
      const double d = length(now_.markers[j].position - at);
      if (d < distance && (used.empty() || used[j] == 0)) {
        distance = d;
        best = static_cast<int>(j);
      }
    }
    return {best, distance};
  }

  /// The move expected of marker i from those matched around it: weighted affine fit, its slopes
  /// held down where few neighbours speak.
  cv::Point2d predict(std::size_t i, const std::vector<int>& match, int& support) const {
    double sum = 0.0;
    cv::Point2d mean_arm;
    cv::Point2d mean_move;
    support = 0;
    for (const std::size_t j : near_[i]) {
      if (match[j] >= 0) {
        const cv::Point2d arm = (position(j) - position(i)) / pitch_;
        const double w = 1.0 / (0.3 + arm.dot(arm));
        sum += w;
        mean_arm += w * arm;
        mean_move += w * move(j, match);
        ++support;
      }
    }
    if (support == 0) {
      return {};
    }
    mean_arm /= sum;
    mean_move /= sum;
    if (support < 3) {
      return mean_move;
    }
    double xx = 0.1;
    double xy = 0.0;
    double yy = 0.1;
    cv::Point2d mx;
    cv::Point2d my;
    for (const std::size_t j : near_[i]) {
      if (match[j] >= 0) {
        const cv::Point2d arm = (position(j) - position(i)) / pitch_;
        const double w = 1.0 / (0.3 + arm.dot(arm));
        const cv::Point2d a = arm - mean_arm;
        const cv::Point2d m = move(j, match) - mean_move;
        xx += w * a.x * a.x;
        xy += w * a.x * a.y;
        yy += w * a.y * a.y;
        mx += w * a.x * m;
        my += w * a.y * m;
      }
    }
    const double det = xx * yy - xy * xy;
    const cv::Point2d slope_x = (yy * mx - xy * my) / det;
    const cv::Point2d slope_y = (xx * my - xy * mx) / det;
    return mean_move - slope_x * mean_arm.x - slope_y * mean_arm.y;
  }

  void accept_and_spread(std::size_t seed, int counterpart, std::vector<int>& match,
                         std::vector<char>& used) const {
    std::priority_queue<Proposal> queue;
    queue.push({0.0, seed, counterpart});
    while (!queue.empty()) {
      const Proposal proposal = queue.top();
      queue.pop();
      const auto taken = static_cast<std::size_t>(proposal.counterpart);
      if (match[proposal.marker] >= 0) {
        continue;
      }
      if (used[taken] != 0) {
        propose(proposal.marker, match, used, queue);
        continue;
      }
      match[proposal.marker] = proposal.counterpart;
      used[taken] = 1;
      for (const std::size_t j : near_[proposal.marker]) {
        if (match[j] < 0) {
          propose(j, match, used, queue);
        }
      }
    }
  }

  void propose(std::size_t i, const std::vector<int>& match, const std::vector<char>& used,
               std::priority_queue<Proposal>& queue) const {
    int support = 0;
    const cv::Point2d expected = predict(i, match, support);
    const auto [counterpart, distance] = nearest(position(i) + expected, used);
    if (counterpart >= 0 && distance < kTolerance * pitch_) {
      // Well supported predictions first: they are the safer ones.
      queue.push({distance / pitch_ + 1.0 / support, i, counterpart});
    }
  }

  /// Unmatches markers that move unlike their neighbours.
  void drop_strangers(std::vector<int>& match) const {
    std::vector<std::size_t> strangers;
    for (std::size_t i = 0; i < match.size(); ++i) {
      if (match[i] < 0) {
        continue;
      }
      int support = 0;
      const cv::Point2d expected = predict(i, match, support);
      if (support >= 3 && length(move(i, match) - expected) > 0.3 * pitch_) {
        strangers.push_back(i);
      }
    }
    for (const std::size_t i : strangers) {
      match[i] = -1;
    }
  }

  const MarkerField& first_;
  const MarkerField& now_;
  double pitch_;
  std::vector<std::vector<std::size_t>> near_;
  std::vector<int> nearest_now_;
};

}  // namespace

std::vector<MarkerTrack> track_markers(const MarkerField& first, const MarkerField& now) {
  if (first.markers.empty() || now.markers.empty()) {
    return {};
  }
  const Growth growth(first, now);
  std::vector<int> best(first.markers.size(), -1);
  double best_score = 0.0;
  for (const std::size_t seed : growth.seeds()) {
    const auto match = growth.grow(seed);
    const double score = growth.score(match);
    if (score > best_score) {
      best_score = score;
      best = match;
    }
    if (score > 0.9 * static_cast<double>(first.markers.size())) {
      break;
    }
  }
  std::vector<MarkerTrack> tracks;
  for (std::size_t i = 0; i < best.size(); ++i) {
    if (best[i] >= 0) {
      tracks.push_back({static_cast<int>(i), growth.position(i), growth.move(i, best)});
    }
  }
  return tracks;
}

}  // namespace gripbench::detectors
