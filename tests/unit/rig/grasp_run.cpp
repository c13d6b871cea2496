#include "tests/unit/rig/grasp_run.h"

#include <csignal>
#include <cstdio>
#include <optional>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hal/rig/rig_watchdog.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::experiments {
namespace {

class ThreadRun final : public GraspRun {
 public:
  ThreadRun(const GraspProtocol& protocol, hal::RigSettings rig, std::filesystem::path dataset) {
    options_.stop = &stop_;
    options_.progress = [this](const CollectProgress& now) { note_made(now.name); };
    options_.phase = [this](const std::string& name, GraspPhase phase) {
      phases_.enter(name, phase);
    };
    said_ = std::async(std::launch::async,
                       [this, &protocol, rig = std::move(rig), dataset = std::move(dataset)] {
                         return collect_grasps(protocol, rig, dataset, options_);
                       });
  }
  bool ended() const override {
    return said_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  std::string wait_and_say() override { return said_.get(); }
  void end_after(const std::string& task) override {
    const std::lock_guard lock(mutex_);
    last_ = task;
    if (!made_.empty() && (task.empty() || made_.contains(task))) stop_ = true;
  }

 private:
  void note_made(const std::string& task) {
    const std::lock_guard lock(mutex_);
    made_.insert(task);
    if (last_ && (last_->empty() || *last_ == task)) stop_ = true;
  }

  std::mutex mutex_;
  std::set<std::string> made_;
  std::optional<std::string> last_;
  std::atomic<bool> stop_{false};
  CollectOptions options_;
  /// Goes first: it waits.
  std::future<std::string> said_;
};

class ProcessRun final : public GraspRun {
 public:
  ProcessRun(const std::filesystem::path& workcell, const std::filesystem::path& dataset) {
    int line[2];
    if (::pipe2(line, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const std::vector<const char*> argv{TABLE_RUN, workcell.c_str(), dataset.c_str(), nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, line[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    const int failure = ::posix_spawn(&id_, argv[0], &files, nullptr,
                                      const_cast<char* const*>(argv.data()), environ);
    posix_spawn_file_actions_destroy(&files);
    ::close(line[1]);
    if (failure != 0) throw std::runtime_error("no process");
    reading_ = std::jthread([this, end = line[0]] { read(end); });
  }
  ~ProcessRun() override {
    kill();
    wait_and_say();
  }
  bool ended() const override { return ended_; }
  std::string wait_and_say() override {
    if (reading_.joinable()) {
      reading_.join();
      ::waitpid(id_, nullptr, 0);
    }
    return said_;
  }
  void kill() override {
    if (reading_.joinable()) ::kill(id_, SIGKILL);
  }

 private:
  /// Lines "phase NUMBER NAME", and at the end "said WORDS".
  void read(int end) {
    FILE* lines = ::fdopen(end, "r");
    char* text = nullptr;
    std::size_t room = 0;
    for (ssize_t size = 0; (size = ::getline(&text, &room, lines)) > 0;) {
      std::istringstream line(std::string(text, static_cast<std::size_t>(size) - 1));
      std::string kind, rest;
      int phase = 0;
      line >> kind;
      if (kind == "phase") line >> phase;
      std::getline(line >> std::ws, rest);
      if (kind == "phase") phases_.enter(rest, static_cast<GraspPhase>(phase));
      if (kind == "said") said_ = rest;
    }
    ::free(text);
    ::fclose(lines);
    ended_ = true;
  }

  pid_t id_ = 0;
  std::string said_ = kKilled;
  std::atomic<bool> ended_{false};
  std::jthread reading_;
};

}  // namespace

WatchdogThread::WatchdogThread(const hal::RigSettings& rig) {
  hal::WatchdogSettings settings = hal::watchdog_settings(rig);
  settings.port = 0;
  watchdog_ = std::make_unique<hal::Watchdog>(settings, [this](const std::string& line) {
    const std::lock_guard lock(mutex_);
    said_ += line + "\n";
  });
  thread_ = std::jthread([this] {
    try {
      watchdog_->run(asked_);
    } catch (const hal::Error& error) {
      const std::lock_guard lock(mutex_);
      said_ += std::string(error.what()) + "\n";
    }
    ended_ = true;
  });
}

std::string WatchdogThread::said() const {
  const std::lock_guard lock(mutex_);
  return said_;
}

void WatchdogThread::release() {
  EXPECT_TRUE(hal::eventually([this] {
    asked_ = true;
    return ended_.load();
  })) << "a watchdog does not end: "
      << said();
  if (thread_.joinable()) thread_.join();
  watchdog_.reset();
}

std::unique_ptr<GraspRun> run_in_thread(const GraspProtocol& protocol, hal::RigSettings rig,
                                        const std::filesystem::path& dataset) {
  return std::make_unique<ThreadRun>(protocol, std::move(rig), dataset);
}

std::unique_ptr<GraspRun> run_in_process(const std::filesystem::path& workcell,
                                         const std::filesystem::path& dataset) {
  return std::make_unique<ProcessRun>(workcell, dataset);
}

}  // namespace gripbench::experiments
