#pragma once

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "experiments/collect.h"
#include "experiments/episode_store.h"
#include "hal/watchdog/watchdog.h"
#include "tests/unit/rig/table_protocol.h"

namespace gripbench::experiments {

/// What a run says that was stopped because it had made its grasps, and one that was killed.
inline constexpr const char* kMade = "stopped after a grasp";
inline constexpr const char* kKilled = "killed";

/// How far a script says that it has got.
class ScriptPhases {
 public:
  struct Step {
    /// Phases entered so far.
    std::size_t count = 0;
    std::string name;
    GraspPhase phase = GraspPhase::kPresent;
  };

  void enter(const std::string& name, GraspPhase phase) {
    const std::lock_guard lock(mutex_);
    steps_.push_back({steps_.size() + 1, name, phase});
  }
  Step now() const {
    const std::lock_guard lock(mutex_);
    return steps_.empty() ? Step{} : steps_.back();
  }
  /// What was begun first; empty if nothing was.
  std::string first() const {
    const std::lock_guard lock(mutex_);
    return steps_.empty() ? "" : steps_.front().name;
  }
  /// How often a grasp or search of this name was begun.
  int begun(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(steps_.begin(), steps_.end(), [&](const Step& step) {
      return step.name == name && step.phase == GraspPhase::kPresent;
    }));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Step> steps_;
};

/// A watchdog on a thread in place of its process, for one run.
class WatchdogThread {
 public:
  /// By the rules of rig.watchdog, at any free port.
  explicit WatchdogThread(const hal::RigSettings& rig);
  ~WatchdogThread() { release(); }

  std::uint16_t port() const { return watchdog_->port(); }
  std::string said() const;
  /// A person has taken the part, if it still holds one; then what its process had open is closed.
  void release();

 private:
  mutable std::mutex mutex_;
  std::string said_;
  std::atomic<bool> asked_{false}, ended_{false};
  std::unique_ptr<hal::Watchdog> watchdog_;
  std::jthread thread_;
};

/// A collection under way, until it has made its grasps or a fault ends it.
class GraspRun {
 public:
  virtual ~GraspRun() = default;
  const ScriptPhases& phases() const { return phases_; }
  virtual bool ended() const = 0;
  /// Waits for the end: kMade, kKilled or the error.
  virtual std::string wait_and_say() = 0;
  /// Ends it once this grasp is made or position searched, or any if no name is given. Only a
  /// thread can be told.
  virtual void end_after(const std::string&) {}
  /// Only a process can be.
  virtual void kill() {}

 protected:
  ScriptPhases phases_;
};

/// In a thread of this process. `protocol` must outlive the run.
std::unique_ptr<GraspRun> run_in_thread(const GraspProtocol& protocol, hal::RigSettings rig,
                                        const std::filesystem::path& dataset);

/// In a process of its own, of the rig that this workcell file describes.
std::unique_ptr<GraspRun> run_in_process(const std::filesystem::path& workcell,
                                         const std::filesystem::path& dataset);

/// What both do.
std::string collect_grasps(const GraspProtocol& protocol, const hal::RigSettings& rig,
                           const std::filesystem::path& dataset, const CollectOptions& options);

}  // namespace gripbench::experiments
