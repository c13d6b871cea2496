#include "experiments/windows.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "experiments/episode.h"

namespace gripbench::experiments {
namespace {

TEST(Windows, FirstOneIsThePapers) {
  // Li et al. 2018, IV-A: T(-2), then T(0) and the images after it.
  EXPECT_EQ(make_window(0, 6).frames, (std::vector<int>{0, 2, 3, 4, 5, 6}));
  EXPECT_EQ(make_window(-1, 6).frames, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(Windows, AllStayInTheEpisodeAndTheLastEndsAtItsEnd) {
  int last = 0;
  for (const int length : kWindowLengths) {
    const auto windows = paper_windows(length);
    ASSERT_EQ(windows.size(), 5u);
    for (const Window& window : windows) {
      EXPECT_EQ(window.length(), length);
      EXPECT_EQ(window.frames.front(), 0);
      EXPECT_EQ(window.frames[1], window.start + kLiftFrame);
      EXPECT_TRUE(std::is_sorted(window.frames.begin(), window.frames.end()));
      last = std::max(last, window.frames.back());
    }
  }
  EXPECT_EQ(last, 12);
  EXPECT_LT(last, kFramesPerEpisode);
}

TEST(Windows, RefusesToLeaveTheEpisode) {
  EXPECT_THROW(make_window(3, 12), std::invalid_argument);
  EXPECT_THROW(make_window(-2, 6), std::invalid_argument);
  EXPECT_THROW(make_window(0, 1), std::invalid_argument);
}

TEST(Windows, RepeatedFormShowsTheFirstFrameOnly) {
  const Window window = make_window(1, 7);
  EXPECT_EQ(shown_frames(window, WindowForm::kFirstRepeated, 3), std::vector<int>(7, 0));
  EXPECT_EQ(shown_frames(window, WindowForm::kAsRecorded, 3), window.frames);
}

TEST(Windows, ShuffleKeepsTheFirstFrameAndThePicturesButNeverTheOrder) {
  const Window window = make_window(0, 6);
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    std::vector<int> shown = shown_frames(window, WindowForm::kShuffled, seed);
    EXPECT_EQ(shown, shown_frames(window, WindowForm::kShuffled, seed));
    EXPECT_EQ(shown.front(), 0);
    EXPECT_NE(shown, window.frames);
    orders.insert(shown);
    std::sort(shown.begin(), shown.end());
    EXPECT_EQ(shown, window.frames);
  }
  // Every other order of five frames comes up.
  EXPECT_EQ(orders.size(), 119u);
}

}  // namespace
}  // namespace gripbench::experiments
