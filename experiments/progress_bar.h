#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace gripbench::experiments {

/// Tells a person how far long work is: on a terminal a bar with rate and time left, redrawn in
/// place; elsewhere a plain line now and then. Not thread-safe.
class ProgressBar {
 public:
  /// @param title "collect"
  explicit ProgressBar(std::string title, std::FILE* stream = stderr);
  /// Ends the line.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `share` done in [0, 1], what is at work now, and how many of what unit ("grasps") are done;
  /// no rate is shown for an empty unit.
  void update(double share, const std::string& now, double done = 0.0,
              const std::string& unit = "");

 private:
  using Clock = std::chrono::steady_clock;
  void draw(double share, const std::string& line);

  std::string title_;
  std::FILE* stream_;
  bool terminal_;
  Clock::time_point start_;
  Clock::time_point last_drawn_;
  double first_share_ = -1.0;
  double first_done_ = 0.0;
  bool drawn_ = false;
};

}  // namespace gripbench::experiments
