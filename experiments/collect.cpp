#include "experiments/collect.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "experiments/position_search.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

using PositionKey = std::pair<std::string, int>;

/// The whole work of one run, and who has got how far with it.
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
  void plan(const std::vector<hal::ObjectDescription>& objects);
  void work();
  void work_through_tasks();
  void search(hal::Workcell& workcell, const GripPosition& position);
  void grasp(hal::Workcell& workcell, const GraspPlan& plan);
  /// Waits for the other workers to finish the positions; false if one failed.
  bool all_positions_known();
  bool take(std::size_t& next, std::size_t end, std::size_t& taken);
  void report(const char* stage, const std::string& name, std::size_t& done, std::size_t total);
  void fail(std::exception_ptr error);

  const GraspProtocol& protocol_;
  const WorkcellFactory& make_workcell_;
  EpisodeStore& store_;
  const CollectOptions& options_;
  StopRequest stop_;
  std::map<std::string, const hal::ObjectDescription*> objects_;
  std::map<PositionKey, GripPosition> positions_;
  std::vector<GripPosition> positions_to_do_;
  std::vector<GraspPlan> grasps_to_do_;
  std::size_t positions_total_ = 0;
  std::size_t grasps_total_ = 0;

  std::mutex mutex_;
  std::condition_variable position_done_;
  std::size_t next_position_ = 0;
  std::size_t next_grasp_ = 0;
  std::size_t positions_done_ = 0;
  std::size_t grasps_done_ = 0;
  std::exception_ptr error_;
};

void Collection::plan(const std::vector<hal::ObjectDescription>& objects) {
  std::map<PositionKey, bool> mine;
  const std::vector<GripPosition> all = plan_positions(protocol_, objects);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PositionKey key(all[i].object, all[i].index);
    positions_.emplace(key, all[i]);
    mine[key] = static_cast<int>(i % options_.shards) == options_.shard;
  }
  std::map<PositionKey, bool> needed;
  for (const GraspPlan& plan : plan_grasps(protocol_)) {
    const PositionKey key(plan.object, plan.position);
    if (!mine.at(key)) continue;
    ++grasps_total_;
    if (store_.has_episode(plan.object, plan.grasp)) continue;
    grasps_to_do_.push_back(plan);
    needed[key] = true;
  }
  for (const GripPosition& position : all) {
    if (!needed[PositionKey(position.object, position.index)]) continue;
    ++positions_total_;
    if (!store_.has_position(position.object, position.index)) positions_to_do_.push_back(position);
  }
  positions_done_ = positions_total_ - positions_to_do_.size();
  grasps_done_ = grasps_total_ - grasps_to_do_.size();
  // Shuffled, so that wear of the gel or a change of the light does not go along with objects.
  hal::SeededDraw(hal::split_seed(protocol_.seed, "order of grasps", 0)).shuffle(grasps_to_do_);
}

CollectSummary Collection::run() {
  const std::size_t before = grasps_done_;
  const std::size_t tasks = positions_to_do_.size() + grasps_to_do_.size();
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < std::min<std::size_t>(options_.jobs, tasks); ++i) {
    workers.emplace_back([this] { work(); });
  }
  for (std::thread& worker : workers) worker.join();
  if (error_) std::rethrow_exception(error_);
  return {.positions = positions_to_do_.size(),
          .grasps = grasps_to_do_.size(),
          .grasps_before = before};
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
  std::size_t task = 0;
  while (take(next_position_, positions_to_do_.size(), task)) {
    search(*workcell, positions_to_do_[task]);
  }
  if (!all_positions_known()) return;
  while (take(next_grasp_, grasps_to_do_.size(), task)) {
    grasp(*workcell, grasps_to_do_[task]);
  }
}

void Collection::search(hal::Workcell& workcell, const GripPosition& position) {
  stop_.check();
  store_.write_position(search_position(workcell, protocol_, stop_, position));
  report("position", position.name(), positions_done_, positions_total_);
}

void Collection::grasp(hal::Workcell& workcell, const GraspPlan& plan) {
  stop_.check();
  const PositionRecord known = store_.load_position(plan.object, plan.position);
  const double width = grip_width(known.barely_touch_width, known.edge_depth * plan.depth_factor,
                                  protocol_.squeeze, known.gripper.resolution);
  GraspScript script(workcell, protocol_, stop_);
  store_.write(script.grasp(positions_.at({plan.object, plan.position}), plan,
                            *objects_.at(plan.object), known.barely_touch_width, width));
  report("grasp", plan.object + "/" + plan.grasp, grasps_done_, grasps_total_);
}

bool Collection::all_positions_known() {
  std::unique_lock lock(mutex_);
  position_done_.wait(lock, [&] { return error_ || positions_done_ == positions_total_; });
  return !error_;
}

bool Collection::take(std::size_t& next, std::size_t end, std::size_t& taken) {
  const std::lock_guard lock(mutex_);
  if (error_ || next == end) return false;
  taken = next++;
  return true;
}

void Collection::report(const char* stage, const std::string& name, std::size_t& done,
                        std::size_t total) {
  const std::lock_guard lock(mutex_);
  ++done;
  position_done_.notify_all();
  if (options_.progress) {
    options_.progress({.stage = stage, .name = name, .done = done, .total = total});
  }
}

void Collection::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  position_done_.notify_all();
}

}  // namespace

DatasetInfo dataset_info(const GraspProtocol& protocol, const std::string& software) {
  return {.protocol_text = protocol.text,
          .train_objects = protocol.train_objects,
          .test_objects = protocol.test_objects,
          .catalogue_hash = catalogue_hash(protocol),
          .seed = protocol.seed,
          .software = software};
}

CollectSummary collect(const GraspProtocol& protocol,
                       const std::vector<hal::ObjectDescription>& objects,
                       const WorkcellFactory& make_workcell, EpisodeStore& store,
                       const CollectOptions& options) {
  if (options.jobs < 1) throw std::invalid_argument("jobs must be at least 1");
  if (options.shards < 1 || options.shard < 0 || options.shard >= options.shards) {
    throw std::invalid_argument("the shard must be one of 0 to shards - 1");
  }
  return Collection(protocol, objects, make_workcell, store, options).run();
}

}  // namespace gripbench::experiments
