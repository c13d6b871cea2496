#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace gripbench::experiments {

/// Where a window's second frame lies, as s of T(s): the paper's first window, then its four
/// others (Li et al. 2018, section IV-A).
inline constexpr std::array<int, 5> kWindowStarts{0, -1, 1, 2, 3};
/// Lengths of a window in frames, T(-2) included (Li et al. 2018, Table II).
inline constexpr std::array<int, 4> kWindowLengths{6, 7, 8, 9};

/// A window over the frames of an episode.
struct Window {
  /// s of T(s), its second frame.
  int start = 0;
  /// Indices into the episode's frames; T(k) has index k + 2. The first is always T(-2).
  std::vector<int> frames;

  int length() const { return static_cast<int>(frames.size()); }
};

/// T(-2), then `length` - 1 successive frames from T(start).
/// @throws std::invalid_argument if the window would leave the episode or has under 2 frames.
Window make_window(int start, int length);

/// The paper's five windows of one length, in the order of kWindowStarts.
std::vector<Window> paper_windows(int length);

/// How a window is shown to a detector. The two control forms tell what a detector's accuracy owes
/// to motion: the still picture T(-2) alone shows how deep the grip is, and a shuffled window
/// holds the same pictures in an order that no motion has.
enum class WindowForm {
  kAsRecorded,
  /// Every frame shows T(-2), at the time of the frame it stands for.
  kFirstRepeated,
  /// The frames after the first in an order of chance, at the times of the frames they replace.
  kShuffled,
};
inline constexpr std::array<WindowForm, 3> kWindowForms{
    WindowForm::kAsRecorded, WindowForm::kFirstRepeated, WindowForm::kShuffled};
/// "as recorded", "T(-2) repeated", "frames shuffled".
const char* to_string(WindowForm form);

/// Which frame's picture is shown at each place of the window under `form`. The times stay those
/// of `window.frames`. A shuffle depends on `seed` alone and never leaves the order as it was.
std::vector<int> shown_frames(const Window& window, WindowForm form, std::uint64_t seed);

}  // namespace gripbench::experiments
