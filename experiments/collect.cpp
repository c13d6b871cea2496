#include "experiments/collect.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "experiments/lift_recorder.h"
#include "experiments/position_search.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

/// A grasp whose pictures are incomplete is made so often before the camera is given up.
constexpr int kAttempts = 4;

using PositionKey = std::pair<std::string, int>;

/// Writes episodes on a thread of its own, one at a time, so that a rig need not wait for the
/// encoding of pictures.
class EpisodeWriter {
 public:
  using Written = std::function<void(const EpisodeRecord&)>;

  EpisodeWriter(EpisodeStore& store, Written written)
      : store_(store), written_(std::move(written)) {}

  /// Begins to write `episode` once the one before is written.
  /// @throws what went wrong with the one before.
  void write(Episode episode) {
    finish();
    pending_ = std::async(std::launch::async, [this, episode = std::move(episode)] {
      store_.write(episode);
      written_(episode.record);
    });
  }

  /// Waits for the last episode. The destructor waits too, but is silent about failures.
  void finish() {
    if (pending_.valid()) pending_.get();
  }

 private:
  EpisodeStore& store_;
  Written written_;
  std::future<void> pending_;
};

/// The error with more to say, as the same type.
[[noreturn]] void throw_again(const hal::DeviceError& error, const std::string& more) {
  const std::string message = std::string(error.what()).substr(error.device().size() + 2) + more;
  if (dynamic_cast<const hal::TimeoutError*>(&error) != nullptr) {
    throw hal::TimeoutError(error.device(), message);
  }
  if (dynamic_cast<const hal::MotionRefused*>(&error) != nullptr) {
    throw hal::MotionRefused(error.device(), message);
  }
  throw hal::DeviceError(error.device(), message);
}

/// What nobody may overlook after a fault; empty if the arm could be stopped.
std::string arm_may_move(const GraspProgress& progress) {
  if (progress.not_stopped.empty()) return "";
  return fmt::format(
      "; THE ARM MAY STILL MOVE, as its stop is not confirmed: use the "
      "emergency stop ({})",
      progress.not_stopped);
}

/// The whole work of one run, and who has got how far with it.
///
/// Objects are worked through one after the other, so that who puts them before the arm changes
/// them once: first the searches at an object's positions, then its grasps. With several workers
/// the searches are done some objects ahead, so that nobody waits for one. What is made does not
/// depend on the order.
class Collection {
 public:
  Collection(const GraspProtocol& protocol, const std::vector<hal::ObjectDescription>& objects,
             const WorkcellFactory& make_workcell, EpisodeStore& store,
             const CollectOptions& options)
      : protocol_(protocol),
        make_workcell_(make_workcell),
        store_(store),
        options_(options),
        stop_{options.stop} {
    for (const hal::ObjectDescription& object : objects) objects_[object.name] = &object;
    plan(objects);
  }

  CollectSummary run();

 private:
  /// A search where there is no grasp.
  struct Task {
    const GripPosition* position = nullptr;
    std::optional<GraspPlan> grasp;

    std::string name() const {
      return grasp ? grasp->object + "/" + grasp->grasp : position->name();
    }
  };

  void plan(const std::vector<hal::ObjectDescription>& objects);
  void plan_searches(const std::string& object);
  void plan_grasps_of(const std::string& object, std::vector<GraspPlan> grasps);
  void work();
  void work_through_tasks();
  /// Runs one task, and remembers it as aborted where a device's fault ends it.
  void attempt(hal::Workcell& workcell, const Task& task, EpisodeWriter& writer);
  /// Leaves the rig empty once all is made.
  void clear(hal::Workcell& workcell);
  void search(hal::Workcell& workcell, const GripPosition& position, GraspProgress& progress);
  Episode grasp(hal::Workcell& workcell, const GripPosition& position, const GraspPlan& plan,
                GraspProgress& progress);
  [[noreturn]] void abort(const Task& task, const hal::DeviceError& error,
                          const GraspProgress& progress, double now);
  /// Waits until the position has been searched; false if a worker failed.
  bool position_known(const GripPosition& position);
  const Task* take();
  void report(const char* stage, const std::string& name, std::size_t& done);
  void fail(std::exception_ptr error);

  const GraspProtocol& protocol_;
  const WorkcellFactory& make_workcell_;
  EpisodeStore& store_;
  const CollectOptions& options_;
  StopRequest stop_;
  std::map<std::string, const hal::ObjectDescription*> objects_;
  /// Those of this shard.
  std::map<PositionKey, GripPosition> positions_;
  std::vector<Task> tasks_;
  CollectSummary summary_;

  std::mutex mutex_;
  std::condition_variable position_done_;
  std::set<PositionKey> unknown_;
  std::size_t next_task_ = 0;
  std::size_t positions_done_ = 0;
  std::size_t grasps_done_ = 0;
  std::exception_ptr error_;
};

void Collection::plan(const std::vector<hal::ObjectDescription>& objects) {
  std::set<PositionKey> mine;
  std::map<std::string, std::vector<GraspPlan>> of_objects;
  for (GraspPlan& plan : grasps_of_shard(protocol_, options_.shard, options_.shards)) {
    mine.emplace(plan.object, plan.position);
    if (store_.has_episode(plan.object, plan.grasp)) ++summary_.grasps_before;
    of_objects[plan.object].push_back(std::move(plan));
  }
  for (const GripPosition& position : plan_positions(protocol_, objects)) {
    const PositionKey key(position.object, position.index);
    if (mine.contains(key)) positions_.emplace(key, position);
  }
  std::vector<std::string> order;
  for (const auto& [object, grasps] : of_objects) order.push_back(object);
  shuffle_objects(protocol_, order);

  const std::size_t ahead = options_.jobs - 1;
  for (std::size_t i = 0; i < order.size() + ahead; ++i) {
    if (i < order.size()) plan_searches(order[i]);
    if (i >= ahead) plan_grasps_of(order[i - ahead], std::move(of_objects.at(order[i - ahead])));
  }
}

void Collection::plan_searches(const std::string& object) {
  for (const auto& [key, position] : positions_) {
    if (key.first != object || store_.has_position(key.first, key.second)) continue;
    unknown_.insert(key);
    tasks_.push_back({.position = &position, .grasp = std::nullopt});
    ++summary_.positions;
  }
}

void Collection::plan_grasps_of(const std::string& object, std::vector<GraspPlan> grasps) {
  shuffle_grasps(protocol_, object, grasps);
  for (GraspPlan& plan : grasps) {
    // Left out only now: the order of what is left must not depend on it, or a run would go on with
    // another grasp than the one that a fault ended.
    if (store_.has_episode(plan.object, plan.grasp)) continue;
    tasks_.push_back({.position = &positions_.at({plan.object, plan.position}), .grasp = plan});
    ++summary_.grasps;
  }
}

CollectSummary Collection::run() {
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < std::min<std::size_t>(options_.jobs, tasks_.size()); ++i) {
    workers.emplace_back([this] { work(); });
  }
  for (std::thread& worker : workers) worker.join();
  if (error_) std::rethrow_exception(error_);
  return summary_;
}

void Collection::work() {
  try {
    work_through_tasks();
  } catch (...) {
    fail(std::current_exception());
  }
}

void Collection::work_through_tasks() {
  const std::unique_ptr<hal::Workcell> workcell = make_workcell_();
  EpisodeWriter writer(store_, [this](const EpisodeRecord& record) {
    report("grasp", record.parameters.object + "/" + record.parameters.grasp, grasps_done_);
  });
  while (const Task* task = take()) {
    stop_.check();
    if (!task->grasp || position_known(*task->position)) attempt(*workcell, *task, writer);
  }
  writer.finish();
  clear(*workcell);
}

void Collection::clear(hal::Workcell& workcell) {
  {
    // A rig that another worker's failure stopped stays as it is.
    const std::lock_guard lock(mutex_);
    if (error_) return;
  }
  GraspProgress progress;
  try {
    GraspScript(workcell, protocol_, stop_, &progress).clear();
  } catch (const hal::DeviceError& error) {
    throw_again(error, " (all grasps are made; the last object may still be held)" +
                           arm_may_move(progress));
  }
}

void Collection::attempt(hal::Workcell& workcell, const Task& task, EpisodeWriter& writer) {
  GraspProgress progress{.begun = workcell.clock().now()};
  if (options_.phase) {
    progress.entered = [this, name = task.name()](GraspPhase phase) {
      const std::lock_guard lock(mutex_);
      options_.phase(name, phase);
    };
  }
  try {
    if (task.grasp) {
      writer.write(grasp(workcell, *task.position, *task.grasp, progress));
    } else {
      search(workcell, *task.position, progress);
    }
  } catch (const hal::DeviceError& error) {
    abort(task, error, progress, workcell.clock().now());
  }
}

void Collection::abort(const Task& task, const hal::DeviceError& error,
                       const GraspProgress& progress, double now) {
  const AbortedGrasp aborted{
      .object = task.position->object,
      .grasp = task.grasp ? task.grasp->grasp : fmt::format("position_{}", task.position->index),
      .time = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
      .seconds = now - progress.begun,
      .phase = std::string(name_of(progress.phase)),
      .device = error.device(),
      .error = error.what()};
  std::string outcome = "written as aborted";
  try {
    store_.write_aborted(aborted);
  } catch (const hal::StorageError& full) {
    // The device's fault is the one to tell of first.
    outcome = fmt::format("not written as aborted, for {}", full.what());
  }
  std::string more = fmt::format(" ({}/{}, {}: {}; run the same command again to go on from here)",
                                 aborted.object, aborted.grasp, aborted.phase, outcome);
  throw_again(error, more + arm_may_move(progress));
}

void Collection::search(hal::Workcell& workcell, const GripPosition& position,
                        GraspProgress& progress) {
  store_.write_position(search_position(workcell, protocol_, stop_, position, &progress));
  {
    const std::lock_guard lock(mutex_);
    unknown_.erase({position.object, position.index});
    position_done_.notify_all();
  }
  report("position", position.name(), positions_done_);
}

Episode Collection::grasp(hal::Workcell& workcell, const GripPosition& position,
                          const GraspPlan& plan, GraspProgress& progress) {
  const PositionRecord known = store_.load_position(plan.object, plan.position);
  const double width = planned_width(known, plan, protocol_.squeeze);
  GraspScript script(workcell, protocol_, stop_, &progress);
  for (int attempt = 1;; ++attempt) {
    try {
      return script.grasp(position, plan, *objects_.at(plan.object), known.barely_touch_width,
                          width);
    } catch (const PicturesDropped&) {
      if (attempt == kAttempts) throw;
    }
  }
}

bool Collection::position_known(const GripPosition& position) {
  const PositionKey key(position.object, position.index);
  std::unique_lock lock(mutex_);
  position_done_.wait(lock, [&] { return error_ || !unknown_.contains(key); });
  return !error_;
}

const Collection::Task* Collection::take() {
  const std::lock_guard lock(mutex_);
  if (error_ || next_task_ == tasks_.size()) return nullptr;
  return &tasks_[next_task_++];
}

void Collection::report(const char* stage, const std::string& name, std::size_t& done) {
  const std::lock_guard lock(mutex_);
  ++done;
  if (!options_.progress) return;
  options_.progress({.stage = stage,
                     .name = name,
                     .done = positions_done_ + grasps_done_,
                     .total = tasks_.size(),
                     .grasps_done = grasps_done_ + summary_.grasps_before,
                     .grasps_total = summary_.grasps + summary_.grasps_before});
}

void Collection::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  position_done_.notify_all();
}

}  // namespace

std::vector<PlannedGrasp> planned_grasps(const GraspProtocol& protocol, int shard, int shards) {
  std::vector<PlannedGrasp> plan;
  for (const GraspPlan& grasp : grasps_of_shard(protocol, shard, shards)) {
    plan.push_back({.object = grasp.object, .grasp = grasp.grasp, .position = grasp.position});
  }
  std::sort(plan.begin(), plan.end());
  return plan;
}

DatasetInfo dataset_info(const GraspProtocol& protocol, const std::string& software, int shard,
                         int shards) {
  return {.protocol_text = protocol.text,
          .train_objects = protocol.train_objects,
          .test_objects = protocol.test_objects,
          .catalogue_hash = catalogue_hash(protocol),
          .seed = protocol.seed,
          .software = software,
          .shard = shard,
          .shards = shards,
          .plan = planned_grasps(protocol, shard, shards)};
}

void check_rig_suits(const GraspProtocol& protocol,
                     const std::vector<hal::ObjectDescription>& objects, hal::Workcell& workcell) {
  const hal::GripperLimits jaws = workcell.gripper().limits();
  const auto refuse = [&](const char* key, const std::string& what) {
    throw hal::InputError(fmt::format("{}: '{}': {}", protocol.file.string(), key, what));
  };
  const double squeeze = protocol.squeeze.depth[1] - protocol.squeeze.first_contact;
  const double stroke = jaws.max_width - jaws.min_width;
  if (squeeze > stroke) {
    refuse("squeeze.depth", fmt::format("a squeeze of {:g} m is beyond the jaws, whose stroke is "
                                        "{:g} m",
                                        squeeze, stroke));
  }
  const auto check_speed = [&](const char* key, double speed) {
    if (speed < jaws.min_speed || speed > jaws.max_speed) {
      refuse(key, fmt::format("the jaws move at {:g} to {:g} m/s, not at {:g}", jaws.min_speed,
                              jaws.max_speed, speed));
    }
  };
  check_speed("approach.jaw_speed", protocol.approach.jaw_speed);
  check_speed("lift.jaw_speed", protocol.lift.jaw_speed);
  for (const GripPosition& position : plan_positions(protocol, objects)) {
    check_jaws_reach(position, jaws);
  }
}

CollectSummary collect(const GraspProtocol& protocol,
                       const std::vector<hal::ObjectDescription>& objects,
                       const WorkcellFactory& make_workcell, EpisodeStore& store,
                       const CollectOptions& options) {
  if (options.jobs < 1) throw std::invalid_argument("jobs must be at least 1");
  if (options.shards < 1 || options.shard < 0 || options.shard >= options.shards) {
    throw std::invalid_argument("the shard must be one of 0 to shards - 1");
  }
  Collection collection(protocol, objects, make_workcell, store, options);
  return collection.run();
}

}  // namespace gripbench::experiments
