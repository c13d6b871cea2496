#include "experiments/training_source.h"

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <mutex>

#include "experiments/evaluation.h"
#include "experiments/windows.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

detectors::LabelledSequence sequence_of(const Episode& episode) {
  detectors::LabelledSequence sequence;
  sequence.frames = frame_pairs(episode);
  sequence.slip = episode.record.slip;
  sequence.group = episode.record.parameters.object;
  for (const int length : kWindowLengths) {
    for (const Window& window : paper_windows(length)) sequence.windows.push_back(window.frames);
  }
  return sequence;
}

/// Reads ahead of a caller that takes the grasps in turn.
class ReadAhead {
 public:
  ReadAhead(const EpisodeStore& store, std::vector<EpisodeRecord> records, int readers)
      : store_(store), records_(std::move(records)), readers_(readers) {}

  detectors::LabelledSequence load(std::size_t index) {
    std::future<detectors::LabelledSequence> wanted;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(under_way_, [&](const auto& one) { return one.first < index; });
      const std::size_t end =
          std::min(records_.size(), index + 1 + static_cast<std::size_t>(readers_));
      for (std::size_t i = index; i < end; ++i) {
        if (!under_way_.contains(i)) under_way_[i] = start(i);
      }
      wanted = std::move(under_way_.at(index));
      under_way_.erase(index);
    }
    return wanted.get();
  }

 private:
  std::future<detectors::LabelledSequence> start(std::size_t index) {
    return std::async(std::launch::async,
                      [this, index] { return sequence_of(store_.load(records_[index])); });
  }

  const EpisodeStore& store_;
  const std::vector<EpisodeRecord> records_;
  const int readers_;
  std::mutex mutex_;
  std::map<std::size_t, std::future<detectors::LabelledSequence>> under_way_;
};

}  // namespace

std::vector<EpisodeRecord> records_of(const EpisodeStore& store,
                                      const std::vector<std::string>& objects) {
  std::vector<EpisodeRecord> records = store.records();
  std::erase_if(records, [&](const EpisodeRecord& record) {
    return std::find(objects.begin(), objects.end(), record.parameters.object) == objects.end();
  });
  if (records.empty()) {
    throw hal::InputError(store.folder().string() +
                          ": holds no grasp of this side's objects; run the collection first");
  }
  return records;
}

detectors::SequenceSource training_source(const EpisodeStore& store,
                                          std::vector<EpisodeRecord> records, int readers) {
  const std::size_t count = records.size();
  auto ahead = std::make_shared<ReadAhead>(store, std::move(records), readers);
  return {count, [ahead](std::size_t index) { return ahead->load(index); }};
}

}  // namespace gripbench::experiments
