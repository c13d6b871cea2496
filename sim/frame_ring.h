#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "hal/camera.h"
#include "hal/errors.h"

namespace gripbench::sim {

/// The last frames of a simulated camera, kept as snapshots of the state they were taken of and
/// turned into pictures only when somebody asks for them: most frames of a grasp are never looked
/// at.
template <typename Snapshot>
class FrameRing {
 public:
  /// Draws the picture of a snapshot; the sequence number seeds what is new in every frame.
  using Render = std::function<cv::Mat(const Snapshot&, std::uint64_t sequence)>;

  FrameRing(std::string device, Render render)
      : device_(std::move(device)), render_(std::move(render)) {}

  /// Forgets all frames; the next one has sequence 0.
  void clear() { taken_ = 0; }

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
    const std::uint64_t oldest = taken_ > kCapacity ? taken_ - kCapacity : 0;
    for (std::uint64_t n = oldest; n < taken_; ++n) {
      Slot& slot = slots_[n % kCapacity];
      if (slot.time > time) return frame(slot);
    }
    return std::nullopt;
  }

 private:
  struct Slot {
    double time = 0.0;
    std::uint64_t sequence = 0;
    Snapshot snapshot;
    cv::Mat image;
  };

  hal::Frame frame(Slot& slot) {
    if (slot.image.empty()) slot.image = render_(slot.snapshot, slot.sequence);
    return {slot.image, slot.time, slot.sequence};
  }

  /// 0.8 s at 20 Hz: more than hal::Camera promises.
  static constexpr std::uint64_t kCapacity = 16;

  std::string device_;
  Render render_;
  std::array<Slot, kCapacity> slots_;
  std::uint64_t taken_ = 0;
};

}  // namespace gripbench::sim
