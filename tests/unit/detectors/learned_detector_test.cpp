#include "detectors/learned_detector.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "detectors/group_split.h"
#include "hal/errors.h"
#include "tests/tools/synthetic_gel.h"

namespace gripbench::detectors {
namespace {

std::vector<LabelledSequence> grasps(int groups, int per_group, int frames) {
  std::vector<LabelledSequence> all;
  for (int group = 0; group < groups; ++group) {
    for (int i = 0; i < per_group; ++i) {
      auto grasp = tests::synthetic_grasp(static_cast<std::uint64_t>(1000 * group + i), group,
                                          i % 2 == 0, frames, {160, 120});
      for (int length = frames - 2; length <= frames; ++length) {
        std::vector<int> window(static_cast<std::size_t>(length));
        for (int k = 0; k < length; ++k) {
          window[static_cast<std::size_t>(k)] = k;
        }
        grasp.windows.push_back(window);
      }
      all.push_back(std::move(grasp));
    }
  }
  return all;
}

SequenceSource source_of(const std::vector<LabelledSequence>& all) {
  return {all.size(), [&all](std::size_t i) { return all[i]; }};
}

std::vector<Encoding> encode(const SlipDetector& detector, const LabelledSequence& grasp) {
  std::vector<Encoding> encodings;
  for (const FramePair& frame : grasp.frames) {
    encodings.push_back(detector.encode(grasp.frames[0], frame));
  }
  return encodings;
}

double accuracy(const SlipDetector& detector, const std::vector<LabelledSequence>& all) {
  double right = 0.0;
  for (const LabelledSequence& grasp : all) {
    right += (detector.slip_probability(encode(detector, grasp)) > 0.5) == grasp.slip ? 1.0 : 0.0;
  }
  return right / static_cast<double>(all.size());
}

LearnedOptions quick_options() {
  LearnedOptions options;
  options.sources = Sources::kTactile;
  options.validation_share = 0.0;
  options.augment = false;
  options.threads = 1;
  options.batch_sequences = 4;
  options.max_epochs = 30;
  return options;
}

/// Trained once on a tiny set: most tests only need some detector.
const LearnedDetector& tiny_detector() {
  static const LearnedDetector& detector = []() -> const LearnedDetector& {
    LearnedOptions options = quick_options();
    options.sources = Sources::kBoth;
    options.max_epochs = 3;
    const auto all = grasps(2, 2, 5);
    return *LearnedDetector::train(source_of(all), options).detector.release();
  }();
  return detector;
}

TEST(LearnedDetector, CanLearnATinySetByHeart) {
  const auto all = grasps(2, 4, 7);
  const auto trained = LearnedDetector::train(source_of(all), quick_options());
  EXPECT_EQ(accuracy(*trained.detector, all), 1.0);
  EXPECT_LT(trained.summary.epochs.back().training_loss, 0.3);
}

TEST(LearnedDetector, TellsSlipOfObjectsItNeverSaw) {
  auto all = grasps(11, 6, 8);
  const std::vector<LabelledSequence> unseen(all.begin() + 48, all.end());
  all.resize(48);
  LearnedOptions options;
  options.sources = Sources::kTactile;
  options.patience = options.max_epochs;
  options.threads = 1;
  const auto trained = LearnedDetector::train(source_of(all), options);
  EXPECT_FALSE(trained.summary.validation_groups.empty());
  // By chance 14 of 18 or more come up once in 65 sets.
  EXPECT_GE(accuracy(*trained.detector, unseen), 14.0 / 18.0);
}

TEST(LearnedDetector, TheSameSeedGivesTheSameDetector) {
  const auto all = grasps(2, 2, 5);
  LearnedOptions options = quick_options();
  options.max_epochs = 2;
  options.augment = true;
  options.input = PictureInput::kRaw;
  const auto probability = [&](std::uint64_t seed) {
    options.seed = seed;
    const auto trained = LearnedDetector::train(source_of(all), options);
    return trained.detector->slip_probability(encode(*trained.detector, all[0]));
  };
  EXPECT_EQ(probability(4), probability(4));
  EXPECT_NE(probability(4), probability(5));
}

TEST(LearnedDetector, SavedAndLoadedGivesEqualProbabilities) {
  const auto file = std::filesystem::path(testing::TempDir()) / "learned.detector";
  tiny_detector().save(file);
  const auto again = load_detector(file);
  EXPECT_EQ(again->name(), "learned, both, difference");
  const auto grasp = tests::synthetic_grasp(9, 5, true, 6, {200, 150});
  EXPECT_EQ(again->slip_probability(encode(*again, grasp)),
            tiny_detector().slip_probability(encode(tiny_detector(), grasp)));
}

TEST(LearnedDetector, TakesWindowsOfAllLengths) {
  const auto grasp = tests::synthetic_grasp(9, 5, true, 15, {160, 120});
  const auto encodings = encode(tiny_detector(), grasp);
  for (std::size_t length = 2; length <= 15; ++length) {
    const double p = tiny_detector().slip_probability(std::span(encodings).first(length));
    EXPECT_GT(p, 0.0);
    EXPECT_LT(p, 1.0);
  }
}

TEST(LearnedDetector, TheOrderOfFramesMatters) {
  const auto grasp = tests::synthetic_grasp(9, 5, true, 8, {160, 120});
  auto encodings = encode(tiny_detector(), grasp);
  const double in_order = tiny_detector().slip_probability(encodings);
  std::reverse(encodings.begin() + 1, encodings.end());
  EXPECT_NE(tiny_detector().slip_probability(encodings), in_order);
}

TEST(LearnedDetector, RefusesMissingPicturesAndForeignWindows) {
  const auto grasp = tests::synthetic_grasp(9, 5, true, 2, {160, 120});
  FramePair blind = grasp.frames[1];
  blind.external = cv::Mat();
  EXPECT_THROW(tiny_detector().encode(grasp.frames[0], blind), std::invalid_argument);
  FramePair resized = tests::synthetic_grasp(9, 5, true, 1, {200, 150}).frames[0];
  EXPECT_THROW(tiny_detector().encode(grasp.frames[0], resized), std::invalid_argument);
  EXPECT_THROW(tiny_detector().slip_probability({}), std::invalid_argument);
  EXPECT_THROW(tiny_detector().slip_probability(std::vector<Encoding>{{1.0f, 2.0f}}),
               std::invalid_argument);
}

TEST(LearnedDetector, TrainRefusesWhatCannotBeLearnedFrom) {
  EXPECT_THROW(LearnedDetector::train({}, quick_options()), std::invalid_argument);
  auto all = grasps(2, 2, 4);
  for (auto& grasp : all) {
    grasp.slip = true;
  }
  EXPECT_THROW(LearnedDetector::train(source_of(all), quick_options()), std::invalid_argument);
  all = grasps(2, 2, 4);
  all[1].windows = {{0, 9}};
  EXPECT_THROW(LearnedDetector::train(source_of(all), quick_options()), std::invalid_argument);
  all = grasps(2, 2, 4);
  all[2].frames[1].tactile = cv::Mat();
  EXPECT_THROW(LearnedDetector::train(source_of(all), quick_options()), std::invalid_argument);
  LearnedOptions odd_size = quick_options();
  odd_size.width_px = 100;
  all = grasps(2, 2, 4);
  EXPECT_THROW(LearnedDetector::train(source_of(all), odd_size), std::invalid_argument);
}

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(LearnedDetector, DamagedFilesAreRefusedWithOneLine) {
  const auto file = std::filesystem::path(testing::TempDir()) / "damaged.detector";
  tiny_detector().save(file);
  const std::string sound = read(file);
  const auto refused = [&](const std::string& bytes, const std::string& why) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    try {
      load_detector(file);
      ADD_FAILURE() << "took a file with " << why;
    } catch (const hal::InputError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << why;
      EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << why;
    }
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string bytes = sound;
    const auto at = bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return bytes.replace(at, from.size(), to);
  };
  refused(sound.substr(0, sound.size() / 2), "half of its weights");
  refused(sound + "more", "bytes too many");
  std::string flipped = sound;
  flipped[flipped.size() - 5] = static_cast<char>(flipped[flipped.size() - 5] ^ 0x40);
  refused(flipped, "a flipped bit");
  refused(replaced("\"version\":1", "\"version\":7"), "a later version");
  refused(replaced("\"width_px\":96", "\"width_px\":64"), "another picture size");
  refused(replaced("\"sources\":\"both\"", "\"sources\":\"nose\""), "an unknown source");
  refused(replaced("joined.weight", "joined.height"), "another tensor's name");
  refused(replaced("\"payload_bytes\"", "\"payload_bites\""), "no size of its weights");
}

TEST(GroupSplit, HoldsOutWholeGroupsNearTheShareAsked) {
  std::vector<GroupedLabel> labels;
  for (int i = 0; i < 80; ++i) {
    labels.push_back({std::to_string(i % 8), (i / 8) % 2 == 0});
  }
  const GroupSplit split = hold_out_groups(labels, 0.25, 3);
  EXPECT_EQ(split.held_out.size(), 2u);
  EXPECT_EQ(split.validation.size(), 20u);
  for (const std::size_t i : split.training) {
    EXPECT_EQ(std::count(split.held_out.begin(), split.held_out.end(), labels[i].group), 0);
  }
  const GroupSplit again = hold_out_groups(labels, 0.25, 3);
  EXPECT_EQ(again.validation, split.validation);
}

}  // namespace
}  // namespace gripbench::detectors
