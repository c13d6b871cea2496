#include "sim/distance_sampling.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <Eigen/Geometry>

#include "hal/seed.h"
#include "sim/sampled_distance.h"

namespace gripbench::sim {

using Eigen::Vector3d;

namespace {

constexpr int kMostDivisions = hal::SampledDistance::kMostDivisions;
constexpr double kMostCells = 1e6;

/// Samples at the (n + 1)^3 points of a cell divided into n intervals per side.
struct Lattice {
  int n = 1;
  std::vector<double> samples;
  double at(int i, int j, int k) const { return samples[index(i, j, k)]; }
  std::size_t index(int i, int j, int k) const {
    return (static_cast<std::size_t>(k) * (n + 1) + j) * (n + 1) + i;
  }
};

/// A lattice twice as fine: every second sample is known, `distance` tells the others.
Lattice refined(const Lattice& coarse,
                const std::function<double(const Vector3d& place)>& distance) {
  Lattice fine;
  fine.n = 2 * coarse.n;
  fine.samples.resize(static_cast<std::size_t>(fine.n + 1) * (fine.n + 1) * (fine.n + 1));
  for (int k = 0; k <= fine.n; ++k) {
    for (int j = 0; j <= fine.n; ++j) {
      for (int i = 0; i <= fine.n; ++i) {
        const bool known = i % 2 == 0 && j % 2 == 0 && k % 2 == 0;
        fine.samples[fine.index(i, j, k)] =
            known ? coarse.at(i / 2, j / 2, k / 2) : distance(Vector3d(i, j, k) / fine.n);
      }
    }
  }
  return fine;
}

/// Every `stride`-th sample of a lattice.
Lattice thinned(const Lattice& fine, int stride) {
  Lattice coarse;
  coarse.n = fine.n / stride;
  for (int k = 0; k <= coarse.n; ++k) {
    for (int j = 0; j <= coarse.n; ++j) {
      for (int i = 0; i <= coarse.n; ++i) {
        coarse.samples.push_back(fine.at(i * stride, j * stride, k * stride));
      }
    }
  }
  return coarse;
}

/// Trilinear between every `stride`-th sample, at sample (i, j, k).
double between(const Lattice& fine, int stride, int i, int j, int k) {
  const auto low = [&](int at) { return std::min(at / stride, fine.n / stride - 1) * stride; };
  const int i0 = low(i), j0 = low(j), k0 = low(k);
  const double u = static_cast<double>(i - i0) / stride, v = static_cast<double>(j - j0) / stride;
  const double w = static_cast<double>(k - k0) / stride;
  const auto row = [&](int jj, int kk) {
    return (1.0 - u) * fine.at(i0, jj, kk) + u * fine.at(i0 + stride, jj, kk);
  };
  const auto sheet = [&](int kk) { return (1.0 - v) * row(j0, kk) + v * row(j0 + stride, kk); };
  return (1.0 - w) * sheet(k0) + w * sheet(k0 + stride);
}

/// Largest ratio of an error to what is allowed there, if only every `stride`-th sample of a cell's
/// lattice is kept.
double excess(const Lattice& fine, int stride, double cell, const SamplingOptions& options) {
  double worst = 0.0;
  // The surface may pass between samples, this near to one.
  const double unseen = 0.5 * std::sqrt(3.0) * cell / fine.n;
  for (int k = 0; k <= fine.n; ++k) {
    for (int j = 0; j <= fine.n; ++j) {
      for (int i = 0; i <= fine.n; ++i) {
        const double truth = fine.at(i, j, k);
        const double away = std::max(std::abs(truth) - unseen, 0.0);
        const double allowed = options.tolerance + options.relative_tolerance * away;
        worst = std::max(worst, std::abs(between(fine, stride, i, j, k) - truth) / allowed);
      }
    }
  }
  return worst;
}

class Sampler {
 public:
  Sampler(const TriangleSurface& surface, const SamplingOptions& options)
      : distance_(surface), options_(options) {
    Vector3d low = surface.vertices.at(0), high = low;
    for (const Vector3d& v : surface.vertices) {
      low = low.cwiseMin(v);
      high = high.cwiseMax(v);
    }
    const Vector3d extent = high - low + Vector3d::Constant(2.0 * options.margin);
    field_.cell = std::max(options.cell, std::cbrt(extent.prod() / kMostCells));
    field_.cells = (extent / field_.cell).array().ceil().cast<int>();
    // What rounding up to whole cells adds goes to both sides alike.
    field_.origin = 0.5 * (low + high) - 0.5 * field_.cell * field_.cells.cast<double>();
  }

  hal::SampledDistance run() {
    sample_corners();
    slabs_.resize(field_.cells.z());
    in_parallel(field_.cells.z(), [this](int slab) { sample_slab(slab); });
    for (const Slab& slab : slabs_) {
      field_.divisions.insert(field_.divisions.end(), slab.divisions.begin(), slab.divisions.end());
    }
    field_.samples.reserve(field_.lay_out());
    for (Slab& slab : slabs_) {
      field_.samples.insert(field_.samples.end(), slab.samples.begin(), slab.samples.end());
      slab = {};
    }
    return std::move(field_);
  }

 private:
  struct Slab {
    std::vector<std::int32_t> divisions;
    std::vector<float> samples;
  };

  /// Each slab for itself, by whichever thread is free.
  void in_parallel(int count, const std::function<void(int)>& work) const {
    std::atomic<int> next = 0;
    const auto worker = [&] {
      for (int i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::jthread> threads;
    for (int i = 1; i < options_.jobs; ++i) threads.emplace_back(worker);
    worker();
  }

  std::size_t corner_index(int i, int j, int k) const {
    return (static_cast<std::size_t>(k) * (field_.cells.y() + 1) + j) * (field_.cells.x() + 1) + i;
  }
  Vector3d place(double i, double j, double k) const {
    return field_.origin + field_.cell * Vector3d(i, j, k);
  }

  void sample_corners() {
    corners_.resize(corner_index(0, 0, field_.cells.z() + 1));
    in_parallel(field_.cells.z() + 1, [this](int k) {
      std::int32_t guess = 0;
      for (int j = 0; j <= field_.cells.y(); ++j) {
        for (int i = 0; i <= field_.cells.x(); ++i) {
          corners_[corner_index(i, j, k)] = distance_(place(i, j, k), guess);
        }
      }
    });
  }

  void sample_slab(int k) {
    Slab& slab = slabs_[k];
    std::int32_t guess = 0;
    for (int j = 0; j < field_.cells.y(); ++j) {
      for (int i = 0; i < field_.cells.x(); ++i) {
        const Lattice lattice = sample_cell(i, j, k, guess);
        slab.divisions.push_back(lattice.n);
        slab.samples.insert(slab.samples.end(), lattice.samples.begin(), lattice.samples.end());
      }
    }
  }

  Lattice sample_cell(int i, int j, int k, std::int32_t& guess) const {
    Lattice corners;
    double nearest = std::numeric_limits<double>::max();
    for (int c = 0; c < 8; ++c) {
      const double d = corners_[corner_index(i + (c & 1), j + (c >> 1 & 1), k + (c >> 2))];
      corners.samples.push_back(d);
      nearest = std::min(nearest, std::abs(d));
    }
    // The nearest corner is at most half a diagonal from any point of the cell.
    const double half_diagonal = 0.5 * std::sqrt(3.0) * field_.cell;
    if (nearest > options_.band + half_diagonal) return corners;
    const auto distance = [&](const Vector3d& in_cell) {
      return distance_(place(i + in_cell.x(), j + in_cell.y(), k + in_cell.z()), guess);
    };
    Lattice lattice = refined(corners, distance);
    // Where the surface may run through the cell, its details are looked for more closely.
    if (nearest <= half_diagonal) lattice = refined(lattice, distance);
    return fitting(std::move(lattice), distance);
  }

  /// The coarsest lattice that is fine enough.
  Lattice fitting(Lattice lattice,
                  const std::function<double(const Vector3d& place)>& distance) const {
    for (int n = 1;; n *= 2) {
      if (n == kMostDivisions) return lattice;
      if (lattice.n < 2 * n) lattice = refined(lattice, distance);
      const double wrong = excess(lattice, lattice.n / n, field_.cell, options_);
      if (wrong <= 1.0) return thinned(lattice, lattice.n / n);
      // Of a smooth surface half the interval leaves a quarter of the error: no need to look.
      if (wrong <= 3.2 && 2 * n == lattice.n) return lattice;
    }
  }

  SurfaceDistance distance_;
  SamplingOptions options_;
  hal::SampledDistance field_;
  std::vector<double> corners_;
  std::vector<Slab> slabs_;
};

}  // namespace

hal::SampledDistance sample_distance(const TriangleSurface& surface,
                                     const SamplingOptions& options) {
  if (!(options.cell > 0.0) || !(options.margin > 0.0) || !(options.tolerance > 0.0) ||
      options.jobs < 1 || surface.triangles.empty()) {
    throw std::invalid_argument("sample_distance: needs triangles, sizes above zero and a job");
  }
  return Sampler(surface, options).run();
}

SamplingError sampling_error(const TriangleSurface& surface, const hal::SampledDistance& field,
                             int points) {
  const auto& v = surface.vertices;
  std::vector<double> area_up_to;
  double area = 0.0;
  for (const auto& [a, b, c] : surface.triangles) {
    area += 0.5 * (v[b] - v[a]).cross(v[c] - v[a]).norm();
    area_up_to.push_back(area);
  }
  const SampledDistanceReader distance(field);
  hal::SeededDraw draw(1);
  std::vector<double> errors;
  errors.reserve(points + v.size());
  const auto add = [&](const Vector3d& p) {
    errors.push_back(std::abs(distance(p.x(), p.y(), p.z())));
  };
  for (int n = 0; n < points; ++n) {
    const double at = draw.uniform(0.0, area);
    const std::size_t t = std::min<std::size_t>(
        std::ranges::upper_bound(area_up_to, at) - area_up_to.begin(), area_up_to.size() - 1);
    const auto& [a, b, c] = surface.triangles[t];
    const double r = std::sqrt(draw.uniform()), s = draw.uniform();
    add((1.0 - r) * v[a] + r * (1.0 - s) * v[b] + r * s * v[c]);
  }
  SamplingError error;
  const auto usual = errors.begin() + static_cast<std::ptrdiff_t>(0.95 * errors.size());
  std::nth_element(errors.begin(), usual, errors.end());
  error.usual = *usual;
  // Corners of the surface are where the samples see least.
  for (const Vector3d& p : v) add(p);
  error.largest = *std::ranges::max_element(errors);
  return error;
}

}  // namespace gripbench::sim
