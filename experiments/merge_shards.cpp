#include "experiments/merge_shards.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/file_io.h"
#include "experiments/parallel.h"
#include "experiments/wait.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

void refuse_strangers(const EpisodeStore& first, const EpisodeStore& other) {
  std::string what = difference(other.info(), first.info());
  if (what.empty() && other.info().software != first.info().software) {
    what = fmt::format("GripBench {}, not {}", other.info().software, first.info().software);
  }
  if (what.empty() && other.info().shards != first.info().shards) {
    what = fmt::format("shard {}, not one of {}", shard_name(other.info()), first.info().shards);
  }
  if (what.empty()) return;
  throw hal::InputError(
      fmt::format("{}: was begun with {} as {} was; only shards of one data set can be merged",
                  other.folder().string(), what, first.folder().string()));
}

void refuse_unfinished(const EpisodeStore& shard) {
  if (!shard.info().plan) {
    throw hal::InputError(shard.folder().string() +
                          ": does not say which grasps it shall hold (an import, or of an older "
                          "GripBench), so it cannot be merged; collect it again");
  }
  const std::vector<PlannedGrasp> missing = shard.missing();
  if (missing.empty()) return;
  throw hal::InputError(fmt::format(
      "{}: shard {} lacks {} of its {} grasps ({}/{} first); run its collect command again",
      shard.folder().string(), shard_name(shard.info()), missing.size(), shard.info().plan->size(),
      missing.front().object, missing.front().grasp));
}

/// Every part once.
void refuse_gaps(const std::vector<EpisodeStore>& stores) {
  std::map<int, const EpisodeStore*> parts;
  for (const EpisodeStore& store : stores) {
    const auto [there, is_new] = parts.emplace(store.info().shard, &store);
    if (!is_new) {
      throw hal::InputError(fmt::format("{}: is shard {}, as {} is; give every shard once",
                                        store.folder().string(), shard_name(store.info()),
                                        there->second->folder().string()));
    }
  }
  const int shards = stores.front().info().shards;
  std::vector<std::string> lacking;
  for (int part = 0; part < shards; ++part) {
    if (!parts.contains(part)) lacking.push_back(fmt::format("{}/{}", part + 1, shards));
  }
  if (lacking.empty()) return;
  throw hal::InputError(fmt::format(
      "shard{} {} not among those given; add {}", lacking.size() == 1 ? "" : "s",
      fmt::format("{} {}", fmt::join(lacking, ", "), lacking.size() == 1 ? "is" : "are"),
      lacking.size() == 1 ? "it" : "them"));
}

/// What a run without shards says about itself.
DatasetInfo joined_info(const std::vector<EpisodeStore>& stores) {
  DatasetInfo info = stores.front().info();
  info.shard = 0;
  info.shards = 1;
  info.plan->clear();
  for (const EpisodeStore& store : stores) {
    info.plan->insert(info.plan->end(), store.info().plan->begin(), store.info().plan->end());
  }
  std::sort(info.plan->begin(), info.plan->end());
  return info;
}

/// One episode or position to take over.
struct Item {
  const EpisodeStore* shard = nullptr;
  PlannedGrasp grasp;
  bool position = false;
};

std::vector<Item> items_of(const std::vector<EpisodeStore>& stores) {
  std::vector<Item> items;
  for (const EpisodeStore& store : stores) {
    std::set<std::pair<std::string, int>> seen;
    for (const PlannedGrasp& grasp : *store.info().plan) {
      if (seen.emplace(grasp.object, grasp.position).second) items.push_back({&store, grasp, true});
      items.push_back({&store, grasp, false});
    }
  }
  return items;
}

enum class Taken { kBefore, kLinked, kCopied };

Taken take_over(EpisodeStore& to, const Item& item, EpisodeStore::Transfer transfer) {
  const PlannedGrasp& grasp = item.grasp;
  const bool there = item.position ? to.has_position(grasp.object, grasp.position)
                                   : to.has_episode(grasp.object, grasp.grasp);
  if (there) return Taken::kBefore;
  const auto adopt = [&](EpisodeStore::Transfer how) {
    return item.position ? to.adopt_position(*item.shard, grasp.object, grasp.position, how)
                         : to.adopt_episode(*item.shard, grasp.object, grasp.grasp, how);
  };
  if (transfer == EpisodeStore::Transfer::kLink && adopt(transfer)) return Taken::kLinked;
  adopt(EpisodeStore::Transfer::kCopy);
  return Taken::kCopied;
}

/// True if `out` is this data set already.
bool merged_before(const fs::path& out, const DatasetInfo& info) {
  if (!fs::exists(out)) return false;
  if (fs::exists(out / kDatasetFile)) {
    const EpisodeStore there = EpisodeStore::open(out);
    if (difference(there.info(), info).empty() && there.info().plan == info.plan &&
        there.missing().empty()) {
      return true;
    }
  }
  throw hal::InputError(out.string() +
                        ": is there already and is not these shards joined; give another folder");
}

}  // namespace

MergeSummary merge_shards(const std::vector<fs::path>& shards, const fs::path& out,
                          const MergeOptions& options) {
  std::vector<EpisodeStore> stores;
  for (const fs::path& shard : shards) {
    stores.push_back(EpisodeStore::open(shard));
    refuse_strangers(stores.front(), stores.back());
  }
  if (stores.empty()) throw hal::InputError("no shard is given; name the folder of each");
  refuse_gaps(stores);
  for (const EpisodeStore& store : stores) refuse_unfinished(store);

  const DatasetInfo info = joined_info(stores);
  const std::vector<Item> items = items_of(stores);
  MergeSummary summary;
  summary.grasps = info.plan->size();
  summary.positions = items.size() - summary.grasps;
  if (!merged_before(out, info)) {
    const fs::path beside = unfinished_name(out);
    EpisodeStore store = EpisodeStore::create_or_resume(beside, info);
    std::mutex mutex;
    std::size_t done = 0;
    for_each_parallel(items.size(), options.jobs, [&](std::size_t i) {
      StopRequest{options.stop}.check();
      const Taken taken = take_over(store, items[i], options.transfer);
      const std::lock_guard lock(mutex);
      summary.linked += taken == Taken::kLinked;
      summary.copied += taken == Taken::kCopied;
      if (options.progress) options.progress(++done, items.size());
    });
    rename_folder(beside, out);
  }
  summary.dataset_hash = EpisodeStore::open(out).dataset_hash();
  return summary;
}

}  // namespace gripbench::experiments
