#include "sim/shading_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <numbers>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

static_assert(std::endian::native == std::endian::little, "table files are little-endian");

constexpr double kPi = std::numbers::pi;
constexpr char kMagic[8] = {'G', 'B', 'S', 'H', 'A', 'D', 'E', '1'};
constexpr int kFewestBins = 2, kMostBins = 1024;
/// No table changes a picture of 8 bits by more, anywhere in view.
constexpr float kLargest = 1e6f;

}  // namespace

ShadingTable::Bin ShadingTable::between(double tilt, double direction) const {
  const double u =
      std::clamp(tilt / (0.5 * kPi) * (tilts - 1) - 0.5, 0.0, static_cast<double>(tilts - 1));
  // The last direction's bin begins where the first does: a full turn is m - 1 bins.
  const int turn = directions - 1;
  double v = (direction + kPi) / (2.0 * kPi) * turn - 0.5;
  if (v < 0.0) v += turn;
  const int i = std::min(static_cast<int>(u), tilts - 2), j = static_cast<int>(v) % turn;
  const double a = u - i, b = v - std::floor(v);
  const Bin& p00 = at(i, j);
  const Bin& p01 = at(i, (j + 1) % turn);
  const Bin& p10 = at(i + 1, j);
  const Bin& p11 = at(i + 1, (j + 1) % turn);
  // Below the first bin's centre the change goes to that of a level surface, none.
  const double share = std::min(1.0, tilt / (0.5 * kPi) * (tilts - 1) / 0.5);
  Bin out;
  for (int t = 0; t < kTerms; ++t) {
    for (int c = 0; c < 3; ++c) {
      out[t][c] = static_cast<float>(share * ((1 - a) * ((1 - b) * p00[t][c] + b * p01[t][c]) +
                                              a * ((1 - b) * p10[t][c] + b * p11[t][c])));
    }
  }
  return out;
}

std::array<double, 3> ShadingTable::change(double slope_x, double slope_y, double x,
                                           double y) const {
  const Bin bin = between(std::atan(std::hypot(slope_x, slope_y)), std::atan2(slope_y, slope_x));
  const double terms[kTerms] = {x * x, y * y, x * y, x, y, 1.0};
  std::array<double, 3> sum{};
  for (int t = 0; t < kTerms; ++t) {
    for (int c = 0; c < 3; ++c) sum[c] += terms[t] * bin[t][c];
  }
  return sum;
}

ShadingTable ShadingTable::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw hal::InputError(file.string() + ": cannot read this shading table");
  char magic[8] = {};
  std::int32_t size[2] = {};
  in.read(magic, sizeof magic);
  in.read(reinterpret_cast<char*>(size), sizeof size);
  if (!in || std::memcmp(magic, kMagic, sizeof magic) != 0) {
    throw hal::InputError(file.string() +
                          ": not a shading table; make one with `gripbench calibrate`");
  }
  for (const std::int32_t n : size) {
    if (n < kFewestBins || n > kMostBins) {
      throw hal::InputError(fmt::format("{}: {} bins; a shading table has {} to {} each way",
                                        file.string(), n, kFewestBins, kMostBins));
    }
  }
  ShadingTable table;
  table.tilts = size[0];
  table.directions = size[1];
  table.bins.resize(static_cast<std::size_t>(size[0]) * size[1]);
  in.read(reinterpret_cast<char*>(table.bins.data()),
          static_cast<std::streamsize>(table.bins.size() * sizeof(Bin)));
  if (!in || in.peek() != std::ifstream::traits_type::eof()) {
    throw hal::InputError(fmt::format("{}: its length is not that of {} x {} bins; it is damaged",
                                      file.string(), size[0], size[1]));
  }
  for (const Bin& bin : table.bins) {
    for (const auto& term : bin) {
      for (const float value : term) {
        if (!(std::abs(value) <= kLargest)) {
          throw hal::InputError(file.string() + ": holds a value that no shading has; damaged");
        }
      }
    }
  }
  return table;
}

void ShadingTable::save(const std::filesystem::path& file) const {
  const std::filesystem::path beside = file.string() + ".part";
  {
    std::ofstream out(beside, std::ios::binary);
    const std::int32_t size[2] = {tilts, directions};
    out.write(kMagic, sizeof kMagic);
    out.write(reinterpret_cast<const char*>(size), sizeof size);
    out.write(reinterpret_cast<const char*>(bins.data()),
              static_cast<std::streamsize>(bins.size() * sizeof(Bin)));
    if (!out.flush()) {
      out.close();
      std::error_code ignored;
      std::filesystem::remove(beside, ignored);
      throw hal::StorageError(file.string() + ": cannot be written; is the disk full?");
    }
  }
  std::filesystem::rename(beside, file);
}

ShadingGrid::ShadingGrid(const ShadingTable& table)
    : nodes_(static_cast<std::size_t>(kNodes) * kNodes * kStride, 0.0f) {
  for (int j = 0; j < kNodes; ++j) {
    for (int i = 0; i < kNodes; ++i) {
      const double x = 2.0 * i / (kNodes - 1) - 1.0, y = 2.0 * j / (kNodes - 1) - 1.0;
      const double length = std::min(std::hypot(x, y), 1.0);
      const ShadingTable::Bin bin = table.between(std::asin(length), std::atan2(y, x));
      float* node = &nodes_[(static_cast<std::size_t>(j) * kNodes + i) * kStride];
      for (int t = 0; t < ShadingTable::kTerms; ++t) {
        for (int c = 0; c < 3; ++c) node[4 * t + c] = bin[t][c];
      }
    }
  }
}

void ShadingGrid::add(const float* slope_x, const float* slope_y, const float* place_x,
                      float place_y, int count, float* blue, float* green, float* red) const {
  constexpr float kHalf = 0.5f * (kNodes - 1);
  for (int k = 0; k < count; ++k) {
    const float gx = slope_x[k], gy = slope_y[k];
    if (gx == 0.0f && gy == 0.0f) continue;
    const float per_length = kHalf / std::sqrt(1.0f + gx * gx + gy * gy);
    const float u = kHalf + gx * per_length, v = kHalf + gy * per_length;
    const int i = std::min(static_cast<int>(u), kNodes - 2);
    const int j = std::min(static_cast<int>(v), kNodes - 2);
    const float a = u - static_cast<float>(i), b = v - static_cast<float>(j);
    const float w[4] = {(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b};
    const float* p = &nodes_[(static_cast<std::size_t>(j) * kNodes + i) * kStride];
    const float* q = p + static_cast<std::size_t>(kNodes) * kStride;
    float mix[kStride];
    for (int n = 0; n < kStride; ++n) {
      mix[n] = w[0] * p[n] + w[1] * p[n + kStride] + w[2] * q[n] + w[3] * q[n + kStride];
    }
    const float x = place_x[k], y = place_y;
    const float terms[ShadingTable::kTerms] = {x * x, y * y, x * y, x, y, 1.0f};
    float sum[4] = {};
    for (int t = 0; t < ShadingTable::kTerms; ++t) {
      for (int c = 0; c < 4; ++c) sum[c] += terms[t] * mix[4 * t + c];
    }
    blue[k] += sum[0];
    green[k] += sum[1];
    red[k] += sum[2];
  }
}

}  // namespace gripbench::sim
