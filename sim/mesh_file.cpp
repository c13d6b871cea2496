#include "sim/mesh_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::sim {

namespace {

// A mesh of more does not make a better object, but a slower one.
constexpr std::size_t kMostTriangles = 2'000'000;
constexpr std::uintmax_t kMostBytes = 500'000'000;
/// Coordinates beyond this are no lengths in any unit.
constexpr double kLargestCoordinate = 1e9;
constexpr std::size_t kStlHeader = 84, kStlTriangle = 50;

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw hal::InputError(name + ": " + what);
}

void check_count(std::size_t triangles, const std::string& name) {
  if (triangles > kMostTriangles) {
    refuse(name, fmt::format("holds more than {} triangles; simplify the mesh", kMostTriangles));
  }
}

/// Takes words off a text, and knows the line it is at.
class Words {
 public:
  Words(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  /// The next line without its end, or nothing at the end of the text.
  bool next_line(std::string_view& line) {
    if (text_.empty()) return false;
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_number_;
    return true;
  }

  static std::string_view next_word(std::string_view& line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
  }

  double number(std::string_view& line) const {
    std::string_view word = next_word(line);
    if (word.starts_with('+')) word.remove_prefix(1);
    double value = 0.0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() ||
        !(std::abs(value) <= kLargestCoordinate)) {
      fail(fmt::format("'{}' is no coordinate", printable(word)));
    }
    return value;
  }

  Eigen::Vector3d point(std::string_view& line) const {
    const double x = number(line), y = number(line), z = number(line);
    return {x, y, z};
  }

  static std::string printable(std::string_view word) {
    std::string text(word.substr(0, 24));
    for (char& c : text) {
      if (c < ' ' || c > '~') c = '?';
    }
    return text;
  }

  [[noreturn]] void fail(const std::string& what) const {
    refuse(fmt::format("{}:{}", name_, line_number_), what);
  }

 private:
  std::string_view text_;
  const std::string& name_;
  int line_number_ = 0;
};

/// A corner "7", "7/1", "7//3" or "-1/..." of an OBJ's face, as an index from 0.
std::int32_t obj_corner(std::string_view word, std::size_t vertices, const Words& words) {
  const std::string_view index = word.substr(0, word.find('/'));
  long value = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), value);
  if (error != std::errc() || end != index.data() + index.size()) {
    words.fail(fmt::format("'{}' is no corner of a face", Words::printable(word)));
  }
  const long count = static_cast<long>(vertices);
  const long at = value < 0 ? count + value : value - 1;
  if (at < 0 || at >= count) {
    words.fail(fmt::format("a face names vertex {}, but {} are given so far", value, count));
  }
  return static_cast<std::int32_t>(at);
}

void add_triangle(TriangleSurface& surface, const Eigen::Vector3d (&corner)[3]) {
  const auto first = static_cast<std::int32_t>(surface.vertices.size());
  surface.vertices.insert(surface.vertices.end(), corner, corner + 3);
  surface.triangles.push_back({first, first + 1, first + 2});
}

TriangleSurface parse_ascii_stl(std::string_view bytes, const std::string& name) {
  TriangleSurface surface;
  Words words(bytes, name);
  Eigen::Vector3d corner[3];
  int corners = 0;
  bool ended = false;
  for (std::string_view line; words.next_line(line);) {
    const std::string_view keyword = Words::next_word(line);
    if (keyword == "vertex") {
      if (corners == 3) words.fail("a facet has more than three corners");
      corner[corners++] = words.point(line);
    } else if (keyword == "endfacet") {
      if (corners != 3) words.fail("a facet has fewer than three corners");
      add_triangle(surface, corner);
      check_count(surface.triangles.size(), name);
      corners = 0;
    } else if (keyword == "endsolid") {
      ended = true;
    }
  }
  if (surface.triangles.empty()) refuse(name, "holds no triangles");
  if (!ended) refuse(name, "ends before its 'endsolid': the file was cut short");
  return surface;
}

TriangleSurface parse_binary_stl(std::string_view bytes, std::size_t count,
                                 const std::string& name) {
  check_count(count, name);
  TriangleSurface surface;
  surface.vertices.reserve(3 * count);
  surface.triangles.reserve(count);
  for (std::size_t t = 0; t < count; ++t) {
    // A normal, which is not needed, then three corners.
    float numbers[9];
    std::memcpy(numbers, bytes.data() + kStlHeader + t * kStlTriangle + 12, sizeof numbers);
    Eigen::Vector3d corner[3];
    for (int i = 0; i < 9; ++i) {
      if (!(std::abs(numbers[i]) <= kLargestCoordinate)) {
        refuse(name, fmt::format("triangle {} has a corner with an impossible coordinate", t + 1));
      }
      corner[i / 3][i % 3] = numbers[i];
    }
    add_triangle(surface, corner);
  }
  if (surface.triangles.empty()) refuse(name, "holds no triangles");
  return surface;
}

}  // namespace

TriangleSurface parse_obj(std::string_view bytes, const std::string& name) {
  TriangleSurface surface;
  Words words(bytes, name);
  for (std::string_view line; words.next_line(line);) {
    const std::string_view keyword = Words::next_word(line);
    if (keyword == "v") {
      surface.vertices.push_back(words.point(line));
      check_count(surface.vertices.size(), name);
    } else if (keyword == "f") {
      const std::size_t vertices = surface.vertices.size();
      std::int32_t first = -1, last = -1;
      int corners = 0;
      for (std::string_view word; !(word = Words::next_word(line)).empty(); ++corners) {
        const std::int32_t corner = obj_corner(word, vertices, words);
        if (corners == 0) first = corner;
        if (corners >= 2) surface.triangles.push_back({first, last, corner});
        last = corner;
      }
      if (corners < 3) words.fail("a face needs three corners or more");
      check_count(surface.triangles.size(), name);
    }
  }
  if (surface.triangles.empty()) refuse(name, "holds no triangles: an OBJ gives them in 'f' lines");
  return surface;
}

TriangleSurface parse_stl(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) refuse(name, "is empty");
  std::uint32_t count = 0;
  if (bytes.size() >= kStlHeader) std::memcpy(&count, bytes.data() + kStlHeader - 4, 4);
  const std::size_t expected = kStlHeader + kStlTriangle * static_cast<std::size_t>(count);
  // Some binary files begin with "solid" too: their length tells them apart.
  const bool binary = bytes.size() >= kStlHeader && bytes.size() == expected;
  if (binary) return parse_binary_stl(bytes, count, name);
  if (bytes.starts_with("solid")) return parse_ascii_stl(bytes, name);
  if (bytes.size() < kStlHeader) refuse(name, "is no STL file: shorter than its header");
  refuse(name,
         fmt::format("is no whole STL file: its header tells of {} triangles in {} bytes, but "
                     "it is {} bytes long",
                     count, expected, bytes.size()));
}

TriangleSurface read_mesh_file(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::string ending = file.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  if (ending != ".obj" && ending != ".stl") {
    refuse(name, "its ending should be .obj or .stl");
  }
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) refuse(name, "cannot be read: " + error.message());
  if (size > kMostBytes) {
    refuse(name, fmt::format("is larger than {} MB; simplify the mesh", kMostBytes / 1'000'000));
  }
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) refuse(name, "cannot be read");
  if (bytes.empty()) refuse(name, "is empty");
  return ending == ".obj" ? parse_obj(bytes, name) : parse_stl(bytes, name);
}

}  // namespace gripbench::sim
