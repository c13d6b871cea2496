#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// What is wrong with one of the emulator's lines now. A server looks at it whenever it sends or
/// receives; the control interface sets it. Safe from any thread.
struct LineFaults {
  /// What is sent leaves so much later (s).
  std::atomic<double> delay{0.0};
  /// So many of the next packages are garbled.
  std::atomic<int> garble{0};
  /// Nothing is sent while this is set.
  std::atomic<bool> frozen{false};
  /// Nor is anything received: what the other side sends waits in the network, as when a cable is
  /// out for a while.
  std::atomic<bool> cut{false};
  /// Counts the times that all connections were dropped.
  std::atomic<unsigned> drops{0};

  bool sends_nothing() const { return frozen || cut; }

  /// Garbles the package if one is due to be. The length stays, the content and the header do not.
  void spoil(Bytes& package) {
    int left = garble.load();
    while (left > 0 && !garble.compare_exchange_weak(left, left - 1)) {
    }
    if (left <= 0) return;
    std::uint8_t mask = 0xa5;
    for (std::uint8_t& byte : package) byte ^= (mask = static_cast<std::uint8_t>(mask * 29 + 7));
  }
};

/// The lines of an emulator by name: "rtde", "primary", "secondary", "realtime", "dashboard" and
/// what other servers add. Lines are added before servers run and never go.
class FaultBoard {
 public:
  LineFaults& add(const std::string& line) {
    auto& faults = lines_[line];
    if (!faults) faults = std::make_unique<LineFaults>();
    return *faults;
  }
  /// Nothing for a line that there is not.
  LineFaults* find(const std::string& line) const {
    const auto found = lines_.find(line);
    return found == lines_.end() ? nullptr : found->second.get();
  }
  const std::map<std::string, std::unique_ptr<LineFaults>>& lines() const { return lines_; }

 private:
  std::map<std::string, std::unique_ptr<LineFaults>> lines_;
};

}  // namespace gripbench::hal
