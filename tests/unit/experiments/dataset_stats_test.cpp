#include "experiments/dataset_stats.h"

#include <cmath>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "experiments/stats_plot.h"
#include "experiments/stats_text.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<TracePoint> trace_with_onset(double onset) {
  std::vector<TracePoint> trace;
  for (int i = 0; i < 80; ++i) {
    TracePoint point;
    point.time = 0.01 * i;
    point.normal_force = 2.5;
    point.tcp_speed_z = i < 9 ? 0.0 : 0.04;
    hal::SlipTruth truth;
    truth.pads[1].mean_distance = std::max(0.0, 0.0003 + 0.001 * (point.time - onset));
    point.truth = truth;
    trace.push_back(point);
  }
  return trace;
}

Episode plain_episode(const std::string& object, int grasp, bool slip) {
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.parameters.object = object;
  record.parameters.grasp = fmt::format("{:03}", grasp);
  record.parameters.squeeze = 0.001 * (grasp + 1);
  record.slip = slip;
  record.kind = slip ? (grasp == 0 ? SlipKind::kIncipient : SlipKind::kLost) : SlipKind::kStable;
  record.grip_margin = slip ? -0.02 : 0.3;
  for (std::size_t i = 0; i < kFramesPerEpisode; ++i) {
    record.tactile_times[i] = 0.05 * static_cast<double>(i);
    record.external_times[i] = record.tactile_times[i] + 0.013;
    episode.tactile[i] = episode.external[i] = cv::Mat(16, 16, CV_8UC3, cv::Scalar::all(90));
  }
  record.trace = trace_with_onset(slip ? 0.305 : 9.0);
  return episode;
}

/// Two training objects and a test object, 4 grasps each, the first two slipping.
EpisodeStore make_store(const fs::path& folder) {
  DatasetInfo info;
  info.protocol_text = "label: {slip_distance: 0.0003}\nlift: {onset_speed: 0.002}\n";
  info.train_objects = {"box", "cup"};
  info.test_objects = {"egg"};
  EpisodeStore store = EpisodeStore::create_or_resume(folder, info);
  for (const char* object : {"box", "cup", "egg"}) {
    for (int grasp = 0; grasp < 4; ++grasp) store.write(plain_episode(object, grasp, grasp < 2));
  }
  return store;
}

TEST(DatasetStats, CountsRangesOnsetsAndMargins) {
  TemporaryFolder folder;
  const EpisodeStore store = make_store(folder.path() / "data");
  DatasetStatsOptions options;
  options.jobs = 2;
  options.masses = {{"box", 0.1}, {"egg", 0.06}};
  options.statistics.resamples = 200;
  const DatasetStats stats = dataset_stats(store, options);
  EXPECT_EQ(stats.all.grasps, 12);
  EXPECT_EQ(stats.all.slips(), 6);
  EXPECT_EQ(stats.all.kinds[static_cast<std::size_t>(SlipKind::kIncipient)], 3);
  EXPECT_EQ(stats.all.kinds[static_cast<std::size_t>(SlipKind::kLost)], 3);
  EXPECT_EQ(stats.train.grasps, 8);
  EXPECT_EQ(stats.test.grasps, 4);
  EXPECT_EQ(stats.dataset_hash, store.dataset_hash());
  ASSERT_EQ(stats.objects.size(), 3u);
  EXPECT_EQ(stats.objects[2].object, "egg");
  EXPECT_TRUE(stats.objects[2].test);
  EXPECT_DOUBLE_EQ(*stats.objects[2].mass, 0.06);
  EXPECT_FALSE(stats.objects[1].mass);
  EXPECT_DOUBLE_EQ(stats.squeeze_slip->low, 0.001);
  EXPECT_DOUBLE_EQ(stats.squeeze_slip->high, 0.002);
  EXPECT_DOUBLE_EQ(stats.squeeze_stable->median, 0.0035);
  EXPECT_DOUBLE_EQ(stats.mass->median, 0.08);
  EXPECT_DOUBLE_EQ(stats.force->high, 2.5);
  EXPECT_TRUE(stats.labels_measured);
  // The slip passes the threshold at 0.31 s of the trace; T(0) is at 0.1 s: bin of 0.2 to 0.225 s.
  EXPECT_EQ(stats.slip_begins.total(), 6);
  EXPECT_EQ(stats.slip_begins.slip[12], 6);
  EXPECT_EQ(stats.margins.total(), 12);
  EXPECT_EQ(stats.margins.slip[7], 6);
  EXPECT_EQ(stats.margins.stable[10] + stats.margins.stable[11], 6);
  EXPECT_EQ(stats.margin_parts, (std::array<int, 3>{6, 0, 6}));
  // The arm rises from its state at 0.09 s on; states are 10 ms apart, 3 ms from outside pictures.
  EXPECT_NEAR(stats.onset_to_frame->median, 0.01, 1e-9);
  EXPECT_NEAR(stats.outside_after_tactile->median, 0.013, 1e-9);
  EXPECT_NEAR(stats.frame_to_state->high, 0.003, 1e-9);
  EXPECT_EQ(stats.frame_to_state->count, 12);
}

TEST(DatasetStats, TextAndJsonSayTheSame) {
  TemporaryFolder folder;
  const EpisodeStore store = make_store(folder.path() / "data");
  DatasetStatsOptions options;
  options.statistics.resamples = 200;
  const DatasetStats stats = dataset_stats(store, options);
  const std::string text = stats_text(stats);
  EXPECT_THAT(text, HasSubstr("Of the slips: incipient 50.0%, translation 0.0%, rotation 0.0%, "
                              "lost 50.0%"));
  EXPECT_THAT(text, HasSubstr("0.200 to 0.225     6 ######\n"));
  EXPECT_THAT(text, HasSubstr("Within 5% of the edge: 50.0%"));
  EXPECT_THAT(text,
              HasSubstr("tactile picture to the outside one          13 to 13 ms, median 13"));
  EXPECT_THAT(text, HasSubstr("Least balanced test object: egg, 50% of its rarer class"));
  // Squeeze tells all here, and all pictures are alike.
  EXPECT_THAT(text, HasSubstr("squeeze, across objects                    100.0 [100.0, 100.0]"));
  EXPECT_THAT(text, HasSubstr("not told: is the same for all training grasps"));
  const auto json = nlohmann::json::parse(stats_json(stats));
  EXPECT_EQ(json.at("all").at("kinds").at("lost"), 3);
  EXPECT_EQ(json.at("slip_begins").at("slip").at(12), 6);
  EXPECT_EQ(json.at("predictions").at(0).at("balanced_accuracy").at("value"), 1.0);
  EXPECT_TRUE(json.at("predictions").at(1).at("balanced_accuracy").is_null());
  EXPECT_EQ(json.at("dataset_sha256"), store.dataset_hash());
}

TEST(DatasetStats, LabelsOfAPersonHaveNeitherKindNorOnset) {
  TemporaryFolder folder;
  DatasetInfo info;
  info.protocol_text = "imported: {layout: li2018}\n";
  info.test_objects = {"egg"};
  EpisodeStore store = EpisodeStore::create_or_resume(folder.path() / "data", info);
  for (int grasp = 0; grasp < 4; ++grasp) {
    Episode episode = plain_episode("egg", grasp, grasp < 2);
    episode.record.trace.clear();
    episode.record.grip_margin.reset();
    episode.record.parameters.squeeze = 0.0;
    store.write(episode);
  }
  const DatasetStats stats = dataset_stats(store, {});
  const std::string text = stats_text(stats);
  EXPECT_THAT(text, HasSubstr("Kinds of slip: not known"));
  EXPECT_THAT(text, HasSubstr("When slip begins: not known"));
  EXPECT_THAT(text, HasSubstr("Grip margin: not known"));
  EXPECT_THAT(text, HasSubstr("from the measured start of the lift to T(0)        not known"));
  EXPECT_THAT(text, HasSubstr("squeeze, slipping grasps    not known"));
  EXPECT_THAT(message_of([&] { plot_stats(folder.path() / "x.svg", stats); }),
              HasSubstr("nothing to draw"));
}

TEST(DatasetStats, AnEmptyOrDamagedDataSetIsSaid) {
  TemporaryFolder folder;
  const EpisodeStore empty = EpisodeStore::create_or_resume(folder.path() / "empty", {});
  EXPECT_THAT(message_of([&] { dataset_stats(empty, {}); }), HasSubstr("holds no grasp"));
  const EpisodeStore store = make_store(folder.path() / "data");
  fs::remove(folder.path() / "data/episodes/cup/001/external_07.jpg");
  EXPECT_THAT(message_of([&] { dataset_stats(store, {}); }),
              HasSubstr("cup/001/external_07.jpg: is missing"));
}

TEST(ThresholdFit, FindsTheCutAndItsDirection) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6};
  const ThresholdFit below(values, {true, true, true, false, false, false});
  EXPECT_DOUBLE_EQ(below.threshold, 3.5);
  EXPECT_TRUE(below.says_slip(1.0));
  EXPECT_FALSE(below.says_slip(5.0));
  const ThresholdFit above(values, {false, false, false, false, true, true});
  EXPECT_DOUBLE_EQ(above.threshold, 4.5);
  EXPECT_TRUE(above.says_slip(5.0));
  EXPECT_THROW(ThresholdFit(values, std::vector<bool>(6, true)), std::invalid_argument);
}

TEST(LogisticFit, FindsTheLogOddsOfTwoNormals) {
  // Classes N(0, 1) and N(1.5, 1): log odds are 1.5 x - 1.125, whatever the classes' sizes, since
  // both weigh the same.
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> rows;
  std::vector<bool> slip;
  for (int i = 0; i < 6000; ++i) {
    const bool of_slip = i % 4 == 0;
    rows.push_back({normal(random) + (of_slip ? 1.5 : 0.0), normal(random)});
    slip.push_back(of_slip);
  }
  const LogisticFit fit(rows, slip);
  auto log_odds = [&](double x, double y) {
    const double p = fit.probability({x, y});
    return std::log(p / (1.0 - p));
  };
  // Four standard errors at 1500 slips are about 0.15.
  EXPECT_NEAR(log_odds(1.0, 0.0) - log_odds(0.0, 0.0), 1.5, 0.15);
  EXPECT_NEAR(log_odds(0.75, 0.0), 0.0, 0.15);
  EXPECT_NEAR(log_odds(0.0, 1.0) - log_odds(0.0, 0.0), 0.0, 0.15);
}

std::vector<BlindGrasp> made_up_grasps() {
  std::vector<BlindGrasp> grasps;
  std::mt19937_64 random(5);
  for (int object = 0; object < 30; ++object) {
    for (int grasp = 0; grasp < 12; ++grasp) {
      BlindGrasp one{"o" + std::to_string(object), std::to_string(grasp), object >= 20,
                     grasp % 2 == 0};
      // Within an object a slip has half the squeeze; between objects squeezes differ far more.
      one.squeeze = std::exp(4.0 * std::sin(7.0 * object)) * (one.slip ? 1.0 : 2.0);
      for (int i = 0; i < kFramesPerEpisode; ++i) {
        one.tactile_bytes.push_back(20000.0 + 1000.0 * object + static_cast<double>(random() % 50));
        // Leaks: slips have larger files from the first picture on.
        one.external_bytes.push_back(one.slip ? 31000.0 + static_cast<double>(random() % 500)
                                              : 30000.0 + static_cast<double>(random() % 500));
      }
      grasps.push_back(std::move(one));
    }
  }
  return grasps;
}

TEST(BlindPrediction, FindsALeakAndNothingElse) {
  BootstrapOptions statistics;
  statistics.resamples = 300;
  const auto predictions = predict_blindly(made_up_grasps(), statistics);
  ASSERT_EQ(predictions.size(), 5u);
  // Squeeze that only tells within an object gives little across; the leak gives all.
  EXPECT_LT(predictions[0].balanced_accuracy->value, 0.65);
  EXPECT_EQ(predictions[0].balanced_accuracy->objects, 10);
  EXPECT_GT(predictions[1].balanced_accuracy->low, 0.95);
  EXPECT_GT(predictions[2].balanced_accuracy->low, 0.95);
  // Of 6 slips and 6 holds, the other grasps' majority is always the other class.
  EXPECT_DOUBLE_EQ(predictions[3].balanced_accuracy->value, 0.0);
  EXPECT_DOUBLE_EQ(predictions[4].balanced_accuracy->value, 0.5);
}

TEST(BlindPrediction, ObjectsOfOneClassAreKnownByName) {
  std::vector<BlindGrasp> grasps = made_up_grasps();
  for (BlindGrasp& grasp : grasps) grasp.slip = std::stoi(grasp.object.substr(1)) % 2 == 0;
  BootstrapOptions statistics;
  statistics.resamples = 100;
  const auto predictions = predict_blindly(grasps, statistics);
  EXPECT_DOUBLE_EQ(predictions[3].balanced_accuracy->value, 1.0);
  EXPECT_DOUBLE_EQ(predictions[4].balanced_accuracy->value, 1.0);
}

}  // namespace
}  // namespace gripbench::experiments
