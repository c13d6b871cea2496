#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gripbench::hal {

/// How long a run may be silent before the watchdog takes over (s).
struct WatchRules {
  double beat_timeout = 0.5;
  /// No new frame of a camera that had some, while beats go on.
  double camera_timeout = 1.0;
  /// The run's own thread does not come by while the arm moves.
  double hang_timeout = 2.0;
  /// Nobody asked to be watched.
  double idle_timeout = 30.0;
};

/// What a run tells with each beat: counters that only go up.
struct WatchBeat {
  /// How often the run's own thread came by: beats come from another one, which would beat on while
  /// the run hangs.
  std::uint64_t progress = 0;
  /// Frames received, by camera; one that is left out is not waited for any more.
  std::map<std::string, std::uint64_t> frames;
};

/// When a watched run counts as lost: time and words in, a decision out; no sockets and no clock,
/// so all times are the caller's (s).
class WatchState {
 public:
  enum class Mode {
    /// Nobody has asked yet.
    kIdle,
    kWatching,
    /// The run is lost: the arm shall stand and the gripper keep what it holds, until a person or
    /// the next run comes.
    kHolding,
    /// All is over: say goodbye to the gripper, if one is held, and end.
    kDone,
  };

  explicit WatchState(const WatchRules& rules, double now) : rules_(rules), since_(now) {}

  Mode mode() const { return mode_; }
  /// Why it is holding; one line.
  const std::string& reason() const { return reason_; }

  /// A run asks to be watched; also one that takes over what a lost one held. False while another
  /// run is watched or all is over.
  bool begin(double now);
  void beat(double now, const WatchBeat& beat);
  /// A connection of the run, named by `what`, closed without goodbye.
  void lost(const std::string& what);
  /// The run ended in order, and left the gripper by a goodbye of its own or never had it.
  void goodbye();
  /// A person has hold of the part, or wants nothing held. False while a run is watched: that is
  /// to be ended first.
  bool release();
  /// Lets time pass.
  void tick(double now, bool arm_moves);

 private:
  /// A counter, and when it last went up.
  struct Counter {
    std::uint64_t count = 0;
    double since = 0.0;
  };

  static void advance(Counter& counter, std::uint64_t count, double now);
  void hold(std::string reason);

  const WatchRules rules_;
  Mode mode_ = Mode::kIdle;
  std::string reason_;
  /// When the present mode began; the last beat; when the arm last stood.
  double since_;
  double last_beat_ = 0.0;
  double stood_ = 0.0;
  Counter progress_;
  std::map<std::string, Counter> frames_;
};

}  // namespace gripbench::hal
