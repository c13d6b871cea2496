#pragma once

#include <array>
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
/// One thread takes frames and asks for them. Only `next_after_to_draw` gives something to draw on
/// another one; `drawing()` keeps what drawing depends on still meanwhile.
template <typename Snapshot>
class FrameRing {
 public:
  /// Draws the picture of a snapshot; the sequence number seeds what is new in every frame.
  using Render = std::function<cv::Mat(const Snapshot&, std::uint64_t sequence)>;

  FrameRing(std::string device, Render render)
      : device_(std::move(device)), render_(std::move(render)) {}

  /// Held while a picture is drawn. Whoever changes what `render` depends on holds it too.
  std::mutex& drawing() { return drawing_; }

  /// Forgets all frames; the next one has sequence 0. @pre the caller holds `drawing()`.
  void clear() {
    taken_ = 0;
    ++round_;
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
    Slot* slot = slot_after(time);
    if (slot == nullptr) return std::nullopt;
    return frame(*slot);
  }

  /// As hal::Camera has it. The function throws hal::DeviceError once the ring has been cleared.
  std::optional<std::function<hal::Frame()>> next_after_to_draw(double time) {
    const Slot* slot = slot_after(time);
    if (slot == nullptr) return std::nullopt;
    return [this, slot = *slot, round = round_] {
      const std::lock_guard lock(drawing_);
      if (round != round_) {
        throw hal::DeviceError(device_, "the grasp that the frame was taken of is over");
      }
      return hal::Frame{slot.image.empty() ? render_(slot.snapshot, slot.sequence) : slot.image,
                        slot.time, slot.sequence};
    };
  }

 private:
  struct Slot {
    double time = 0.0;
    std::uint64_t sequence = 0;
    Snapshot snapshot;
    cv::Mat image;
  };

  Slot* slot_after(double time) {
    const std::uint64_t oldest = taken_ > kCapacity ? taken_ - kCapacity : 0;
    for (std::uint64_t n = oldest; n < taken_; ++n) {
      Slot& slot = slots_[n % kCapacity];
      if (slot.time > time) return &slot;
    }
    return nullptr;
  }

  hal::Frame frame(Slot& slot) {
    if (slot.image.empty()) {
      const std::lock_guard lock(drawing_);
      slot.image = render_(slot.snapshot, slot.sequence);
    }
    return {slot.image, slot.time, slot.sequence};
  }

  /// 0.8 s at 20 Hz: more than hal::Camera promises.
  static constexpr std::uint64_t kCapacity = 16;

  std::string device_;
  Render render_;
  std::array<Slot, kCapacity> slots_;
  std::uint64_t taken_ = 0;

  std::mutex drawing_;
  /// Counts the times that the ring was cleared.
  std::uint64_t round_ = 0;
};

}  // namespace gripbench::sim
