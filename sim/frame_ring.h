#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "hal/camera.h"
#include "hal/errors.h"

namespace gripbench::sim {

/// The last frames of a simulated camera, kept as snapshots of the state they were taken of and
/// turned into pictures only when somebody asks for them: most frames of a grasp are never looked
/// at.
///
/// A picture may be drawn on another thread than the one that takes frames; one is drawn at a time.
template <typename Snapshot>
class FrameRing {
 public:
  /// Draws the picture of a snapshot; the sequence number seeds what is new in every frame.
  using Render = std::function<cv::Mat(const Snapshot&, std::uint64_t sequence)>;

  FrameRing(std::string device, Render render)
      : device_(std::move(device)), render_(std::move(render)) {}

  /// While the lock lives nothing is drawn: what pictures show may be changed.
  using Halt = std::unique_lock<std::mutex>;
  Halt halt() { return Halt(drawing_); }

  /// Forgets all frames; the next one has sequence 0. Pictures that were still to be drawn are
  /// lost.
  void clear(const Halt&) {
    taken_ = 0;
    ++generation_;
  }

  /// Takes a frame at `time` (s); the caller fills in its snapshot.
  Snapshot& take(double time) {
    Slot& slot = slots_[taken_ % kCapacity];
    slot.time = time;
    slot.sequence = taken_++;
    slot.image.release();
    return slot.snapshot;
  }

  /// @throws hal::DeviceError if no frame was taken yet.
  hal::Frame newest() {
    if (taken_ == 0) throw hal::DeviceError(device_, "no frame has been taken yet");
    return frame(slots_[(taken_ - 1) % kCapacity]);
  }

  std::optional<hal::Frame> next_after(double time) {
    Slot* const slot = oldest_after(time);
    return slot == nullptr ? std::nullopt : std::optional(frame(*slot));
  }

  /// As `next_after`; the function may be called on another thread and throws hal::DeviceError if
  /// the frames were forgotten meanwhile.
  std::optional<std::function<hal::Frame()>> next_after_to_draw(double time) {
    Slot* const slot = oldest_after(time);
    if (slot == nullptr) return std::nullopt;
    return [this, time = slot->time, sequence = slot->sequence, snapshot = slot->snapshot,
            generation = generation_.load()] {
      const std::lock_guard lock(drawing_);
      if (generation != generation_) {
        throw hal::DeviceError(device_, "the scene changed before its picture was drawn");
      }
      return hal::Frame{render_(snapshot, sequence), time, sequence};
    };
  }

 private:
  struct Slot {
    double time = 0.0;
    std::uint64_t sequence = 0;
    Snapshot snapshot;
    cv::Mat image;
  };

  Slot* oldest_after(double time) {
    const std::uint64_t oldest = taken_ > kCapacity ? taken_ - kCapacity : 0;
    for (std::uint64_t n = oldest; n < taken_; ++n) {
      Slot& slot = slots_[n % kCapacity];
      if (slot.time > time) return &slot;
    }
    return nullptr;
  }

  hal::Frame frame(Slot& slot) {
    const std::lock_guard lock(drawing_);
    if (slot.image.empty()) slot.image = render_(slot.snapshot, slot.sequence);
    return {slot.image, slot.time, slot.sequence};
  }

  /// 0.8 s at 20 Hz: more than hal::Camera promises.
  static constexpr std::uint64_t kCapacity = 16;

  std::string device_;
  Render render_;
  std::mutex drawing_;
  std::atomic<std::uint64_t> generation_{0};
  std::array<Slot, kCapacity> slots_;
  std::uint64_t taken_ = 0;
};

}  // namespace gripbench::sim
