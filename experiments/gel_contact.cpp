#include "experiments/gel_contact.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>

#include <opencv2/imgproc.hpp>

namespace gripbench::experiments {
namespace {

constexpr int kWidth = 80;
constexpr int kHeight = 60;
/// Two thumbnails, blurred over a dot's size, show the same gel if their mean difference is under
/// this share of the channels' mean: pictures of one empty gel differ by 0.01 to 0.02, those of
/// different gels or of a grip by over 0.04.
constexpr double kSameGel = 0.03;
/// A second gel must be further than this from the first.
constexpr double kOtherGel = 0.045;
constexpr double kPercentile = 0.98;

constexpr double kCleanContact = 14.0;
/// Floors between these (%) can be a dirty empty gel, if frames in contact rise this much over it
/// and the recording ends near it.
constexpr double kCleanFloor = 10.0;
constexpr double kDirtiestFloor = 40.0;
constexpr double kStepRatio = 1.5;
constexpr double kStepShare = 0.35;
/// The contact's level is one that this many frames reach: some contacts last no longer.
constexpr std::size_t kTopFrames = 4;
constexpr double kEndsNearFloor = 1.15;
constexpr double kEndShare = 0.2;

constexpr int kGapFrames = 8;

double distance(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * a.channels());
}

cv::Mat halved(const cv::Mat& thumbnail) {
  cv::Mat small;
  cv::resize(thumbnail, small, cv::Size(kWidth / 2, kHeight / 2), 0, 0, cv::INTER_AREA);
  return small;
}

cv::Mat pixelwise_median(const std::vector<cv::Mat>& pictures) {
  cv::Mat median(pictures.front().size(), pictures.front().type());
  const std::size_t values = median.total() * static_cast<std::size_t>(median.channels());
  std::vector<float> column(pictures.size());
  for (std::size_t i = 0; i < values; ++i) {
    for (std::size_t p = 0; p < pictures.size(); ++p) column[p] = pictures[p].ptr<float>()[i];
    const auto middle = column.begin() + static_cast<std::ptrdiff_t>(column.size() / 2);
    std::nth_element(column.begin(), middle, column.end());
    median.ptr<float>()[i] = *middle;
  }
  return median;
}

double percentile(std::vector<double> values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

/// Pairwise likeness of thumbnails.
class Likeness {
 public:
  explicit Likeness(std::span<const NamedThumbnail> thumbnails) : count_(thumbnails.size()) {
    std::vector<cv::Mat> small;
    for (const NamedThumbnail& one : thumbnails) small.push_back(halved(one.thumbnail));
    distances_.assign(count_ * count_, 0.0F);
    for (std::size_t i = 0; i < count_; ++i) {
      for (std::size_t j = i + 1; j < count_; ++j) {
        distances_[i * count_ + j] = distances_[j * count_ + i] =
            static_cast<float>(distance(small[i], small[j]));
      }
    }
  }
  double between(std::size_t i, std::size_t j) const { return distances_[i * count_ + j]; }

 private:
  std::size_t count_;
  std::vector<float> distances_;
};

}  // namespace

cv::Mat gel_thumbnail(const cv::Mat& picture) {
  cv::Mat small;
  cv::resize(picture, small, cv::Size(kWidth, kHeight), 0, 0, cv::INTER_AREA);
  cv::Mat thumbnail;
  small.convertTo(thumbnail, CV_32F);
  const cv::Scalar mean = cv::mean(thumbnail);
  cv::divide(thumbnail,
             cv::Scalar(std::max(1.0, mean[0]), std::max(1.0, mean[1]), std::max(1.0, mean[2])),
             thumbnail);
  return thumbnail;
}

std::vector<cv::Mat> find_empty_gels(std::span<const NamedThumbnail> thumbnails) {
  const Likeness likeness(thumbnails);
  std::vector<bool> left(thumbnails.size(), true);
  auto alike = [&](std::size_t centre, double limit) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < thumbnails.size(); ++i) {
      if (left[i] && likeness.between(centre, i) < limit) members.push_back(i);
    }
    return members;
  };
  std::vector<cv::Mat> gels;
  while (true) {
    // The look shared by most objects, then by most pictures.
    std::size_t centre = 0;
    std::pair<std::size_t, std::size_t> most{0, 0};
    for (std::size_t i = 0; i < thumbnails.size(); ++i) {
      if (!left[i]) continue;
      std::set<std::string> objects;
      const auto members = alike(i, kSameGel);
      for (const std::size_t member : members) objects.insert(thumbnails[member].object);
      if (std::pair(objects.size(), members.size()) > most) {
        most = {objects.size(), members.size()};
        centre = i;
      }
    }
    if (most.first < 2) return gels;
    auto members = alike(centre, kSameGel);
    std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
      return likeness.between(centre, a) < likeness.between(centre, b);
    });
    // Those at the rim of the group may show light touches.
    members.resize(std::max<std::size_t>(2, members.size() / 2));
    std::vector<cv::Mat> pictures;
    for (const std::size_t member : members) pictures.push_back(thumbnails[member].thumbnail);
    gels.push_back(pixelwise_median(pictures));
    for (const std::size_t member : alike(centre, kOtherGel)) left[member] = false;
  }
}

std::size_t nearest_gel(std::span<const cv::Mat> gels, std::span<const cv::Mat> thumbnails) {
  if (gels.empty() || thumbnails.empty()) throw std::invalid_argument("no gel to compare with");
  std::size_t nearest = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t gel = 0; gel < gels.size(); ++gel) {
    for (const cv::Mat& thumbnail : thumbnails) {
      const double d = distance(gels[gel], thumbnail);
      if (d < least) {
        least = d;
        nearest = gel;
      }
    }
  }
  return nearest;
}

double gel_imprint_measure(const cv::Mat& thumbnail, const cv::Mat& empty_gel) {
  std::vector<double> differences;
  differences.reserve(thumbnail.total());
  for (int y = 0; y < thumbnail.rows; ++y) {
    const auto* a = thumbnail.ptr<cv::Vec3f>(y);
    const auto* b = empty_gel.ptr<cv::Vec3f>(y);
    for (int x = 0; x < thumbnail.cols; ++x) {
      const cv::Vec3f d = a[x] - b[x];
      differences.push_back(std::max({std::abs(d[0]), std::abs(d[1]), std::abs(d[2])}));
    }
  }
  return 100.0 * percentile(std::move(differences), kPercentile);
}

double contact_threshold(std::span<const double> measures) {
  const std::vector<double> all(measures.begin(), measures.end());
  const double floor = percentile(all, 0.05);
  std::vector<double> highest = all;
  const std::size_t place = std::min<std::size_t>(kTopFrames, highest.size()) - 1;
  std::nth_element(highest.begin(), highest.begin() + static_cast<std::ptrdiff_t>(place),
                   highest.end(), std::greater<>());
  const double top = highest[place];
  const auto end = all.end() - static_cast<std::ptrdiff_t>(
                                   std::ceil(kEndShare * static_cast<double>(all.size())));
  const bool ends_near_floor = *std::min_element(end, all.end()) < kEndsNearFloor * floor;
  const bool dirty =
      floor > kCleanFloor && floor < kDirtiestFloor && ends_near_floor && top > kStepRatio * floor;
  return dirty ? floor + kStepShare * (top - floor) : kCleanContact;
}

ContactSpan longest_contact(const std::vector<bool>& contact) {
  ContactSpan longest;
  ContactSpan current;
  bool open = false;
  for (int i = 0; i < static_cast<int>(contact.size()); ++i) {
    if (!contact[static_cast<std::size_t>(i)]) continue;
    if (!open || i - current.last > kGapFrames) current.first = i;
    open = true;
    current.last = i;
    if (current.length() > longest.length()) longest = current;
  }
  return longest;
}

}  // namespace gripbench::experiments
