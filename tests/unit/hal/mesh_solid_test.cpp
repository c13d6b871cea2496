#include "hal/mesh_solid.h"

#include <cstring>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;

/// A tetrahedron with a distance field of two cells, of 1 and of 2 intervals.
MeshSolid tetrahedron() {
  MeshSolid solid;
  solid.vertices = {{0, 0, 0}, {0.01, 0, 0}, {0, 0.01, 0}, {0, 0, 0.01}};
  solid.triangles = {{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}};
  solid.distance.origin = {-0.01, -0.01, -0.01};
  solid.distance.cell = 0.02;
  solid.distance.cells = {2, 1, 1};
  solid.distance.divisions = {1, 2};
  solid.distance.samples.resize(solid.distance.lay_out());
  for (std::size_t i = 0; i < solid.distance.samples.size(); ++i) {
    solid.distance.samples[i] = 1e-3F * static_cast<float>(i);
  }
  return solid;
}

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// What a file is refused with whose bytes at `offset` are `value`, its checksum put right again.
template <typename T>
std::string refusal_with(std::size_t offset, T value) {
  std::string bytes = encode_mesh_solid(tetrahedron());
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  const std::uint64_t sum = fnv1a(std::string_view(bytes).substr(0, bytes.size() - 8));
  std::memcpy(bytes.data() + bytes.size() - 8, &sum, 8);
  try {
    decode_mesh_solid(bytes, "a.mesh");
  } catch (const InputError& error) {
    return error.what();
  }
  return "was not refused";
}

constexpr std::size_t kVertices = 8 + 24 + 8 + 32, kTriangles = kVertices + 96,
                      kDivisions = kTriangles + 48, kSamples = kDivisions + 2;

TEST(MeshSolid, ComesBackAsItWas) {
  const MeshSolid solid = tetrahedron();
  const std::string bytes = encode_mesh_solid(solid);
  const MeshSolid again = decode_mesh_solid(bytes, "a.mesh");
  EXPECT_EQ(again.vertices, solid.vertices);
  EXPECT_EQ(again.triangles, solid.triangles);
  EXPECT_EQ(again.distance.divisions, solid.distance.divisions);
  EXPECT_EQ(again.distance.places, (std::vector<std::uint32_t>{0 << 3 | 0, 8 << 3 | 1}));
  EXPECT_EQ(again.distance.samples, solid.distance.samples);
  EXPECT_EQ(again.distance.cell, 0.02);
  EXPECT_EQ(mesh_checksum(bytes).size(), 16u);
}

TEST(MeshSolid, RefusesDamage) {
  std::string bytes = encode_mesh_solid(tetrahedron());
  bytes[kSamples] ^= 1;
  EXPECT_THROW(decode_mesh_solid(bytes, "a.mesh"), InputError);
  EXPECT_THROW(decode_mesh_solid("", "a.mesh"), InputError);
  EXPECT_THROW(decode_mesh_solid(std::string(500, 'x'), "a.mesh"), InputError);
  EXPECT_THROW(decode_mesh_solid(bytes.substr(0, bytes.size() - 1), "a.mesh"), InputError);
}

TEST(MeshSolid, RefusesHostileNumbersUnderARightChecksum) {
  EXPECT_THAT(refusal_with(8, std::uint32_t{7}), HasSubstr("version 7"));
  for (const std::size_t count : {12, 16, 20, 24, 28}) {
    EXPECT_THAT(refusal_with(count, std::uint32_t{0xffffffff}), HasSubstr("impossible numbers"));
    EXPECT_THAT(refusal_with(count, std::uint32_t{0}), HasSubstr("impossible numbers"));
    EXPECT_THAT(refusal_with(count, std::uint32_t{9}), HasSubstr("by its header it should be"));
  }
  EXPECT_THAT(refusal_with(32, ~std::uint64_t{0}), HasSubstr("impossible numbers"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::size_t number : {40, 48, 56, 64}) {
    EXPECT_THAT(refusal_with(number, nan), HasSubstr("impossible numbers"));
  }
  EXPECT_THAT(refusal_with(64, -0.01), HasSubstr("impossible numbers"));
  EXPECT_THAT(refusal_with(kVertices, nan), HasSubstr("no finite point"));
  EXPECT_THAT(refusal_with(kTriangles, std::int32_t{4}), HasSubstr("not there"));
  EXPECT_THAT(refusal_with(kTriangles, std::int32_t{-1}), HasSubstr("not there"));
  EXPECT_THAT(refusal_with(kDivisions, std::uint8_t{3}), HasSubstr("divisions"));
  EXPECT_THAT(refusal_with(kDivisions, std::uint8_t{0}), HasSubstr("divisions"));
  EXPECT_THAT(refusal_with(kDivisions, std::uint8_t{4}), HasSubstr("do not suit"));
  EXPECT_THAT(refusal_with(kSamples, std::numeric_limits<float>::infinity()),
              HasSubstr("no finite number"));
}

}  // namespace
}  // namespace gripbench::hal
