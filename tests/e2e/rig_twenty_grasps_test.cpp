// The twenty grasps of assets/protocols/loopback.yaml over an emulated rig's sockets, most of them
// near the edge between slipping and holding, beside the same grasps in process.

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tests/e2e/rig_grasps.h"

namespace gripbench {
namespace {

constexpr std::size_t kGrasps = 20;
constexpr double kFramePeriod = 0.05;

class TwentyRigGrasps : public RigGrasps {
 protected:
  const fs::path loopback_ =
      fs::path(GRIPBENCH_SOURCE_DIR) / "assets" / "protocols" / "loopback.yaml";

  /// 95th percentile of how far the frames' spacing is off their period (s).
  static double spacing_error(
      const std::vector<experiments::EpisodeRecord>& records,
      decltype(experiments::EpisodeRecord::tactile_times) experiments::EpisodeRecord::*times) {
    std::vector<double> errors;
    for (const experiments::EpisodeRecord& record : records) {
      for (int n = 1; n < experiments::kFramesPerEpisode; ++n) {
        errors.push_back(std::abs((record.*times)[n] - (record.*times)[n - 1] - kFramePeriod));
      }
    }
    std::sort(errors.begin(), errors.end());
    return errors.at(errors.size() * 95 / 100);
  }
};

TEST_F(TwentyRigGrasps, HaveTheLabelsOfTheSameGraspsInProcess) {
  const Ended collected = collect(rig_, loopback_);
  if (lost_time()) GTEST_SKIP() << kTooBusy << said_by_emulator();
  ASSERT_EQ(collected.code, 0) << collected.errors;
  EXPECT_EQ(run({"verify", dataset_}).code, 0);

  const experiments::EpisodeStore store = experiments::EpisodeStore::open(dataset_);
  const std::vector<experiments::EpisodeRecord> records = store.records();
  ASSERT_EQ(records.size(), kGrasps);
  expect_lift_frames_by_measured_speed(store, experiments::load_protocol(loopback_));
  EXPECT_LT(spacing_error(records, &experiments::EpisodeRecord::tactile_times), 5e-3);
  EXPECT_LT(spacing_error(records, &experiments::EpisodeRecord::external_times), 5e-3);

  const Ended again = run({"replicate", dataset_, "--protocol", loopback_});
  ASSERT_EQ(again.code, 0) << again.errors;
  std::cout << again.output;
  std::istringstream lines(again.output);
  std::size_t compared = 0, same = 0, near_edge = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns(line);
    std::string name, force, force_again, edge, off_edge;
    columns >> name >> force >> force_again >> edge >> off_edge;
    if (name.find('/') == std::string::npos) continue;
    ++compared;
    const bool measured = off_edge.ends_with('%');
    const double distance = measured ? std::abs(std::stod(off_edge)) : 1e3;
    if (distance <= 15.0) ++near_edge;
    if (line.ends_with("yes")) {
      ++same;
    } else {
      EXPECT_LE(distance, 5.0) << line;
    }
  }
  EXPECT_EQ(compared, kGrasps) << again.output;
  EXPECT_GE(same, 18u) << again.output;
  EXPECT_GE(near_edge, 8u) << again.output;
}

}  // namespace
}  // namespace gripbench
