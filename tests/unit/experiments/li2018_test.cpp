#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "experiments/dataset_export.h"
#include "experiments/episode_store.h"
#include "experiments/li2018_import.h"
#include "experiments/windows.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

cv::Mat noise_picture(int seed) {
  cv::Mat image(30, 40, CV_8UC3);
  cv::RNG random(static_cast<std::uint64_t>(seed + 1));
  random.fill(image, cv::RNG::UNIFORM, 0, 255);
  return image;
}

Episode noise_episode(const std::string& object, int grasp, bool slip) {
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.parameters.object = object;
  record.parameters.grasp = "00" + std::to_string(grasp);
  record.parameters.squeeze = 0.00123;
  record.slip = slip;
  record.kind = slip ? SlipKind::kRotation : SlipKind::kStable;
  record.reason = "made up";
  record.grip_margin = slip ? -0.2 : 0.2;
  const int seed = static_cast<int>(std::hash<std::string>{}(object) % 1000) * 1000 + 100 * grasp;
  for (std::size_t i = 0; i < kFramesPerEpisode; ++i) {
    record.tactile_times[i] = record.external_times[i] = static_cast<double>(i) / kLi2018Rate;
    episode.tactile[i] = noise_picture(seed + static_cast<int>(i));
    episode.external[i] = noise_picture(seed + 50 + static_cast<int>(i));
  }
  return episode;
}

/// Of 7 training and 2 test objects, 3 grasps each.
EpisodeStore small_dataset(const fs::path& folder) {
  DatasetInfo info;
  info.protocol_text = "label: {slip_distance: 0.0003}\n";
  info.train_objects = {"torch", "egg", "mug", "box", "tape", "cup", "bear"};
  info.test_objects = {"can", "sponge"};
  info.seed = 7;
  EpisodeStore store = EpisodeStore::create_or_resume(folder, info);
  for (const auto* objects : {&info.train_objects, &info.test_objects}) {
    for (const std::string& object : *objects) {
      for (int grasp = 0; grasp < 3; ++grasp) {
        store.write(noise_episode(object, grasp, (grasp + object.size()) % 2 == 0));
      }
    }
  }
  return store;
}

/// An archive made by hand, as others write theirs.
class Archive {
 public:
  explicit Archive(fs::path root) : root_(std::move(root)) {}

  /// Frames `first` to `last` under numbered names.
  void add_grasp(const std::string& object, const std::string& grasp, int first, int last,
                 const std::string& ending = ".jpg") {
    const fs::path folder = root_ / object / (grasp + "_mm");
    fs::create_directories(folder);
    for (int i = first; i <= last; ++i) {
      const std::string suffix = fmt::format("{:04}", i);
      write_file(folder / ("external_" + suffix + ending), encode_jpeg(noise_picture(i)));
      write_file(folder / ("gelsight_" + suffix + ending), encode_jpeg(noise_picture(100 + i)));
    }
  }
  void add_label(const std::string& object, const std::string& text) {
    fs::create_directories((root_ / object).parent_path());
    std::ofstream(root_ / (object + "_result.dat"), std::ios::app | std::ios::binary) << text;
  }
  const fs::path& root() const { return root_; }
  fs::path file(const std::string& name) const { return root_ / name; }

 private:
  fs::path root_;
};

class Li2018 : public testing::Test {
 protected:
  Li2018ImportSummary import(int named_frame = kLi2018NamedFrame) {
    Li2018ImportOptions options;
    options.jobs = 2;
    options.named_frame = named_frame;
    return import_li2018(archive_.root(), imported(), options);
  }
  std::vector<std::string> reasons(const std::vector<Omission>& omissions) {
    std::vector<std::string> words;
    for (const Omission& one : omissions) words.push_back(one.where + ": " + one.reason);
    return words;
  }
  fs::path imported() const { return folder_.path() / "imported"; }

  TemporaryFolder folder_;
  Archive archive_{folder_.path() / "archive"};
};

TEST_F(Li2018, ExportThenImportGivesTheSameWindowsAndLabels) {
  const EpisodeStore store = small_dataset(folder_.path() / "dataset");
  export_li2018(store, archive_.root(), {.jobs = 2});
  const Li2018ImportSummary summary = import();
  EXPECT_THAT(summary.left_out, IsEmpty());
  EXPECT_THAT(summary.repeated, IsEmpty());

  const EpisodeStore back = EpisodeStore::open(imported());
  EXPECT_THAT(back.verify(), IsEmpty());
  const auto before = store.records();
  const auto after = back.records();
  ASSERT_EQ(after.size(), before.size());
  std::map<std::string, std::string> number_of;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].slip, before[i].slip) << i;
    EXPECT_EQ(after[i].parameters.grasp, before[i].parameters.grasp) << i;
    EXPECT_EQ(after[i].tactile_times, before[i].tactile_times);
    // Byte for byte, so that every window shows the same pictures in the same order.
    EXPECT_EQ(back.load_pictures(after[i]), store.load_pictures(before[i])) << i;
    number_of[before[i].parameters.object] = after[i].parameters.object;
  }
  EXPECT_THAT(number_of, SizeIs(9));
  const Episode one = store.load(before.front());
  const Episode other = back.load(after.front());
  for (const Window& window : paper_windows(9)) {
    for (const int frame : window.frames) {
      const auto index = static_cast<std::size_t>(frame);
      EXPECT_EQ(cv::norm(one.tactile[index], other.tactile[index], cv::NORM_INF), 0.0);
      EXPECT_EQ(cv::norm(one.external[index], other.external[index], cv::NORM_INF), 0.0);
    }
  }
  // The sides stay apart.
  auto numbers = [&](const std::vector<std::string>& objects) {
    std::set<std::string> set;
    for (const std::string& object : objects) set.insert(number_of.at(object));
    return std::vector<std::string>(set.begin(), set.end());
  };
  EXPECT_EQ(back.info().train_objects, numbers(store.info().train_objects));
  EXPECT_EQ(back.info().test_objects, numbers(store.info().test_objects));
}

TEST_F(Li2018, ExportIsReadByTheRuleOfPublishedLoaders) {
  const EpisodeStore store = small_dataset(folder_.path() / "dataset");
  export_li2018(store, archive_.root(), {.validation_share = 0.3});
  std::map<std::string, int> objects;
  int grasps = 0;
  int slips = 0;
  for (const char* split : {"training", "validation", "testing"}) {
    for (const auto& entry : fs::directory_iterator(archive_.file(split))) {
      if (entry.path().extension() != ".dat") continue;
      ++objects[split];
      const std::string name = entry.path().stem().string();
      const std::string object = name.substr(0, name.find("_result"));
      std::istringstream lines(read_file(entry.path()));
      for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields;
        std::istringstream words(line);
        for (std::string word; std::getline(words, word, ' ');) fields.push_back(word);
        const fs::path folder = archive_.file(split) / object / (fields[fields.size() - 2] + "_mm");
        std::vector<std::string> external;
        for (const auto& file : fs::directory_iterator(folder)) {
          const std::string path = file.path().string();
          if (path.find("external_") != std::string::npos) external.push_back(path);
        }
        std::sort(external.begin(), external.end());
        ASSERT_EQ(external.size(), 15u);
        // The token is looked for anywhere in the path: only the first picture's may hold it.
        const auto has = [&](const std::string& path) {
          return path.find(fields[5]) != std::string::npos;
        };
        EXPECT_TRUE(has(external.front()));
        EXPECT_EQ(std::count_if(external.begin(), external.end(), has), 1);
        ++grasps;
        slips += fields[2][0] == '0' ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(objects["training"], 5);
  EXPECT_EQ(objects["validation"], 2);
  EXPECT_EQ(objects["testing"], 2);
  EXPECT_EQ(grasps, 27);
  EXPECT_EQ(slips, std::ranges::count_if(store.records(), &EpisodeRecord::slip));
}

TEST_F(Li2018, ToleratesWhatRealArchivesHold) {
  archive_.add_grasp("testing/object001", "12.5", 10, 30);
  archive_.add_grasp("testing/object001", "13.0", 1, 15, ".JPG");
  archive_.add_grasp("testing/object001", "13.5", 1, 14);
  archive_.add_grasp("testing/object001", "14.0", 1, 13);
  archive_.add_grasp("testing/object001", "14.5", 1, 12);
  archive_.add_label("testing/object001",
                     "a 1 0; x x 0012 12.5 z\r\n\r\n   \n"
                     "a 2 1 x x 0001 13.0 z\n"
                     "a 3 1 x x 0001 13.5 z\n"
                     "a 4 0 x x 0001 14.0 z\n"
                     "a 5 0 x x 0001 14.5 z\n"
                     "nonsense\n"
                     "a 6 maybe x x 0001 14.5 z\n"
                     "a 7 0 x x 0001 99.9 z\n"
                     "a 8 0 x x 0001 13.0 z\n"
                     "a 9 0 x x 7777 15.0 z");
  archive_.add_grasp("testing/object001", "15.0", 1, 15);
  write_file(archive_.file("testing/object001/12.5_mm/Thumbs.db"), "x");
  write_file(archive_.file("testing/notes.txt"), "x");
  fs::create_directories(archive_.file("testing/__MACOSX"));
  fs::create_directories(archive_.file("testing/object002"));

  const Li2018ImportSummary summary = import();
  EXPECT_EQ(summary.grasps, 4);
  EXPECT_EQ(summary.slips, 2);
  EXPECT_THAT(reasons(summary.repeated),
              ::testing::ElementsAre(HasSubstr("13.5_mm: 1 of the last pictures lack"),
                                     HasSubstr("14.0_mm: 2 of the last pictures lack")));
  EXPECT_THAT(
      reasons(summary.left_out),
      ::testing::UnorderedElementsAre(
          AllOf(HasSubstr("object001_result.dat:7"), HasSubstr("14.5_mm: picture 13 of 15 lacks")),
          AllOf(HasSubstr(".dat:8"), HasSubstr("1 fields, a label has at least 7")),
          AllOf(HasSubstr(".dat:9"), HasSubstr("neither 0 (slip) nor 1")),
          AllOf(HasSubstr(".dat:10"), HasSubstr("99.9_mm is not there")),
          AllOf(HasSubstr(".dat:11"), HasSubstr("13.0_mm was labelled before")),
          AllOf(HasSubstr(".dat:12"), HasSubstr("no picture has '7777'")),
          HasSubstr("testing/object002: has no object002_result.dat")));

  // The picture that the label names is T(-2).
  const EpisodeStore store = EpisodeStore::open(imported());
  const auto pictures = store.load_pictures(store.records().front());
  EXPECT_EQ(pictures.at("external_00.jpg"), encode_jpeg(noise_picture(12)));
  EXPECT_EQ(pictures.at("tactile_14.jpg"), encode_jpeg(noise_picture(126)));
  // Kept with the data set.
  const auto json = nlohmann::json::parse(read_file(imported() / kImportFile));
  EXPECT_EQ(json.at("left_out").size(), 7u);
  EXPECT_EQ(json.at("repeated_last_frames").size(), 2u);
  EXPECT_EQ(json.at("grasps").at(0).at("from"), "testing/object001/12.5_mm");
}

TEST_F(Li2018, MissingLastPicturesAreInNoWindow) {
  archive_.add_grasp("object001", "9", 1, 13);
  archive_.add_label("object001", "a 1 0 x x 0001 9 z\n");
  import();
  const EpisodeStore store = EpisodeStore::open(imported());
  const auto pictures = store.load_pictures(store.records().front());
  EXPECT_EQ(pictures.at("tactile_13.jpg"), pictures.at("tactile_12.jpg"));
  EXPECT_EQ(pictures.at("tactile_14.jpg"), pictures.at("tactile_12.jpg"));
  for (const int length : kWindowLengths) {
    for (const Window& window : paper_windows(length)) EXPECT_LE(window.frames.back(), 12);
  }
}

TEST_F(Li2018, NamedFrameMayBeT0) {
  archive_.add_grasp("object001", "9", 1, 20);
  archive_.add_grasp("object001", "10", 1, 20);
  archive_.add_label("object001", "a 1 0 x x 0005 9 z\na 1 0 x x 0002 10 z\n");
  const Li2018ImportSummary summary = import(0);
  EXPECT_THAT(reasons(summary.left_out),
              ::testing::ElementsAre(HasSubstr("only 1 pictures come before")));
  const EpisodeStore store = EpisodeStore::open(imported());
  EXPECT_EQ(store.load_pictures(store.records().front()).at("external_00.jpg"),
            encode_jpeg(noise_picture(3)));
}

TEST_F(Li2018, TheJawWidthInTheNamesReachesNoEpisode) {
  archive_.add_grasp("object001", "12.875", 1, 15);
  archive_.add_label("object001", "a 1 0 x x 0001 12.875 z\n");
  import();
  for (const auto& [name, bytes] : bytes_below(imported())) {
    EXPECT_EQ(name.find("12.875"), std::string::npos) << name;
    if (name != kImportFile) {
      EXPECT_EQ(bytes.find("12.875"), std::string::npos) << name;
    }
  }
}

TEST_F(Li2018, ATestObjectNeverTouchesTraining) {
  archive_.add_grasp("testing/object001", "1", 1, 15);
  archive_.add_label("testing/object001", "a 1 0 x x 0001 1 z\n");
  archive_.add_grasp("training/object001", "2", 1, 15);
  archive_.add_label("training/object001", "a 1 0 x x 0001 2 z\n");
  archive_.add_grasp("Validation/object002", "3", 1, 15);
  archive_.add_label("Validation/object002", "a 1 1 x x 0001 3 z\n");
  const Li2018ImportSummary summary = import();
  EXPECT_THAT(reasons(summary.left_out),
              ::testing::ElementsAre(HasSubstr("training/object001/2_mm: object001 is a test")));
  const EpisodeStore store = EpisodeStore::open(imported());
  EXPECT_EQ(store.info().train_objects, std::vector<std::string>{"object002"});
  EXPECT_EQ(store.info().test_objects, std::vector<std::string>{"object001"});
}

TEST_F(Li2018, HostileArchivesAreLeftOutWithAReason) {
  archive_.add_grasp("object001", "1", 1, 15);
  archive_.add_grasp("object001", "2", 1, 15);
  archive_.add_grasp("object001", "3", 1, 15);
  archive_.add_grasp("object001", "4", 1, 15);
  archive_.add_grasp("object001", "5", 1, 15);
  archive_.add_grasp("object001", "7", 1, 15);
  archive_.add_grasp("elsewhere/object009", "6", 1, 15);
  archive_.add_label("object001",
                     "a 1 0 x x 0001 1 z\na 1 0 x x 0001 2 z\na 1 0 x x 0001 3 z\n"
                     "a 1 0 x x 0001 4 z\na 1 0 x x 0001 5 z\na 1 0 x x 0001 7 z\n"
                     "a 1 0 x x 0001 ../elsewhere/object009/6 z\n"
                     "a 1 0 x x 0001 .. z\n" +
                         std::string(100000, 'y') + "\n" + "a 1 0 x x 0001 link z\n");
  auto picture = [&](int grasp, int frame) {
    return archive_.file(fmt::format("object001/{}_mm/gelsight_{:04}.jpg", grasp, frame));
  };
  // Cut short; not a picture; of another size; larger than any decoder takes.
  fs::resize_file(picture(2, 3), fs::file_size(picture(2, 3)) / 2);
  write_file(picture(3, 4), "\xff\xd8 no picture \xff\xd9");
  write_file(picture(4, 5), encode_jpeg(cv::Mat(60, 40, CV_8UC3, cv::Scalar::all(9))));
  std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0",
                  29);
  write_file(picture(5, 6), png + std::string(40, 'q'));
  // The height and width in a JPEG's frame header: 65500 each.
  std::string huge = read_file(picture(7, 7));
  huge.replace(huge.find("\xff\xc0") + 5, 4, "\xff\xdc\xff\xdc");
  write_file(picture(7, 7), huge);
  fs::create_directory_symlink(archive_.file("elsewhere/object009/6_mm"),
                               archive_.file("object001/link_mm"));
  fs::create_directory_symlink(archive_.file("elsewhere"), archive_.file("object002"));

  const Li2018ImportSummary summary = import();
  EXPECT_EQ(summary.grasps, 1);
  EXPECT_THAT(reasons(summary.left_out),
              ::testing::UnorderedElementsAre(
                  AllOf(HasSubstr("object001/2_mm"), HasSubstr("gelsight_0003.jpg: is no whole")),
                  AllOf(HasSubstr("object001/3_mm"), HasSubstr("gelsight_0004.jpg: is no")),
                  AllOf(HasSubstr("object001/4_mm"), HasSubstr("is 40 x 60, the one before 40 x")),
                  AllOf(HasSubstr("object001/5_mm"), HasSubstr("gelsight_0006.jpg: is no")),
                  AllOf(HasSubstr("object001/7_mm"),
                        HasSubstr("gelsight_0007.jpg: is no picture of a sensible size")),
                  AllOf(HasSubstr(".dat:7"), HasSubstr("no name of a grasp")),
                  AllOf(HasSubstr(".dat:8"), HasSubstr("no name of a grasp")),
                  AllOf(HasSubstr(".dat:9"), HasSubstr("a line of 100000 characters")),
                  AllOf(HasSubstr(".dat:10"), HasSubstr("link_mm is not there")),
                  HasSubstr("object001/link_mm: is a link"), HasSubstr("object002: is a link")));
}

TEST_F(Li2018, AnImportGoesOnAndAChangedArchiveIsAnotherDataSet) {
  archive_.add_grasp("object001", "1", 1, 15);
  archive_.add_grasp("object001", "2", 1, 15);
  archive_.add_label("object001", "a 1 0 x x 0001 1 z\na 1 1 x x 0001 2 z\n");
  import();
  const std::string hash = EpisodeStore::open(imported()).dataset_hash();
  fs::remove_all(imported() / "episodes/object001/001");
  EXPECT_EQ(import().grasps_before, 1);
  EXPECT_EQ(EpisodeStore::open(imported()).dataset_hash(), hash);

  // A picture of the same size and name.
  const fs::path file = archive_.file("object001/1_mm/external_0004.jpg");
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] ^= 1;
  write_file(file, bytes);
  EXPECT_THAT(message_of([&] { import(); }), HasSubstr("made from something else"));
  write_file(archive_.file("object001_result.dat"), "a 1 1 x x 0001 1 z\na 1 1 x x 0001 2 z\n");
  EXPECT_THAT(message_of([&] { import(); }), HasSubstr("made from something else"));
}

TEST_F(Li2018, NothingToImportIsSaidInOneLine) {
  EXPECT_THAT(message_of([&] { import(); }), HasSubstr("cannot be read"));
  fs::create_directories(archive_.root() / "object001");
  EXPECT_THAT(message_of([&] { import(); }),
              AllOf(HasSubstr("holds no grasp objectNNN/"), HasSubstr("has no object001_result")));
}

TEST_F(Li2018, ExportGoesOnAndRefusesAnotherDataSet) {
  const EpisodeStore store = small_dataset(folder_.path() / "dataset");
  export_li2018(store, archive_.root(), {});
  const auto before = bytes_below(archive_.root());
  const std::string one = "testing/object003/001_mm";
  ASSERT_TRUE(fs::remove_all(archive_.file(one)) > 0);
  EXPECT_EQ(export_li2018(store, archive_.root(), {}).grasps_before, 26);
  EXPECT_EQ(bytes_below(archive_.root()), before);

  store.load(store.records().front());
  EXPECT_THAT(message_of([&] { export_li2018(store, archive_.root(), {.validation_share = 0.5}); }),
              HasSubstr("another data set or layout"));
  fs::create_directories(folder_.path() / "full/of");
  EXPECT_THAT(message_of([&] { export_li2018(store, folder_.path() / "full", {}); }),
              HasSubstr("holds other files"));
}

TEST_F(Li2018, RealFramesOfThe2018RigCanBeImported) {
  const fs::path real = fs::path(GRIPBENCH_SOURCE_DIR) / "../shared/reference/li2018";
  if (!fs::exists(real)) GTEST_SKIP() << "needs frames of the real rig in " << real;
  for (const char* object : {"object001", "object002", "object003"}) {
    const fs::path folder = archive_.file(std::string(object) + "/680_mm");
    fs::create_directories(folder);
    for (const auto& file : fs::directory_iterator(real / object)) {
      fs::copy_file(file.path(), folder / file.path().filename());
    }
    archive_.add_label(object, "x 1 0 5 25 05 680 mm\n");
  }
  EXPECT_EQ(import().grasps, 3);
  const EpisodeStore store = EpisodeStore::open(imported());
  const Episode episode = store.load("object001", "000");
  const cv::Mat source = cv::imread((real / "object001/gelsight_07.png").string());
  ASSERT_EQ(episode.tactile[kLiftFrame].size(), source.size());
  // JPEG of quality 95 changes dithered colours a little; another frame would differ far more.
  EXPECT_GT(cv::PSNR(episode.tactile[kLiftFrame], source), 28.0);
}

}  // namespace
}  // namespace gripbench::experiments
