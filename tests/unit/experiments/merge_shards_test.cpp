#include "experiments/merge_shards.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "experiments/episode_files.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class MergeShardsTest : public ::testing::Test {
 protected:
  /// Collects part `shard` of `shards` on the fake rig into a folder of this name; `change` may
  /// make another data set of it.
  template <typename Change>
  fs::path make(const std::string& name, int shard, int shards, Change change) {
    DatasetInfo info = fake_dataset(protocol_);
    info.shard = shard;
    info.shards = shards;
    info.plan = planned_grasps(protocol_, shard, shards);
    change(info);
    EpisodeStore store = EpisodeStore::create_or_resume(folder_.path() / name, info);
    collect(protocol_, fake_objects(protocol_), [] { return make_fake_workcell({}); }, store,
            {.shard = shard, .shards = shards});
    return store.folder();
  }
  fs::path make(const std::string& name, int shard, int shards) {
    return make(name, shard, shards, [](DatasetInfo&) {});
  }
  fs::path out() const { return folder_.path() / "out"; }

  TemporaryFolder folder_;
  GraspProtocol protocol_ = fake_protocol();
};

TEST_F(MergeShardsTest, GivesWhatOneRunGives) {
  const fs::path whole = make("whole", 0, 1);
  std::vector<fs::path> shards;
  for (int i = 0; i < 3; ++i) shards.push_back(make("s" + std::to_string(i), i, 3));
  std::vector<std::size_t> done;
  MergeOptions options;
  options.jobs = 2;
  options.progress = [&](std::size_t count, std::size_t total) {
    done.push_back(count);
    EXPECT_EQ(total, 15u);
  };
  const MergeSummary summary = merge_shards(shards, out(), options);
  EXPECT_EQ(summary.grasps, 12u);
  EXPECT_EQ(summary.positions, 3u);
  EXPECT_EQ(summary.linked + summary.copied, 15u);
  EXPECT_EQ(done.size(), 15u);
  EXPECT_EQ(bytes_below(out()), bytes_below(whole));
  EXPECT_EQ(summary.dataset_hash, EpisodeStore::open(whole).dataset_hash());
}

TEST_F(MergeShardsTest, AnInterruptedMergeShowsNothingAndGoesOn) {
  const fs::path whole = make("whole", 0, 1);
  const std::vector<fs::path> shards = {make("a", 0, 2), make("b", 1, 2)};
  std::atomic<bool> stop = false;
  MergeOptions options;
  options.transfer = EpisodeStore::Transfer::kCopy;
  options.stop = &stop;
  options.progress = [&](std::size_t done, std::size_t) { stop = done == 4; };
  EXPECT_THROW(merge_shards(shards, out(), options), hal::Interrupted);
  EXPECT_FALSE(fs::exists(out()));
  stop = false;
  options.progress = nullptr;
  EXPECT_EQ(merge_shards(shards, out(), options).copied, 11u);
  EXPECT_EQ(bytes_below(out()), bytes_below(whole));
  EXPECT_EQ(merge_shards(shards, out(), options).copied, 0u) << "nothing is left to do";
}

TEST_F(MergeShardsTest, RefusesShardsOfAnotherDataSetAndSaysWhatAndWhere) {
  const fs::path first = make("first", 0, 2);
  int count = 0;
  const auto complaint = [&](auto change) {
    const fs::path other = make("other" + std::to_string(++count), 1, 2, change);
    const std::string message = message_of([&] { merge_shards({first, other}, out(), {}); });
    EXPECT_THAT(message, AllOf(HasSubstr(first.string()), HasSubstr(other.string())));
    return message;
  };
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.seed = 9; }), HasSubstr("seed 9, not 1"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.protocol_text.insert(100, "\n"); }),
              AllOf(HasSubstr("another protocol"), HasSubstr("in line 2)")));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.catalogue_hash = "x"; }), HasSubstr("objects"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.rig_hash = "x"; }), HasSubstr("workcell"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.software = "8.1"; }),
              HasSubstr("GripBench 8.1, not test"));
  EXPECT_THAT(complaint([](DatasetInfo& i) { i.shards = 4; }),
              HasSubstr("shard 2/4, not one of 2"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(MergeShardsTest, RefusesAnIncompleteSet) {
  const fs::path a = make("a", 0, 4);
  const fs::path b = make("b", 1, 4);
  const fs::path c = make("c", 2, 4);
  const fs::path d = make("d", 3, 4);
  const auto complaint = [&](const std::vector<fs::path>& shards) {
    return message_of([&] { merge_shards(shards, out(), {}); });
  };
  EXPECT_THAT(complaint({a, c}), HasSubstr("shards 2/4, 4/4 are not among those given"));
  EXPECT_THAT(complaint({a, b, d}), HasSubstr("shard 3/4 is not among those given"));
  EXPECT_THAT(complaint({a, b, c, b}),
              HasSubstr(b.string() + ": is shard 2/4, as " + b.string() + " is"));
  EXPECT_THAT(complaint({}), HasSubstr("no shard"));
  fs::remove_all(b / "episodes/mug/002");
  EXPECT_THAT(complaint({a, b, c, d}),
              HasSubstr(b.string() + ": shard 2/4 lacks 1 of its 4 grasps (mug/002 first)"));
  const fs::path unplanned = make("unplanned", 0, 1, [](DatasetInfo& i) { i.plan.reset(); });
  EXPECT_THAT(complaint({unplanned}), HasSubstr("does not say which grasps"));
}

TEST_F(MergeShardsTest, RefusesAShardOfANewerLayout) {
  const fs::path a = make("a", 0, 2);
  const fs::path b = make("b", 1, 2);
  auto json = nlohmann::json::parse(read_file(b / "dataset.json"));
  json["version"] = kStoreVersion + 1;
  std::ofstream(b / "dataset.json") << json.dump();
  EXPECT_THAT(message_of([&] {
                merge_shards({a, b}, out(), {});
              }),
              AllOf(HasSubstr((b / "dataset.json").string()), HasSubstr("newer GripBench")));
}

}  // namespace
}  // namespace gripbench::experiments
