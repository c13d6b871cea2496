#include "experiments/progress_bar.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace gripbench::experiments {
namespace {

constexpr int kBarWidth = 24;
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kPlainLine{10};
constexpr int kNarrowest = 40;

std::string minutes(double seconds) {
  const int whole = static_cast<int>(seconds + 0.5);
  return fmt::format("{}:{:02d}", whole / 60, whole % 60);
}

int terminal_width(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col < kNarrowest) return 80;
  return size.ws_col;
}

}  // namespace

ProgressBar::ProgressBar(std::string title, std::FILE* stream)
    : title_(std::move(title)),
      stream_(stream),
      terminal_(isatty(fileno(stream)) != 0),
      start_(Clock::now()),
      last_drawn_(start_ - kPlainLine) {}

ProgressBar::~ProgressBar() {
  if (terminal_ && drawn_) std::fputc('\n', stream_);
}

void ProgressBar::update(double share, const std::string& now, double done,
                         const std::string& unit) {
  share = std::clamp(share, 0.0, 1.0);
  const Clock::time_point time = Clock::now();
  if (first_share_ < 0.0) {
    // Work found done from an earlier run must not count as speed.
    first_share_ = share;
    first_done_ = done;
    start_ = time;
  }
  const bool due = time - last_drawn_ >= (terminal_ ? Clock::duration(kRedraw) : kPlainLine);
  if (!due && share < 1.0) return;
  last_drawn_ = time;

  const double seconds = std::chrono::duration<double>(time - start_).count();
  std::string figures = fmt::format("{:3.0f}%", 100 * share);
  if (!unit.empty()) {
    figures += fmt::format("  {:.0f} {}", done, unit);
    if (seconds > 0.5 && done > first_done_) {
      figures += fmt::format(", {:.1f}/s", (done - first_done_) / seconds);
    }
  }
  if (share < 1.0 && share > first_share_ && seconds > 0.5) {
    figures += fmt::format(", {} left", minutes(seconds * (1 - share) / (share - first_share_)));
  } else if (share >= 1.0) {
    figures += fmt::format(", took {}", minutes(seconds));
  }
  draw(share, figures + (now.empty() ? "" : "  " + now));
}

void ProgressBar::draw(double share, const std::string& line) {
  drawn_ = true;
  if (!terminal_) {
    fmt::print(stream_, "{}: {}\n", title_, line);
    return;
  }
  const int filled = static_cast<int>(share * kBarWidth);
  std::string text =
      fmt::format("{} [{}{}] {}", title_, std::string(static_cast<std::size_t>(filled), '#'),
                  std::string(static_cast<std::size_t>(kBarWidth - filled), '.'), line);
  text.resize(static_cast<std::size_t>(terminal_width(stream_) - 1), ' ');
  fmt::print(stream_, "\r{}", text);
  std::fflush(stream_);
}

}  // namespace gripbench::experiments
