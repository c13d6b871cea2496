// A user's mesh: what is read, what is put right, and what is refused with which line.
#include "sim/mesh_object.h"

#include <cstring>
#include <limits>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"
#include "hal/seed.h"
#include "sim/mesh_file.h"
#include "tests/tools/meshes.h"

namespace gripbench::sim {
namespace {

namespace fs = std::filesystem;
using Eigen::Vector3d;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What the work is refused with; must be one line.
template <typename Work>
std::string refusal(Work work) {
  try {
    work();
  } catch (const hal::InputError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error.what();
  }
  return "was not refused";
}

std::string solid_refusal(TriangleSurface surface) {
  return refusal([&] { make_solid(surface, "part.obj"); });
}

TriangleSurface block() { return testing::box_surface({0.02, 0.03, 0.05}); }

class MeshObjectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              (std::string("gripbench_mesh_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    testing::write_bytes(folder_ / name, bytes);
    return folder_ / name;
  }
  MeshObject make(const TriangleSurface& surface, MeshObjectOptions options = {}) const {
    if (options.mass == 0.0) options.mass = 0.1;
    return make_mesh_object(write("part.obj", testing::obj_text(surface)), options);
  }
  std::string object_refusal(const TriangleSurface& surface, MeshObjectOptions options = {}) const {
    return refusal([&] { make(surface, options); });
  }

  fs::path folder_;
};

TEST(MeshFile, AllFormatsGiveTheSameSurface) {
  const TriangleSurface truth = testing::torus_surface(0.02, 0.008, 24, 12);
  for (TriangleSurface read :
       {parse_obj(testing::obj_text(truth), "t"), parse_stl(testing::ascii_stl(truth), "t"),
        parse_stl(testing::binary_stl(truth), "t")}) {
    const SurfaceRepairs repairs = make_solid(read, "t");
    EXPECT_EQ(read.vertices.size(), truth.vertices.size());
    EXPECT_EQ(read.triangles.size(), truth.triangles.size());
    EXPECT_EQ(repairs.turned_triangles, 0);
    EXPECT_EQ(repairs.pieces, 1);
    const SolidIntegrals a = integrate_solid(read.vertices, read.triangles);
    const SolidIntegrals b = integrate_solid(truth.vertices, truth.triangles);
    EXPECT_NEAR(a.volume, b.volume, 1e-5 * b.volume);
  }
}

TEST(MeshFile, ObjKnowsPolygonsNegativeIndicesAndOtherLines) {
  const TriangleSurface s = parse_obj(
      "mtllib x.mtl\r\nv 0 0 0\r\nv 1 0 0\nv 1 1 0\n\tv 0 +1 0 0.5 0.5 0.5\nvn 0 0 1\n"
      "f 1/1/1 2/2/1 3/3/1 4/4/1\nf -1 -2 -3\n",
      "t");
  ASSERT_EQ(s.triangles.size(), 3u);
  EXPECT_EQ(s.triangles[1], (std::array<std::int32_t, 3>{0, 2, 3}));
  EXPECT_EQ(s.triangles[2], (std::array<std::int32_t, 3>{3, 2, 1}));
}

TEST(MeshFile, SaysWhatIsWrongAndWhere) {
  const auto obj = [](const std::string& text) {
    return refusal([&] { parse_obj(text, "part.obj"); });
  };
  EXPECT_THAT(obj("v 0 0 0\nv 1 nan 0\n"), HasSubstr("part.obj:2: 'nan' is no coordinate"));
  EXPECT_THAT(obj("v 0 0\n"), HasSubstr("part.obj:1"));
  EXPECT_THAT(obj("v 0 0 0\nf 1 2 3\n"),
              HasSubstr("part.obj:2: a face names vertex 2, but 1 are given so far"));
  EXPECT_THAT(obj("v 0 0 0\nf 1 1\n"), HasSubstr("three corners"));
  EXPECT_THAT(obj("v 0 0 0\nf a b c\n"), HasSubstr("'a' is no corner"));
  EXPECT_THAT(obj("hello\n"), HasSubstr("holds no triangles"));
  const auto stl = [](const std::string& bytes) {
    return refusal([&] { parse_stl(bytes, "part.stl"); });
  };
  EXPECT_THAT(stl(""), HasSubstr("is empty"));
  EXPECT_THAT(stl("solid x\nendsolid x\n"), HasSubstr("holds no triangles"));
  std::string text = testing::ascii_stl(block());
  EXPECT_THAT(stl(text.substr(0, text.size() / 2)), HasSubstr("cut short"));
  std::string bytes = testing::binary_stl(block());
  EXPECT_THAT(stl(bytes.substr(0, bytes.size() - 10)), HasSubstr("684 bytes, but it is 674"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bytes.data() + 84 + 50 + 12, &nan, 4);
  EXPECT_THAT(stl(bytes), HasSubstr("triangle 2 has a corner with an impossible coordinate"));
}

// A header that promises four thousand million triangles must not be believed.
TEST(MeshFile, DoesNotAllocateWhatAHeaderPromises) {
  std::string bytes = testing::binary_stl(block());
  std::memset(bytes.data() + 80, 0xff, 4);
  EXPECT_THAT(refusal([&] { parse_stl(bytes, "part.stl"); }),
              HasSubstr("tells of 4294967295 triangles"));
}

TEST_F(MeshObjectTest, NamesFilesThatAreNoMeshes) {
  const auto read = [&](const fs::path& file) { return refusal([&] { read_mesh_file(file); }); };
  EXPECT_THAT(read(folder_ / "none.stl"), HasSubstr("none.stl: cannot be read"));
  EXPECT_THAT(read(write("a.ply", "x")), HasSubstr("should be .obj or .stl"));
  EXPECT_THAT(read(write("a.stl", "")), HasSubstr("is empty"));
}

TEST(MakeSolid, NamesHoles) {
  TriangleSurface open = block();
  open.triangles.pop_back();
  EXPECT_THAT(solid_refusal(open),
              AllOf(HasSubstr("part.obj: the mesh has holes: 3 edges belong to one triangle only"),
                    HasSubstr("(0.01, -0.015, -0.025)")));
}

TEST(MakeSolid, TurnsTrianglesThatFaceInwards) {
  TriangleSurface one = testing::icosphere(0.02, 2);
  std::swap(one.triangles[17][0], one.triangles[17][1]);
  EXPECT_EQ(make_solid(one, "t").turned_triangles, 1);
  TriangleSurface all = testing::icosphere(0.02, 2);
  for (auto& t : all.triangles) std::swap(t[0], t[1]);
  const SurfaceRepairs repairs = make_solid(all, "t");
  EXPECT_EQ(repairs.turned_triangles, 320);
  EXPECT_THAT(repairs.lines(), ::testing::Contains("turned 320 triangles to face outwards"));
  const TriangleSurface whole = testing::icosphere(0.02, 2);
  const double volume = integrate_solid(whole.vertices, whole.triangles).volume;
  for (const TriangleSurface& s : {one, all}) {
    EXPECT_NEAR(integrate_solid(s.vertices, s.triangles).volume, volume, 1e-9 * volume);
  }
}

TEST(MakeSolid, TakesPiecesAndCavities) {
  TriangleSurface apart = testing::together(block(), testing::moved(block(), {0.04, 0, 0}));
  const SurfaceRepairs two = make_solid(apart, "t");
  EXPECT_EQ(two.pieces, 2);
  EXPECT_EQ(two.cavities, 0);
  // Written facing outwards, as a program without an idea of cavities would.
  TriangleSurface hollow = testing::together(block(), testing::scaled(block(), 0.8));
  const SurfaceRepairs shell = make_solid(hollow, "t");
  EXPECT_EQ(shell.cavities, 1);
  EXPECT_EQ(shell.turned_triangles, 12);
  EXPECT_NEAR(integrate_solid(hollow.vertices, hollow.triangles).volume, 3e-5 * (1.0 - 0.512),
              1e-10);
}

TEST(MakeSolid, RefusesWhatBoundsNoSolid) {
  const TriangleSurface a = block();
  EXPECT_THAT(solid_refusal(testing::together(a, testing::moved(a, {0.01, 0.007, 0.013}))),
              AllOf(HasSubstr("cuts through itself"), HasSubstr("boolean union")));
  // Side by side along a common edge, and corner to corner.
  EXPECT_THAT(solid_refusal(testing::together(a, testing::moved(a, {0.02, 0.03, 0}))),
              HasSubstr("1 edge belongs to more than two triangles"));
  EXPECT_THAT(solid_refusal(testing::together(a, testing::moved(a, {0.02, 0.03, 0.05}))),
              HasSubstr("touch at 1 point without sharing an edge there"));
  TriangleSurface flat;
  flat.vertices = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
  flat.triangles = {{0, 1, 2}, {0, 2, 1}};
  EXPECT_THAT(solid_refusal(flat), HasSubstr("encloses no volume"));
  TriangleSurface point;
  point.vertices = {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  point.triangles = {{0, 1, 2}};
  EXPECT_THAT(solid_refusal(point), HasSubstr("one point"));
}

// The Klein bottle closes every edge and still has one side only.
TEST(MakeSolid, RefusesASurfaceWithOneSide) {
  constexpr int kN = 12, kM = 12;
  TriangleSurface s;
  const auto index = [](int i, int j) {
    // Once around the ring the tube comes back mirrored.
    if (i == kN) return (2 * kM - 1 - j) % kM;
    return i * kM + j % kM;
  };
  for (int i = 0; i < kN; ++i) {
    for (int j = 0; j < kM; ++j) {
      const double u = 2 * std::numbers::pi * i / kN, v = 2 * std::numbers::pi * (j + 0.5) / kM;
      const double r = 3 + std::cos(u / 2) * std::sin(v) - std::sin(u / 2) * std::sin(2 * v);
      s.vertices.emplace_back(r * std::cos(u), r * std::sin(u),
                              std::sin(u / 2) * std::sin(v) + std::cos(u / 2) * std::sin(2 * v));
      s.triangles.push_back({index(i, j), index(i + 1, j), index(i + 1, j + 1)});
      s.triangles.push_back({index(i, j), index(i + 1, j + 1), index(i, j + 1)});
    }
  }
  EXPECT_THAT(solid_refusal(s), HasSubstr("one side only"));
}

TEST(MakeSolid, DropsTrianglesThatAreOnlyAnEdge) {
  TriangleSurface s = block();
  s.triangles.push_back({0, 0, 1});
  EXPECT_EQ(make_solid(s, "t").dropped_triangles, 1);
}

TEST_F(MeshObjectTest, StandsInTheMiddleOfItsFootprint) {
  const MeshObject object = make(testing::moved(block(), {1, 2, 3}));
  EXPECT_LT((object.position - Vector3d(0, 0, 0.025)).norm(), 1e-12);
  EXPECT_LT((object.mass_centre - Vector3d(0, 0, 0.025)).norm(), 1e-12);
  EXPECT_NEAR(object.volume, 3e-5, 1e-12);
  EXPECT_LT((object.solid.bounds_max() - Vector3d(0.01, 0.015, 0.025)).norm(), 1e-12);
  EXPECT_LT(object.error.usual, 1e-6);
}

TEST_F(MeshObjectTest, TurnsAndScalesOnRequest) {
  MeshObjectOptions options;
  options.scale = 1e-3;
  options.rotation = {0.5 * std::numbers::pi, 0, 0};
  const MeshObject object = make(testing::scaled(block(), 1000.0), options);
  EXPECT_NEAR(object.position.z(), 0.015, 1e-9);
}

TEST_F(MeshObjectTest, SuspectsTheUnits) {
  EXPECT_THAT(
      object_refusal(testing::scaled(block(), 1000.0)),
      AllOf(HasSubstr("largest extent is 50 m"), HasSubstr("millimetres, give --scale 0.001")));
  EXPECT_THAT(object_refusal(testing::scaled(block(), 0.01)), HasSubstr("--scale"));
  MeshObjectOptions lead;
  lead.mass = 10.0;
  EXPECT_THAT(object_refusal(block(), lead), HasSubstr("no material's density"));
}

TEST_F(MeshObjectTest, RefusesWhatTipsOver) {
  EXPECT_THAT(object_refusal(testing::icosphere(0.02, 3)), HasSubstr("would not stand"));
  MeshObjectOptions aside;
  aside.mass_centre = Vector3d(0.0095, 0, 0.02);
  EXPECT_THAT(object_refusal(block(), aside), HasSubstr("would not stand"));
  aside.mass_centre = Vector3d(0, 0, 0.06);
  EXPECT_THAT(object_refusal(block(), aside), HasSubstr("--mass-centre"));
}

TEST_F(MeshObjectTest, RefusesWhatTheJawsCannotTake) {
  EXPECT_THAT(object_refusal(testing::box_surface({0.09, 0.03, 0.05})),
              AllOf(HasSubstr("90.0 mm"), HasSubstr("the jaws take 80 mm")));
  // A wide foot does not matter below a narrow top.
  const TriangleSurface foot = testing::box_surface({0.09, 0.09, 0.01});
  const TriangleSurface stem =
      testing::moved(testing::box_surface({0.03, 0.03, 0.04}), {0, 0, 0.005 + 0.02 + 0.0005});
  EXPECT_GT(make(testing::together(foot, stem)).volume, 1e-4);
}

// Whatever the bytes, a reader answers or refuses; it never crashes, hangs or takes all memory.
TEST(Robustness, LoadersSurviveRandomBytes) {
  hal::SeededDraw draw(2026);
  SamplingOptions coarse;
  coarse.cell = 0.02;
  coarse.tolerance = 1.0;
  const std::string seeds[] = {testing::obj_text(block()), testing::ascii_stl(block()),
                               testing::binary_stl(block()),
                               hal::encode_mesh_solid(sampled_solid(block(), coarse))};
  for (int n = 0; n < 4000; ++n) {
    std::string bytes = seeds[n % 4];
    if (n % 3 == 0) bytes.resize(draw.next() % bytes.size());
    const int changes = 1 + static_cast<int>(draw.next() % 12);
    // Mostly at the beginning, where the headers are.
    const std::size_t reach = n % 2 == 0 ? std::min<std::size_t>(bytes.size(), 120) : bytes.size();
    for (int i = 0; i < changes && reach > 0; ++i) {
      bytes[draw.next() % reach] = static_cast<char>(draw.next());
    }
    try {
      TriangleSurface surface;
      switch (n % 4) {
        case 0:
          surface = parse_obj(bytes, "t");
          break;
        case 3:
          hal::decode_mesh_solid(bytes, "t");
          continue;
        default:
          surface = parse_stl(bytes, "t");
      }
      make_solid(surface, "t");
    } catch (const hal::InputError&) {
    }
  }
}

TEST(Robustness, SurfacesOfRandomTrianglesAreAnsweredOrRefused) {
  hal::SeededDraw draw(11);
  for (int n = 0; n < 300; ++n) {
    TriangleSurface surface;
    const int vertices = 3 + static_cast<int>(draw.next() % 6);
    for (int i = 0; i < vertices; ++i) {
      surface.vertices.emplace_back(draw.uniform(), draw.uniform(), draw.uniform());
    }
    for (int i = 0; i < 12; ++i) {
      const auto corner = [&] { return static_cast<std::int32_t>(draw.next() % vertices); };
      surface.triangles.push_back({corner(), corner(), corner()});
    }
    try {
      make_solid(surface, "t");
    } catch (const hal::InputError&) {
    }
  }
}

}  // namespace
}  // namespace gripbench::sim
