#include "experiments/episode_store.h"

#include <algorithm>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "experiments/episode_files.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

cv::Mat picture(int shade) {
  cv::Mat image(48, 64, CV_8UC3);
  cv::randu(image, cv::Scalar::all(shade), cv::Scalar::all(shade + 60));
  return image;
}

Episode make_episode(const std::string& object, const std::string& grasp) {
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.parameters = {.object = object,
                       .grasp = grasp,
                       .seed = 0xfedcba9876543210,
                       .position = 1,
                       .height = 0.1 / 3.0,
                       .offset = -0.001,
                       .yaw = 0.07,
                       .barely_touch_width = 0.0405,
                       .squeeze = 0.0012};
  record.slip = true;
  record.kind = SlipKind::kRotation;
  record.reason = "pad 0: \"quoted\", 0.41 mm";
  record.grip_margin = -0.1 / 3.0;
  record.variation = {{"friction_gel", 0.1 / 0.3}, {"camera_delay", 0.0125}};
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    episode.tactile[i] = picture(10 + i);
    episode.external[i] = picture(120 + i);
    record.tactile_times[i] = i / 20.0;
    record.external_times[i] = i / 20.0 + 0.013;
  }
  for (int i = 0; i < 80; ++i) {
    TracePoint point;
    point.time = i * 0.008 + 1e-9;
    point.base_from_tcp.translation() = Eigen::Vector3d(0.45, 1.0 / 3.0, 0.1 + i * 1e-4);
    point.base_from_tcp.linear() = Eigen::Vector3d(1, -1, -1).asDiagonal();
    point.tcp_speed_z = i / 7.0;
    point.jaw_width = 0.0393;
    point.normal_force = 2.0 / 3.0;
    hal::SlipTruth truth;
    truth.pads[0].mean_distance = i * 1e-5 / 3.0;
    truth.pads[0].translation = {1e-7 * i, -3e-5 * i};
    truth.pads[1].rotation = -1e-3 * i / 7.0;
    truth.pads[1].force = {0.1 / 3.0, 1.0 / 7.0, 2.5};
    truth.pads[1].torque = 1e-17;
    truth.object_lost = i > 70;
    point.truth = truth;
    record.trace.push_back(point);
  }
  return episode;
}

PositionRecord make_position() {
  PositionRecord position{.object = "egg", .index = 1, .barely_touch_width = 0.0405};
  position.edge_depth = 0.0017;
  position.trials = {{.squeeze = 0.001, .slip = true, .reason = "slid"},
                     {.squeeze = 0.002, .slip = false, .reason = "held"}};
  position.reference = picture(20);
  position.touch = picture(90);
  position.gripper.resolution = 0.00002;
  position.tactile_camera = {.width_px = 64, .height_px = 48, .rate_hz = 20.0};
  position.external_camera = position.tactile_camera;
  return position;
}

class EpisodeStoreTest : public ::testing::Test {
 protected:
  EpisodeStore store() { return EpisodeStore::create_or_resume(folder_.path() / "d", info_); }
  fs::path file(const std::string& name) const {
    return folder_.path() / "d/episodes/egg/001" / name;
  }
  void overwrite(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  TemporaryFolder folder_;
  DatasetInfo info_ = fake_dataset(fake_protocol());
};

TEST_F(EpisodeStoreTest, ReadsBackWhatItWrote) {
  const Episode written = make_episode("egg", "001");
  store().write(written);
  const EpisodeStore reader = EpisodeStore::open(folder_.path() / "d");
  EXPECT_EQ(reader.info().protocol_text, info_.protocol_text);
  EXPECT_EQ(reader.info().test_objects, info_.test_objects);
  ASSERT_EQ(reader.records().size(), 1u);
  const Episode read = reader.load(reader.records().front());
  const GraspParameters& p = read.record.parameters;
  EXPECT_EQ(p.seed, 0xfedcba9876543210);
  EXPECT_EQ(p.height, 0.1 / 3.0);
  EXPECT_EQ(p.squeeze, 0.0012);
  EXPECT_EQ(read.record.kind, SlipKind::kRotation);
  EXPECT_EQ(read.record.reason, written.record.reason);
  EXPECT_EQ(read.record.grip_margin, written.record.grip_margin);
  EXPECT_EQ(read.record.variation, written.record.variation);
  EXPECT_EQ(read.record.external_times, written.record.external_times);
  ASSERT_EQ(read.record.trace.size(), written.record.trace.size());
  for (std::size_t i = 0; i < read.record.trace.size(); ++i) {
    const TracePoint& a = read.record.trace[i];
    const TracePoint& b = written.record.trace[i];
    EXPECT_EQ(a.time, b.time);
    EXPECT_EQ(a.tcp_speed_z, b.tcp_speed_z);
    EXPECT_TRUE(a.base_from_tcp.isApprox(b.base_from_tcp, 1e-14));
    EXPECT_EQ(a.truth->pads[0].translation, b.truth->pads[0].translation);
    EXPECT_EQ(a.truth->pads[1].torque, b.truth->pads[1].torque);
    EXPECT_EQ(a.truth->object_lost, b.truth->object_lost);
  }
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    // JPEG of quality 95 changes noise by a few levels.
    EXPECT_LT(cv::norm(read.tactile[i], written.tactile[i], cv::NORM_L1) / (64 * 48 * 3), 12.0);
    EXPECT_EQ(read.external[i].size(), cv::Size(64, 48));
  }
  EXPECT_THAT(reader.verify(), IsEmpty());
}

TEST_F(EpisodeStoreTest, ATraceWithoutTruthReadsBackWithout) {
  Episode episode = make_episode("egg", "001");
  for (TracePoint& point : episode.record.trace) point.truth.reset();
  episode.record.grip_margin.reset();
  EpisodeStore s = store();
  s.write(episode);
  const Episode read = s.load("egg", "001");
  EXPECT_FALSE(read.record.trace.front().truth.has_value());
  EXPECT_FALSE(read.record.grip_margin.has_value());
}

TEST_F(EpisodeStoreTest, ListsByObjectThenGrasp) {
  EpisodeStore s = store();
  for (const auto& [object, grasp] : {std::pair{"mug", "000"}, {"egg", "010"}, {"egg", "002"}}) {
    s.write(make_episode(object, grasp));
  }
  std::vector<std::string> names;
  for (const EpisodeRecord& record : s.records()) {
    names.push_back(record.parameters.object + record.parameters.grasp);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("egg002", "egg010", "mug000"));
  EXPECT_TRUE(s.has_episode("egg", "010"));
  EXPECT_FALSE(s.has_episode("egg", "011"));
}

TEST_F(EpisodeStoreTest, PositionsReadBack) {
  EpisodeStore s = store();
  s.write_position(make_position());
  EXPECT_TRUE(s.has_position("egg", 1));
  EXPECT_FALSE(s.has_position("egg", 0));
  const PositionRecord read = s.load_position("egg", 1);
  EXPECT_EQ(read.edge_depth, 0.0017);
  EXPECT_EQ(read.trials.size(), 2u);
  EXPECT_TRUE(read.edge_found());
  EXPECT_EQ(read.touch.size(), cv::Size(64, 48));
  EXPECT_EQ(read.gripper.resolution, 0.00002);
}

TEST_F(EpisodeStoreTest, NamesEveryDamagedFile) {
  EpisodeStore s = store();
  s.write(make_episode("egg", "001"));
  s.write_position(make_position());
  const std::string sound = read_file(file("tactile_07.jpg"));

  std::string flipped = sound;
  flipped[flipped.size() / 2] ^= 1;
  overwrite(file("tactile_07.jpg"), flipped);
  EXPECT_THAT(message_of([&] { s.load("egg", "001"); }),
              AllOf(HasSubstr("tactile_07.jpg"), HasSubstr("damaged")));
  EXPECT_THAT(s.verify(), ::testing::ElementsAre(HasSubstr("tactile_07.jpg")));

  overwrite(file("tactile_07.jpg"), sound.substr(0, sound.size() / 2));
  EXPECT_THAT(message_of([&] { s.load("egg", "001"); }),
              AllOf(HasSubstr("tactile_07.jpg"), HasSubstr("truncated")));

  fs::remove(file("tactile_07.jpg"));
  EXPECT_THAT(message_of([&] { s.load("egg", "001"); }),
              AllOf(HasSubstr("tactile_07.jpg"), HasSubstr("missing")));
  overwrite(file("tactile_07.jpg"), sound);
  EXPECT_THAT(s.verify(), IsEmpty());

  overwrite(file("stray.txt"), "?");
  fs::remove(folder_.path() / "d/positions/egg/1/touch.jpg");
  EXPECT_THAT(s.verify(), ::testing::UnorderedElementsAre(HasSubstr("stray.txt"),
                                                          HasSubstr("positions/egg/1/touch.jpg")));
}

TEST_F(EpisodeStoreTest, NoticesAnEditedLabel) {
  EpisodeStore s = store();
  s.write(make_episode("egg", "001"));
  const std::string hash = s.dataset_hash();
  std::string text = read_file(file("episode.json"));
  text.replace(text.find("\"slip\""), 6, "\"stable\"");
  overwrite(file("episode.json"), text);
  EXPECT_THAT(message_of([&] { s.records(); }),
              AllOf(HasSubstr("episode.json"), HasSubstr("checksum")));
  EXPECT_THAT(s.verify(), ::testing::ElementsAre(HasSubstr("episode.json")));
  overwrite(file("episode.json"), "{\"version\": 1,");
  EXPECT_THAT(message_of([&] { s.records(); }), HasSubstr("no JSON"));
  EXPECT_FALSE(hash.empty());
}

TEST_F(EpisodeStoreTest, NoticesAnEpisodeInTheWrongPlace) {
  EpisodeStore s = store();
  s.write(make_episode("egg", "001"));
  fs::rename(folder_.path() / "d/episodes/egg/001", folder_.path() / "d/episodes/egg/002");
  EXPECT_THAT(message_of([&] { s.records(); }), HasSubstr("egg/001"));
  EXPECT_THAT(s.verify(), Contains(HasSubstr("egg/001")));
}

TEST_F(EpisodeStoreTest, DatasetHashIsOfAllEpisodesAndTheirContent) {
  EpisodeStore s = store();
  const std::string empty = s.dataset_hash();
  s.write(make_episode("egg", "001"));
  const std::string one = s.dataset_hash();
  EXPECT_NE(one, empty);
  s.write(make_episode("mug", "000"));
  EXPECT_NE(s.dataset_hash(), one);
}

TEST_F(EpisodeStoreTest, NamesWhateverDoesNotBelongThere) {
  EpisodeStore s = store();
  s.write(make_episode("egg", "001"));
  s.write_position(make_position());
  const fs::path root = folder_.path() / "d";
  const std::vector<std::string> strays = {"notes.txt",           "episodes/list.txt",
                                           "episodes/egg/a.jpg",  "episodes/egg/001/tactile_15.jpg",
                                           "positions/egg/b.jpg", "positions/egg/1/c.jpg"};
  std::vector<::testing::Matcher<std::string>> named;
  for (const std::string& stray : strays) {
    overwrite(root / stray, "?");
    named.push_back(AllOf(HasSubstr(stray), HasSubstr("does not belong here")));
  }
  fs::create_directories(root / "old");
  named.push_back(HasSubstr("old: does not belong here"));
  fs::create_directories(file(".unfinished-x"));
  named.push_back(HasSubstr(".unfinished-x: does not belong here"));
  EXPECT_THAT(s.verify(), ::testing::UnorderedElementsAreArray(named));
}

// A program that writes 14 frames and sound checksums of them makes no episode.
TEST_F(EpisodeStoreTest, NamesAnEpisodeWithoutJustItsFrames) {
  EpisodeStore s = store();
  s.write(make_episode("egg", "001"));
  auto json = nlohmann::json::parse(read_file(file("episode.json")));
  FolderContent content;
  for (const auto& [name, checksum] : json["files"].items()) {
    content[name] = read_file(file(name));
  }
  const auto rewrite = [&] {
    fs::remove_all(file(""));
    json.erase("files");
    json.erase("sha256");
    FolderContent whole = content;
    whole.erase("episode.json");
    add_description(whole, "episode.json", json);
    write_folder(file("").parent_path(), whole);
  };
  const std::string last = content["external_14.jpg"];
  content.erase("external_14.jpg");
  rewrite();
  EXPECT_THAT(s.verify(),
              ::testing::ElementsAre(HasSubstr("episode.json: names 15 tactile and 14 external"),
                                     HasSubstr("external_14.jpg: is missing")));
  content["external_14.jpg"] = last;
  content["external_15.jpg"] = last;
  rewrite();
  EXPECT_THAT(s.verify(),
              ::testing::ElementsAre(HasSubstr("episode.json: names 15 tactile and 16 external"),
                                     HasSubstr("external_15.jpg: does not belong here")));
}

TEST_F(EpisodeStoreTest, NamesAFileThatMeansTheSameAndIsAnother) {
  EpisodeStore s = store();
  s.write(make_episode("egg", "001"));
  const std::string sound = read_file(file("episode.json"));
  overwrite(file("episode.json"), sound + " ");
  EXPECT_THAT(s.verify(), ::testing::ElementsAre(HasSubstr("episode.json: does not match")));
}

TEST_F(EpisodeStoreTest, KnowsWhatWasPlannedAndIsMissing) {
  info_.plan = {{"egg", "001", 1}, {"egg", "002", 1}, {"mug", "000", 0}};
  EpisodeStore s = store();
  EXPECT_EQ(EpisodeStore::open(s.folder()).info().plan, info_.plan);
  s.write_position(make_position());
  s.write(make_episode("egg", "001"));
  EXPECT_THAT(s.verify(), IsEmpty());
  EXPECT_THAT(s.missing(),
              ::testing::ElementsAre(PlannedGrasp{"egg", "002", 1}, PlannedGrasp{"mug", "000", 0}));
  fs::remove_all(s.folder() / "positions/egg/1");
  EXPECT_THAT(s.verify(), ::testing::ElementsAre(HasSubstr("positions/egg/1: is missing")));
  s.write_position(make_position());
  s.write(make_episode("egg", "003"));
  EXPECT_THAT(s.verify(), ::testing::ElementsAre(HasSubstr("egg/003: is not in plan.csv")));
  overwrite(s.folder() / "plan.csv", "object,grasp,position\negg,001,1\n");
  EXPECT_THAT(s.verify(), Contains(HasSubstr("plan.csv: is damaged")));
  EXPECT_THAT(message_of([&] { EpisodeStore::open(s.folder()); }), HasSubstr("plan.csv"));
}

TEST_F(EpisodeStoreTest, BeginsAnewAfterAKillBeforeTheDataSetWasBegun) {
  fs::create_directories(folder_.path() / "d");
  overwrite(folder_.path() / "d/plan.csv", "half");
  info_.plan = {{"egg", "001", 1}};
  store();
  EXPECT_EQ(EpisodeStore::open(folder_.path() / "d").info().plan, info_.plan);
}

TEST_F(EpisodeStoreTest, RefusesToMixShardsAndPlans) {
  info_.plan = {{"egg", "001", 1}};
  info_.shards = 2;
  store();
  info_.shard = 1;
  EXPECT_THAT(message_of([&] { store(); }), HasSubstr("shard 1/2, not 2/2"));
  info_.shard = 0;
  info_.plan = {{"egg", "002", 1}};
  EXPECT_THAT(message_of([&] { store(); }), HasSubstr("planned other grasps"));
}

// Data sets of before there were plans can be read, and not be gone on with.
TEST_F(EpisodeStoreTest, ReadsTheFirstLayout) {
  store().write(make_episode("egg", "001"));
  auto json = nlohmann::json::parse(read_file(folder_.path() / "d/dataset.json"));
  json.erase("shard");
  json.erase("sha256");
  json["version"] = 1;
  FolderContent content;
  add_description(content, "dataset.json", json);
  overwrite(folder_.path() / "d/dataset.json", content["dataset.json"]);
  const EpisodeStore reader = EpisodeStore::open(folder_.path() / "d");
  EXPECT_EQ(reader.records().size(), 1u);
  EXPECT_THAT(reader.verify(), IsEmpty());
  info_.plan = {{"egg", "001", 1}};
  EXPECT_THAT(message_of([&] { store(); }), HasSubstr("another version of GripBench"));
}

TEST_F(EpisodeStoreTest, TakesOverWhatAnotherStoreHolds) {
  EpisodeStore from = store();
  from.write(make_episode("egg", "001"));
  from.write_position(make_position());
  for (const auto how : {EpisodeStore::Transfer::kLink, EpisodeStore::Transfer::kCopy}) {
    const fs::path there = folder_.path() / (how == EpisodeStore::Transfer::kLink ? "l" : "c");
    EpisodeStore to = EpisodeStore::create_or_resume(there, info_);
    EXPECT_TRUE(to.adopt_episode(from, "egg", "001", how));
    EXPECT_TRUE(to.adopt_position(from, "egg", 1, how));
    EXPECT_EQ(bytes_below(there), bytes_below(from.folder()));
    EXPECT_EQ(fs::hard_link_count(there / "episodes/egg/001/trace.csv"),
              how == EpisodeStore::Transfer::kLink ? 2u : 1u);
  }
  overwrite(file("external_03.jpg"), "damaged");
  EpisodeStore to = EpisodeStore::create_or_resume(folder_.path() / "n", info_);
  for (const auto how : {EpisodeStore::Transfer::kLink, EpisodeStore::Transfer::kCopy}) {
    EXPECT_THAT(message_of([&] { to.adopt_episode(from, "egg", "001", how); }),
                HasSubstr("external_03.jpg: is damaged"));
  }
  EXPECT_FALSE(to.has_episode("egg", "001"));
}

TEST_F(EpisodeStoreTest, RefusesToMixDataSets) {
  store();
  const auto complaint = [&](auto change) {
    DatasetInfo other = info_;
    change(other);
    return message_of([&] { EpisodeStore::create_or_resume(folder_.path() / "d", other); });
  };
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.seed = 7; }), HasSubstr("seed 1, not 7"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.rig_hash = "another"; }),
              HasSubstr("another workcell"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.protocol_text += "# more"; }),
              HasSubstr("another protocol"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.catalogue_hash = "other"; }),
              HasSubstr("descriptions of the protocol's objects"));
  EXPECT_EQ(complaint([](DatasetInfo& i) { i.software = "newer"; }), "nothing was thrown");
}

TEST_F(EpisodeStoreTest, RefusesANewerLayout) {
  store();
  const fs::path dataset = folder_.path() / "d/dataset.json";
  auto json = nlohmann::json::parse(read_file(dataset));
  json["version"] = kStoreVersion + 1;
  overwrite(dataset, json.dump());
  EXPECT_THAT(message_of([&] { EpisodeStore::open(folder_.path() / "d"); }),
              AllOf(HasSubstr("dataset.json"), HasSubstr("newer GripBench")));
  EXPECT_THAT(message_of([&] { store(); }), HasSubstr("newer GripBench"));
}

TEST_F(EpisodeStoreTest, RefusesFoldersThatAreNone) {
  EXPECT_THAT(message_of([&] { EpisodeStore::open(folder_.path()); }), HasSubstr("is no data set"));
  overwrite(folder_.path() / "letter.txt", "dear");
  EXPECT_THAT(message_of([&] { EpisodeStore::create_or_resume(folder_.path(), info_); }),
              HasSubstr("holds other files"));
  EXPECT_THAT(message_of([&] { EpisodeStore::create_or_resume("/proc/none/d", info_); }),
              HasSubstr("/proc/none/d"));
}

TEST_F(EpisodeStoreTest, OneWriterAtATime) {
  const EpisodeStore first = store();
  EXPECT_THAT(message_of([&] { store(); }), HasSubstr("another run is writing"));
  EXPECT_NO_THROW(EpisodeStore::open(folder_.path() / "d"));
}

TEST_F(EpisodeStoreTest, SweepsWhatAKilledWriterLeft) {
  store().write(make_episode("egg", "001"));
  fs::create_directories(folder_.path() / "d/episodes/egg/.unfinished-002");
  overwrite(folder_.path() / "d/episodes/egg/.unfinished-002/tactile_00.jpg", "half");
  overwrite(folder_.path() / "d/.unfinished-dataset.json", "half");
  EXPECT_EQ(EpisodeStore::open(folder_.path() / "d").records().size(), 1u);
  const EpisodeStore again = store();
  EXPECT_FALSE(fs::exists(folder_.path() / "d/episodes/egg/.unfinished-002"));
  EXPECT_FALSE(fs::exists(folder_.path() / "d/.unfinished-dataset.json"));
  EXPECT_EQ(again.records().size(), 1u);
}

// A writer killed at any moment leaves whole episodes only.
TEST_F(EpisodeStoreTest, SurvivesAKillAtAnyMoment) {
  const Episode episode = make_episode("egg", "000");
  const fs::path egg = folder_.path() / "d/episodes/egg";
  std::size_t whole = 0;
  bool cut_one_short = false;
  // Goes on until both have been seen: an episode kept, and one cut short.
  for (int round = 0; round < 200 && !(whole > 0 && cut_one_short); ++round) {
    fs::remove_all(egg);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      EpisodeStore writer = store();
      Episode next = episode;
      for (int i = 0;; ++i) {
        next.record.parameters.grasp = std::to_string(i);
        writer.write(next);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 3 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (fs::exists(egg)) {
      for (const auto& entry : fs::directory_iterator(egg)) {
        cut_one_short = cut_one_short || is_unfinished(entry.path());
      }
    }
    const EpisodeStore reader = store();
    EXPECT_THAT(reader.verify(), IsEmpty());
    whole += reader.records().size();
  }
  EXPECT_GT(whole, 0u);
  EXPECT_TRUE(cut_one_short) << "no kill fell into a write; the test showed nothing";
}

// The same path that a full disk takes: write(2) fails half way. EFBIG stands in for ENOSPC.
TEST_F(EpisodeStoreTest, AFailedWriteLeavesNothing) {
  EpisodeStore s = store();
  const Episode episode = make_episode("egg", "001");
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 3000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  bool right_type = false;
  try {
    s.write(episode);
  } catch (const hal::StorageError& error) {
    right_type = true;
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_DFL);
  EXPECT_TRUE(right_type);
  EXPECT_THAT(message, AllOf(HasSubstr("egg/"), HasSubstr("File too large")));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("\n")));
  EXPECT_TRUE(fs::is_empty(folder_.path() / "d/episodes/egg"));
  s.write(episode);
  EXPECT_THAT(s.verify(), IsEmpty());
}

TEST_F(EpisodeStoreTest, AFullDiskIsSaidAndLeavesNothing) {
  const fs::path disk = folder_.path() / "disk";
  fs::create_directories(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "may not mount a small disk here (" << std::strerror(errno) << ")";
  }
  std::string message;
  std::size_t whole = 0;
  bool leftovers = false;
  {
    EpisodeStore s = EpisodeStore::create_or_resume(disk / "d", info_);
    message = message_of([&] {
      for (int i = 0; i < 100; ++i) s.write(make_episode("egg", std::to_string(i)));
    });
    whole = s.records().size();
    for (const auto& entry : fs::recursive_directory_iterator(disk)) {
      leftovers = leftovers || is_unfinished(entry.path());
    }
    EXPECT_THAT(s.verify(), IsEmpty());
  }
  ::umount(disk.c_str());
  EXPECT_THAT(message, AllOf(HasSubstr("No space left on device"), HasSubstr("free some space")));
  EXPECT_GT(whole, 0u);
  EXPECT_FALSE(leftovers);
}

TEST_F(EpisodeStoreTest, RefusesAnEpisodeWithoutAPicture) {
  Episode episode = make_episode("egg", "001");
  episode.external[4] = cv::Mat();
  EpisodeStore s = store();
  EXPECT_THAT(message_of([&] { s.write(episode); }), HasSubstr("frame 4"));
  EXPECT_FALSE(s.has_episode("egg", "001"));
}

}  // namespace
}  // namespace gripbench::experiments
