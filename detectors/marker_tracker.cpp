#include "detectors/marker_tracker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include <opencv2/imgproc.hpp>

namespace gripbench::detectors {
namespace {

/// Pictures are searched at about this width: markers are still 5 px and more across there.
constexpr int kSearchWidth = 320;

/// A place where a marker may be, in pixels of the search picture.
struct Candidate {
  cv::Point at;
  int response = 0;
};

/// The brightest channel of each pixel: a marker is dark in all of them.
cv::Mat brightest_channel(const cv::Mat& bgr) {
  cv::Mat channel;
  cv::Mat brightest;
  cv::extractChannel(bgr, brightest, 0);
  for (int i = 1; i < 3; ++i) {
    cv::extractChannel(bgr, channel, i);
    cv::max(brightest, channel, brightest);
  }
  return brightest;
}

int odd(double value) { return 2 * static_cast<int>(std::lround((value - 1.0) / 2.0)) + 1; }

/// How much darker the middle of a square is than the ring around it; 8 bits suffice.
cv::Mat darkness(const cv::Mat& grey, double diameter) {
  const int inner = std::max(3, odd(0.8 * diameter));
  const int outer = odd(2.2 * diameter);
  cv::Mat middle;
  cv::Mat around;
  cv::blur(grey, middle, {inner, inner}, {-1, -1}, cv::BORDER_REPLICATE);
  cv::blur(grey, around, {outer, outer}, {-1, -1}, cv::BORDER_REPLICATE);
  cv::Mat dark;
  cv::subtract(around, middle, dark);
  return dark;
}

/// Local maxima of `dark`, those clearly weaker than the strong ones left out.
std::vector<Candidate> find_candidates(const cv::Mat& dark, double diameter) {
  cv::Mat highest;
  const int reach = odd(1.5 * diameter);
  cv::dilate(dark, highest, cv::getStructuringElement(cv::MORPH_RECT, {reach, reach}));
  std::vector<Candidate> candidates;
  for (int y = 0; y < dark.rows; ++y) {
    const auto* value = dark.ptr<uchar>(y);
    const auto* top = highest.ptr<uchar>(y);
    for (int x = 0; x < dark.cols; ++x) {
      if (value[x] >= 6 && value[x] == top[x]) {
        candidates.push_back({{x, y}, value[x]});
      }
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.response > b.response; });
  // Plateaus of equal values count once.
  std::vector<Candidate> apart;
  for (const Candidate& candidate : candidates) {
    const bool taken = std::any_of(apart.begin(), apart.end(), [&](const Candidate& other) {
      return cv::norm(candidate.at - other.at) < 0.75 * diameter;
    });
    if (!taken) {
      apart.push_back(candidate);
    }
    if (apart.size() > 600) {
      break;
    }
  }
  if (!apart.empty()) {
    const int strong = apart[std::min<std::size_t>(apart.size() / 4, 20)].response;
    std::erase_if(apart, [&](const Candidate& c) { return c.response < 0.3 * strong; });
  }
  return apart;
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0.0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Points>
std::vector<double> nearest_distances(const Points& points) {
  std::vector<double> distances;
  for (std::size_t i = 0; i < points.size(); ++i) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (i != j) {
        nearest =
            std::min(nearest, std::hypot(points[i].x - points[j].x, points[i].y - points[j].y));
      }
    }
    distances.push_back(nearest);
  }
  return distances;
}

/// Share of neighbour distances near their median: an array has a pitch, texture has none.
double regularity(const std::vector<double>& distances, double pitch) {
  const auto near = std::count_if(distances.begin(), distances.end(), [&](double distance) {
    return std::abs(distance - pitch) < 0.2 * pitch;
  });
  return distances.empty() ? 0.0
                           : static_cast<double>(near) / static_cast<double>(distances.size());
}

/// A marker's centre, size and depth at full resolution: the centroid of the pixels darker than the
/// middle between marker and surroundings, with a soft rim. Repeats until the window is centred.
class MarkerFit {
 public:
  MarkerFit(const cv::Mat& bgr, double diameter) : bgr_(bgr), radius_(0.95 * diameter) {}

  /// Nothing where the blob is cut by the edge, too faint, or long rather than round.
  std::optional<Marker> at(cv::Point2d start) const {
    Marker marker;
    marker.position = start;
    for (int round = 0; round < 4; ++round) {
      const cv::Point2d before = marker.position;
      if (!step(marker)) {
        return std::nullopt;
      }
      const cv::Point2d moved = marker.position - before;
      if (std::hypot(moved.x, moved.y) < 0.02) {
        break;
      }
    }
    const double slack = 0.5 * marker.diameter_px;
    const cv::Point2d p = marker.position;
    const bool whole = p.x >= slack - 0.5 && p.y >= slack - 0.5 && p.x <= bgr_.cols - 0.5 - slack &&
                       p.y <= bgr_.rows - 0.5 - slack;
    const bool stayed = std::hypot(p.x - start.x, p.y - start.y) < radius_;
    return whole && stayed ? std::optional(marker) : std::nullopt;
  }

 private:
  /// Grey levels in a marker's window: inside, and around it as a plane over (dx, dy).
  struct Levels {
    double dark = 0.0;
    double bright = 0.0;
    double slope_x = 0.0;
    double slope_y = 0.0;
  };

  /// Calls visit(dx, dy, value) for every pixel of the window around `centre`.
  template <class Visit>
  void visit_window(cv::Point2d centre, Visit visit) const {
    const int x0 = std::max(0, static_cast<int>(std::floor(centre.x - radius_)));
    const int y0 = std::max(0, static_cast<int>(std::floor(centre.y - radius_)));
    const int x1 = std::min(bgr_.cols - 1, static_cast<int>(std::ceil(centre.x + radius_)));
    const int y1 = std::min(bgr_.rows - 1, static_cast<int>(std::ceil(centre.y + radius_)));
    for (int y = y0; y <= y1; ++y) {
      const auto* row = bgr_.ptr<cv::Vec3b>(y);
      for (int x = x0; x <= x1; ++x) {
        visit(x - centre.x, y - centre.y, std::max({row[x][0], row[x][1], row[x][2]}));
      }
    }
  }

  /// Levels are quantiles, so that glints on the marker and neighbours weigh little; the plane
  /// keeps shading from pulling the centroid to its darker side.
  Levels levels(cv::Point2d centre) const {
    std::array<int, 256> inside{};
    std::array<int, 256> outside{};
    int inside_count = 0;
    int outside_count = 0;
    cv::Matx33d normal = cv::Matx33d::zeros();
    cv::Vec3d right(0.0, 0.0, 0.0);
    const double r2 = radius_ * radius_;
    visit_window(centre, [&](double dx, double dy, int value) {
      const double d2 = dx * dx + dy * dy;
      if (d2 < 0.12 * r2) {
        ++inside[static_cast<std::size_t>(value)];
        ++inside_count;
      } else if (d2 > 0.5 * r2 && d2 < 1.2 * r2) {
        ++outside[static_cast<std::size_t>(value)];
        ++outside_count;
        const cv::Vec3d arm(1.0, dx, dy);
        normal += arm * arm.t();
        right += value * arm;
      }
    });
    Levels found;
    found.dark = quantile(inside, 0.4 * inside_count);
    found.bright = quantile(outside, 0.6 * outside_count);
    cv::Vec3d plane;
    if (outside_count > 8 && cv::solve(normal, right, plane, cv::DECOMP_CHOLESKY)) {
      found.slope_x = plane[1];
      found.slope_y = plane[2];
    }
    return found;
  }

  bool step(Marker& marker) const {
    const Levels level = levels(marker.position);
    marker.depth = level.bright - level.dark;
    if (marker.depth < 6.0) {
      return false;
    }
    const double r2 = radius_ * radius_;
    double sum = 0.0;
    double sx = 0.0;
    double sy = 0.0;
    double sxx = 0.0;
    double sxy = 0.0;
    double syy = 0.0;
    visit_window(marker.position, [&](double dx, double dy, int value) {
      const double window = std::clamp((r2 - dx * dx - dy * dy) / (0.4 * r2), 0.0, 1.0);
      const double around = level.bright + level.slope_x * dx + level.slope_y * dy;
      const double share = (around - value) / std::max(around - level.dark, 3.0);
      const double w = window * std::clamp((share - 0.25) / 0.5, 0.0, 1.0);
      sum += w;
      sx += w * dx;
      sy += w * dy;
      sxx += w * dx * dx;
      sxy += w * dx * dy;
      syy += w * dy * dy;
    });
    if (sum < 3.0) {
      return false;
    }
    const cv::Point2d shift(sx / sum, sy / sum);
    marker.position += shift;
    marker.diameter_px = 2.0 * std::sqrt(sum / M_PI);
    const double mxx = sxx / sum - shift.x * shift.x;
    const double myy = syy / sum - shift.y * shift.y;
    const double mxy = sxy / sum - shift.x * shift.y;
    const double spread = std::sqrt(std::pow(0.5 * (mxx - myy), 2) + mxy * mxy);
    const double middle = 0.5 * (mxx + myy);
    constexpr double kLongest = 5.0;  // ratio of the second moments, along and across
    return middle + spread < kLongest * std::max(middle - spread, 1e-6);
  }

  static double quantile(const std::array<int, 256>& histogram, double count) {
    double passed = 0.0;
    for (std::size_t level = 0; level < histogram.size(); ++level) {
      passed += histogram[level];
      if (passed > count) {
        return static_cast<double>(level);
      }
    }
    return 255.0;
  }

  const cv::Mat& bgr_;
  double radius_;
};

/// What the search works on: the reduced brightest channel, and its factor.
struct SearchPicture {
  cv::Mat grey;
  double factor = 1.0;
};

SearchPicture search_picture(const cv::Mat& picture) {
  if (picture.empty() || picture.type() != CV_8UC3) {
    throw std::invalid_argument("markers are looked for in 8-bit BGR pictures only");
  }
  SearchPicture search;
  search.factor = std::max(1.0, std::round(static_cast<double>(picture.cols) / kSearchWidth));
  cv::Mat small = picture;
  if (search.factor > 1.0) {
    cv::resize(picture, small,
               {static_cast<int>(std::lround(picture.cols / search.factor)),
                static_cast<int>(std::lround(picture.rows / search.factor))},
               0, 0, cv::INTER_AREA);
  }
  search.grey = brightest_channel(small);
  return search;
}

/// Fits the candidates at full size and keeps those that look like the majority.
MarkerField fit_markers(const cv::Mat& picture, const std::vector<Candidate>& candidates,
                        double factor, double diameter) {
  std::vector<Marker> fitted;
  std::vector<double> depths;
  std::vector<double> diameters;
  const MarkerFit fit(picture, diameter * factor);
  for (const Candidate& candidate : candidates) {
    const cv::Point2d start((candidate.at.x + 0.5) * factor - 0.5,
                            (candidate.at.y + 0.5) * factor - 0.5);
    if (const auto marker = fit.at(start)) {
      fitted.push_back(*marker);
      depths.push_back(marker->depth);
      diameters.push_back(marker->diameter_px);
    }
  }
  const double depth = median(depths);
  const double size = median(diameters);
  MarkerField field;
  field.scale.diameter_px = size;
  std::sort(fitted.begin(), fitted.end(),
            [](const Marker& a, const Marker& b) { return a.depth > b.depth; });
  std::vector<cv::Point2d> points;
  for (const Marker& marker : fitted) {
    const bool alike = marker.depth > 0.3 * depth && marker.diameter_px > 0.55 * size &&
                       marker.diameter_px < 1.6 * size;
    const bool twice = std::any_of(points.begin(), points.end(), [&](const cv::Point2d& other) {
      return std::hypot(other.x - marker.position.x, other.y - marker.position.y) < 1.1 * size;
    });
    if (alike && !twice) {
      field.markers.push_back(marker);
      points.push_back(marker.position);
    }
  }
  constexpr std::size_t kFewest = 6;
  if (points.size() < kFewest) {
    return {};
  }
  field.scale.pitch_px = median(nearest_distances(points));
  // Row by row, so that the order does not hang on depths.
  std::sort(field.markers.begin(), field.markers.end(), [](const Marker& a, const Marker& b) {
    return std::pair(a.position.y, a.position.x) < std::pair(b.position.y, b.position.x);
  });
  return field;
}

}  // namespace

MarkerField find_markers(const cv::Mat& picture) {
  const SearchPicture search = search_picture(picture);
  double best_score = 0.0;
  double best_diameter = 0.0;
  std::vector<Candidate> best;
  for (const double diameter : {4.5, 6.5, 9.0, 13.0, 18.0}) {
    const auto candidates = find_candidates(darkness(search.grey, diameter), diameter);
    if (candidates.size() < 6) {
      continue;
    }
    std::vector<cv::Point2d> points;
    std::vector<double> responses;
    for (const Candidate& candidate : candidates) {
      points.emplace_back(candidate.at);
      responses.push_back(candidate.response);
    }
    const auto distances = nearest_distances(points);
    const double regular = regularity(distances, median(distances));
    const double score = median(responses) * regular * regular;
    if (score > best_score) {
      best_score = score;
      best_diameter = diameter;
      best = candidates;
    }
  }
  return best.empty() ? MarkerField{} : fit_markers(picture, best, search.factor, best_diameter);
}

MarkerField find_markers(const cv::Mat& picture, const MarkerScale& known) {
  if (!(known.diameter_px > 0.0)) {
    return find_markers(picture);
  }
  const SearchPicture search = search_picture(picture);
  const double diameter = std::max(4.0, known.diameter_px / search.factor);
  return fit_markers(picture, find_candidates(darkness(search.grey, diameter), diameter),
                     search.factor, diameter);
}

}  // namespace gripbench::detectors
