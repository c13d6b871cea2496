#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/episode_store.h"
#include "experiments/grasp_phase.h"
#include "experiments/grasp_protocol.h"
#include "hal/objects.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// Builds one workcell. Called once in every worker's thread, which alone drives that workcell.
using WorkcellFactory = std::function<std::unique_ptr<hal::Workcell>()>;

struct CollectProgress {
  /// "position" or "grasp": what was just finished, and its name.
  std::string stage;
  std::string name;
  /// Tasks of this run, positions and grasps: done, and in all.
  std::size_t done = 0;
  std::size_t total = 0;
  /// Grasps in the data set, those of an earlier run included, and how many it shall hold.
  std::size_t grasps_done = 0;
  std::size_t grasps_total = 0;
};

struct CollectOptions {
  /// Workcells at work at the same time: 1 on a real rig.
  int jobs = 1;
  /// This run makes part `shard` (from 0) of `shards`; the parts share no position.
  int shard = 0;
  int shards = 1;
  /// Raised from outside to stop; may be null.
  const std::atomic<bool>* stop = nullptr;
  /// Called after every task, never by two threads at once; may be empty.
  std::function<void(const CollectProgress&)> progress = {};
  /// Called with the name of a grasp or search whenever it enters a phase, by the thread that
  /// drives its workcell, never by two threads at once nor beside `progress`; may be empty.
  std::function<void(const std::string& name, GraspPhase phase)> phase = {};
};

struct CollectSummary {
  /// Made by this run.
  std::size_t positions = 0;
  std::size_t grasps = 0;
  /// Found from an earlier run.
  std::size_t grasps_before = 0;
};

/// What a data set of part `shard` (from 0) of `shards` of this protocol shall hold.
std::vector<PlannedGrasp> planned_grasps(const GraspProtocol& protocol, int shard, int shards);

/// What a data set of this protocol, or part `shard` (from 0) of `shards` of it, says about itself.
DatasetInfo dataset_info(const GraspProtocol& protocol, const std::string& software, int shard = 0,
                         int shards = 1);

/// Refuses a protocol that the rig cannot follow, before anything moves.
/// @throws InputError naming file and key: a squeeze beyond the jaws' stroke, a speed that they do
/// not have; or naming an object that is wider than they open.
void check_rig_suits(const GraspProtocol& protocol,
                     const std::vector<hal::ObjectDescription>& objects, hal::Workcell& workcell);

/// Runs the protocol on `objects` (see `load_objects`) and writes every grasp into `store` while
/// the next one is under way. What the store already holds is not made again. The bytes written do
/// not depend on jobs, shards, or how often the run was interrupted, as long as the workcells are
/// deterministic.
/// A grasp or search that a device's fault ends is remembered as aborted, and made anew by the next
/// run.
/// @throws the first error of a task: DeviceError, StorageError, Interrupted. Episodes finished
/// until then are in the store, and the other workers finish and store the grasp they are at (but
/// drop it on Interrupted). std::invalid_argument for impossible options.
CollectSummary collect(const GraspProtocol& protocol,
                       const std::vector<hal::ObjectDescription>& objects,
                       const WorkcellFactory& make_workcell, EpisodeStore& store,
                       const CollectOptions& options);

}  // namespace gripbench::experiments
