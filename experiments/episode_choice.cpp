#include "experiments/episode_choice.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

std::string name_of(const EpisodeRecord& record) {
  return record.parameters.object + "/" + record.parameters.grasp;
}

std::vector<EpisodeRecord> named_episodes(const EpisodeStore& store,
                                          const std::vector<EpisodeRecord>& records,
                                          const std::vector<std::string>& names) {
  std::vector<EpisodeRecord> chosen;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(records.begin(), records.end(),
                     [&](const EpisodeRecord& record) { return name_of(record) == name; });
    if (found == records.end()) {
      throw hal::InputError(fmt::format("--episode {}: {} holds no such grasp; its first is {}",
                                        name, store.folder().string(), name_of(records.front())));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

void require_object(const EpisodeStore& store, const std::vector<EpisodeRecord>& records,
                    const std::string& object) {
  std::set<std::string> objects;
  for (const EpisodeRecord& record : records) objects.insert(record.parameters.object);
  if (objects.contains(object)) return;
  std::string words;
  for (const std::string& one : objects) words += (words.empty() ? "" : ", ") + one;
  throw hal::InputError(fmt::format("--object {}: {} holds no grasp of it; it holds {}", object,
                                    store.folder().string(), words));
}

}  // namespace

std::vector<EpisodeRecord> choose_episodes(const EpisodeStore& store, const EpisodeChoice& choice) {
  std::vector<EpisodeRecord> records = store.records();
  if (records.empty()) {
    throw hal::InputError(store.folder().string() + ": holds no grasp; run 'gripbench collect'");
  }
  if (!choice.named.empty()) return named_episodes(store, records, choice.named);
  if (choice.object) require_object(store, records, *choice.object);
  std::erase_if(records, [&](const EpisodeRecord& record) {
    return (choice.object && record.parameters.object != *choice.object) ||
           (choice.slip && record.slip != *choice.slip) ||
           (choice.kind && record.kind != *choice.kind);
  });
  if (records.empty()) {
    throw hal::InputError(store.folder().string() +
                          ": no grasp fits --object, --label and --kind together; leave one out");
  }
  const std::size_t wanted =
      std::min(records.size(), static_cast<std::size_t>(std::max(1, choice.count)));
  std::vector<EpisodeRecord> chosen;
  for (std::size_t i = 0; i < wanted; ++i) {
    chosen.push_back(records[i * records.size() / wanted]);
  }
  return chosen;
}

}  // namespace gripbench::experiments
