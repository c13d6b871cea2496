#include <cstdlib>

#include <sys/stat.h>

#include "tests/e2e/command_line.h"

namespace gripbench {
namespace {

class Shards : public CommandLine {
 protected:
  std::vector<std::string> collect(const std::string& name,
                                   const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"collect",
                                 "--workcell",
                                 fs::path(GRIPBENCH_SOURCE_DIR) / "assets/workcells/sim.yaml",
                                 "--protocol",
                                 root_ / "tiny.yaml",
                                 "--out",
                                 root_ / name};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void make(const std::string& name, const std::vector<std::string>& more = {}) {
    const Ended ended = run(collect(name, more));
    ASSERT_EQ(ended.code, 0) << ended.errors;
  }
  /// Collects all parts as shard_1, shard_2 ...; gives the words of the command that joins them.
  std::vector<std::string> make_shards(int count, const std::string& whole) {
    std::vector<std::string> merge{"merge"};
    for (int i = 1; i <= count; ++i) {
      const std::string name = "shard_" + std::to_string(i);
      make(name, {"--shard", std::to_string(i) + "/" + std::to_string(count)});
      merge.push_back(root_ / name);
    }
    merge.insert(merge.end(), {"--out", root_ / whole});
    return merge;
  }
  /// What `diff -r` says of two data sets; nothing if they are the same, byte for byte.
  std::string diff(const std::string& a, const std::string& b) {
    const std::string command = "diff -r '" + (root_ / a).string() + "' '" + (root_ / b).string() +
                                "' > '" + (root_ / "diff").string() + "' 2>&1";
    EXPECT_NE(std::system(command.c_str()), -1);
    return text_of(root_ / "diff");
  }
};

ino_t inode_of(const fs::path& file) {
  struct stat status {};
  EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
  return status.st_ino;
}

// That the number of jobs changes nothing is shown in command_line_test.
TEST_F(Shards, SevenMergedAreWhatOneRunGives) {
  // Six positions: the seventh shard is empty.
  write_tiny_protocol(root_ / "tiny.yaml", {.positions = 2, .grasps_per_object = 3});
  make("one");

  const Ended merged = run(make_shards(7, "merged"));
  ASSERT_EQ(merged.code, 0) << merged.errors;
  EXPECT_NE(merged.output.find("9 grasps and 6 positions of 7 shards, 15 folders linked and 0 "),
            std::string::npos)
      << merged.output;
  EXPECT_EQ(diff("one", "merged"), "");
  const Ended sound = run({"verify", root_ / "merged"});
  EXPECT_EQ(sound.code, 0) << sound.errors;
  EXPECT_NE(sound.output.find("9 episodes, sound"), std::string::npos) << sound.output;
}

TEST_F(Shards, MergeGoesOnCopiesAndRefusesWhatDoesNotBelongTogether) {
  write_tiny_protocol(root_ / "tiny.yaml");
  const std::vector<std::string> merge = make_shards(2, "merged");
  const std::string first = merge[1];
  const std::string second = merge[2];
  const fs::path out = root_ / "merged";
  const auto join = [&](const std::vector<std::string>& shards) {
    std::vector<std::string> all{"merge"};
    all.insert(all.end(), shards.begin(), shards.end());
    all.insert(all.end(), {"--out", out});
    return run(all);
  };

  expect_one_line(join({first}), 2, "shard 2/2 is not among those given");
  expect_one_line(join({first, second, first}), 2, "is shard 1/2, as " + first + " is");
  expect_one_line(join({first, root_ / "none"}), 2, "none: is no data set");
  expect_one_line(run(collect("shard_1", {"--shard", "2/2"})), 2, "shard 1/2, not 2/2");

  // Begun, and stopped before the first grasp: a run that cannot go on for want of a workcell.
  fs::create_directories(root_ / "unfinished");
  fs::copy(second, root_ / "unfinished", fs::copy_options::recursive);
  fs::remove_all(root_ / "unfinished" / "episodes");
  expect_one_line(join({first, root_ / "unfinished"}), 2, "shard 2/2 lacks 2 of its 2 grasps");
  const Ended lacking = run({"verify", root_ / "unfinished"});
  EXPECT_EQ(lacking.code, 2);
  EXPECT_NE(lacking.errors.find("spray_can: lacks 000 001"), std::string::npos) << lacking.errors;

  // A damaged file is named, and nothing appears.
  const fs::path picture = fs::path(second) / "episodes/spray_can/001/external_14.jpg";
  const std::string sound = text_of(picture);
  std::ofstream(picture, std::ios::binary) << sound.substr(0, sound.size() - 1);
  const Ended damaged = join({first, second});
  EXPECT_EQ(damaged.code, 2);
  EXPECT_NE(damaged.errors.find("external_14.jpg: is damaged or truncated"), std::string::npos);
  EXPECT_FALSE(fs::exists(out));
  std::ofstream(picture, std::ios::binary) << sound;

  // Goes on from there, and says on a further call that nothing is left to do.
  const Ended joined = join({second, first});
  ASSERT_EQ(joined.code, 0) << joined.errors;
  const fs::path episode = "episodes/spray_can/001/episode.json";
  EXPECT_EQ(inode_of(out / episode), inode_of(fs::path(second) / episode));
  const Ended again = join({first, second});
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_NE(again.output.find("0 folders linked and 0 copied"), std::string::npos) << again.output;
  std::vector<std::string> copy = merge;
  copy.back() = root_ / "copied";
  copy.push_back("--copy");
  ASSERT_EQ(run(copy).code, 0);
  EXPECT_EQ(diff("merged", "copied"), "");
  EXPECT_NE(inode_of(root_ / "copied" / episode), inode_of(out / episode));

  // A folder that holds something else is left as it is.
  fs::remove_all(out);
  fs::create_directories(out);
  std::ofstream(out / "dear.txt") << "mine";
  expect_one_line(join({first, second}), 2, "is there already");
  EXPECT_EQ(text_of(out / "dear.txt"), "mine");
}

TEST_F(Shards, EveryFlippedByteIsFoundByVerify) {
  write_tiny_protocol(root_ / "tiny.yaml", {.grasps_per_object = 1});
  make("data");
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root_ / "data")) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  // dataset.json, plan.csv, three positions of 3 files and episodes of 32.
  ASSERT_EQ(files.size(), 2u + 3u * (3u + 32u));
  std::sort(files.begin(), files.end());
  // One file of every sort, at three places of each; a bit flipped at the end may make white space.
  for (const std::string name :
       {"dataset.json", "plan.csv", "episode.json", "trace.csv", "tactile_00.jpg",
        "external_14.jpg", "position.json", "touch.jpg", "reference.jpg"}) {
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const fs::path& path) { return path.filename() == name; });
    ASSERT_NE(file, files.end()) << name;
    const std::string sound = text_of(*file);
    for (const std::size_t at : {std::size_t{0}, sound.size() / 2, sound.size() - 1}) {
      std::string flipped = sound;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x07);
      std::ofstream(*file, std::ios::binary) << flipped;
      const Ended found = run({"verify", root_ / "data"});
      EXPECT_EQ(found.code, 2) << *file << " at " << at;
      EXPECT_NE(found.errors.find(file->string()), std::string::npos)
          << *file << " at " << at << ": " << found.errors;
    }
    std::ofstream(*file, std::ios::binary) << sound;
  }
  EXPECT_EQ(run({"verify", root_ / "data"}).code, 0);
}

}  // namespace
}  // namespace gripbench
