#include "experiments/windows.h"

#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "experiments/episode.h"

namespace gripbench::experiments {

Window make_window(int start, int length) {
  const int second = start + kLiftFrame;
  if (length < 2 || second < 1 || second + length - 2 >= kFramesPerEpisode) {
    throw std::invalid_argument("a window of " + std::to_string(length) + " frames from T(" +
                                std::to_string(start) + ") leaves the episode, T(-2) to T(12)");
  }
  Window window{start, {0}};
  for (int i = 0; i < length - 1; ++i) window.frames.push_back(second + i);
  return window;
}

std::vector<Window> paper_windows(int length) {
  std::vector<Window> windows;
  for (const int start : kWindowStarts) windows.push_back(make_window(start, length));
  return windows;
}

const char* to_string(WindowForm form) {
  switch (form) {
    case WindowForm::kAsRecorded:
      return "as recorded";
    case WindowForm::kFirstRepeated:
      return "T(-2) repeated";
    case WindowForm::kShuffled:
      return "frames shuffled";
  }
  throw std::invalid_argument("unknown window form");
}

std::vector<int> shown_frames(const Window& window, WindowForm form, std::uint64_t seed) {
  std::vector<int> shown = window.frames;
  if (form == WindowForm::kFirstRepeated) {
    shown.assign(shown.size(), window.frames.front());
  } else if (form == WindowForm::kShuffled && shown.size() > 2) {
    std::mt19937_64 random(seed);
    // Fisher and Yates over the frames after the first, again if chance left them in order.
    while (shown == window.frames) {
      for (std::size_t i = shown.size() - 1; i > 1; --i) {
        std::swap(shown[i], shown[1 + random() % i]);
      }
    }
  }
  return shown;
}

}  // namespace gripbench::experiments
