#include "hal/mesh_solid.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {

namespace {

static_assert(std::endian::native == std::endian::little, "mesh files are read as they lie");

constexpr std::string_view kMagic = "GRIPMESH";
constexpr std::uint32_t kVersion = 1;
// More than any object between the jaws needs; a larger number is a damaged or hostile header.
constexpr std::uint64_t kMostVertices = 4'000'000, kMostCells = 16'000'000;
constexpr std::uint64_t kMostSamples = 500'000'000;
/// Nothing in an object's frame is farther away than this (m).
constexpr double kLargestNumber = 10.0;

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

template <typename T>
void append(std::string& out, const T* values, std::size_t count) {
  out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <typename T>
void append(std::string& out, T value) {
  append(out, &value, 1);
}

/// Takes values off the front of bytes that are known to be long enough.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  void take(T* values, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(values, bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
  }
  template <typename T>
  T take() {
    T value;
    take(&value, 1);
    return value;
  }

 private:
  std::string_view bytes_;
};

struct Header {
  std::uint32_t version, vertices, triangles, cells[3];
  std::uint64_t samples;
  double origin[3], cell;
};
constexpr std::size_t kHeaderBytes = kMagic.size() + 6 * 4 + 8 + 4 * 8;
constexpr std::size_t kChecksumBytes = 8;

Header read_header(Reader& reader) {
  Header h;
  h.version = reader.take<std::uint32_t>();
  h.vertices = reader.take<std::uint32_t>();
  h.triangles = reader.take<std::uint32_t>();
  reader.take(h.cells, 3);
  h.samples = reader.take<std::uint64_t>();
  reader.take(h.origin, 3);
  h.cell = reader.take<double>();
  return h;
}

bool sane(double value) { return std::abs(value) <= kLargestNumber; }  // false for NaN

void check_header(const Header& h, std::size_t bytes, const std::string& name) {
  const auto refuse = [&](const std::string& what) {
    throw InputError(fmt::format("{}: {}; add the object again", name, what));
  };
  if (h.version != kVersion) {
    refuse(fmt::format("is a mesh file of version {}, this program reads {}", h.version, kVersion));
  }
  // Each factor is bounded before they are multiplied, so that no product can overflow.
  bool possible = h.vertices >= 4 && h.vertices <= kMostVertices && h.triangles >= 4 &&
                  h.triangles <= 2 * kMostVertices && h.samples <= kMostSamples;
  std::uint64_t cells = 1;
  for (const std::uint32_t n : h.cells) {
    possible = possible && n >= 1 && n <= kMostCells;
    cells = possible ? cells * n : 0;
    possible = possible && cells <= kMostCells;
  }
  for (const double x : h.origin) possible = possible && sane(x);
  possible = possible && h.cell > 0.0 && sane(h.cell);
  if (!possible) refuse("its header holds impossible numbers");
  const std::uint64_t expected = kHeaderBytes + 24ULL * h.vertices + 12ULL * h.triangles + cells +
                                 4ULL * h.samples + kChecksumBytes;
  if (bytes != expected) {
    refuse(fmt::format("is {} bytes long, by its header it should be {}", bytes, expected));
  }
}

void check_contents(const MeshSolid& solid, const std::string& name) {
  const auto refuse = [&](const std::string& what) {
    throw InputError(fmt::format("{}: {}; add the object again", name, what));
  };
  for (const Eigen::Vector3d& v : solid.vertices) {
    if (!sane(v.x()) || !sane(v.y()) || !sane(v.z())) refuse("a vertex is no finite point");
  }
  const auto vertices = static_cast<std::int32_t>(solid.vertices.size());
  for (const auto& triangle : solid.triangles) {
    for (const std::int32_t corner : triangle) {
      if (corner < 0 || corner >= vertices) refuse("a triangle names a vertex that is not there");
    }
  }
  for (const float d : solid.distance.samples) {
    if (!sane(d)) refuse("a sample of the distance is no finite number");
  }
}

}  // namespace

std::size_t SampledDistance::lay_out() {
  places.resize(divisions.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < divisions.size(); ++i) {
    const auto log_n = std::countr_zero(static_cast<std::uint32_t>(divisions[i]));
    if (count >> (32 - kDivisionBits)) {
      throw std::length_error("SampledDistance: more samples than its cells can point to");
    }
    places[i] = static_cast<std::uint32_t>(count << kDivisionBits) | log_n;
    const auto side = static_cast<std::size_t>(divisions[i]) + 1;
    count += side * side * side;
  }
  return count;
}

Eigen::Vector3d MeshSolid::bounds_min() const {
  Eigen::Vector3d low = vertices.at(0);
  for (const Eigen::Vector3d& v : vertices) low = low.cwiseMin(v);
  return low;
}

Eigen::Vector3d MeshSolid::bounds_max() const {
  Eigen::Vector3d high = vertices.at(0);
  for (const Eigen::Vector3d& v : vertices) high = high.cwiseMax(v);
  return high;
}

std::string encode_mesh_solid(const MeshSolid& solid) {
  const SampledDistance& field = solid.distance;
  std::string out(kMagic);
  append(out, kVersion);
  append(out, static_cast<std::uint32_t>(solid.vertices.size()));
  append(out, static_cast<std::uint32_t>(solid.triangles.size()));
  for (int axis = 0; axis < 3; ++axis) append(out, static_cast<std::uint32_t>(field.cells[axis]));
  append(out, static_cast<std::uint64_t>(field.samples.size()));
  append(out, field.origin.data(), 3);
  append(out, field.cell);
  for (const Eigen::Vector3d& v : solid.vertices) append(out, v.data(), 3);
  append(out, solid.triangles.data(), solid.triangles.size());
  for (const std::int32_t n : field.divisions) out.push_back(static_cast<char>(n));
  append(out, field.samples.data(), field.samples.size());
  append(out, fnv1a(out));
  return out;
}

MeshSolid decode_mesh_solid(std::string_view bytes, const std::string& name) {
  if (!bytes.starts_with(kMagic) || bytes.size() < kHeaderBytes + kChecksumBytes) {
    throw InputError(name +
                     ": is no mesh file of GripBench; make one with 'gripbench objects add'");
  }
  Reader reader(bytes.substr(kMagic.size()));
  const Header h = read_header(reader);
  check_header(h, bytes.size(), name);
  Reader tail(bytes.substr(bytes.size() - kChecksumBytes));
  if (tail.take<std::uint64_t>() != fnv1a(bytes.substr(0, bytes.size() - kChecksumBytes))) {
    throw InputError(name + ": is damaged, its checksum is wrong; add the object again");
  }
  MeshSolid solid;
  solid.vertices.resize(h.vertices);
  for (Eigen::Vector3d& v : solid.vertices) reader.take(v.data(), 3);
  solid.triangles.resize(h.triangles);
  reader.take(solid.triangles.data(), h.triangles);
  SampledDistance& field = solid.distance;
  field.origin = {h.origin[0], h.origin[1], h.origin[2]};
  field.cell = h.cell;
  field.cells = {static_cast<int>(h.cells[0]), static_cast<int>(h.cells[1]),
                 static_cast<int>(h.cells[2])};
  std::vector<std::uint8_t> divisions(static_cast<std::size_t>(h.cells[0]) * h.cells[1] *
                                      h.cells[2]);
  reader.take(divisions.data(), divisions.size());
  for (const std::uint8_t n : divisions) {
    if (n > SampledDistance::kMostDivisions || !std::has_single_bit(n)) {
      throw InputError(name + ": a cell has impossible divisions; add the object again");
    }
  }
  field.divisions.assign(divisions.begin(), divisions.end());
  if (field.lay_out() != h.samples) {
    throw InputError(name + ": its samples do not suit its cells; add the object again");
  }
  field.samples.resize(h.samples);
  reader.take(field.samples.data(), h.samples);
  check_contents(solid, name);
  return solid;
}

std::string mesh_checksum(std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) return "";
  return fmt::format("{:016x}",
                     Reader(bytes.substr(bytes.size() - kChecksumBytes)).take<std::uint64_t>());
}

}  // namespace gripbench::hal
