#include "hal/emulator/faulty_line.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace gripbench::hal {
namespace {

/// How precisely what is delayed leaves (s).
constexpr Duration kLatePeriod{0.002};
constexpr Duration kLookUp{0.02};
/// Packages that may be on their way: 16 s of a state stream.
constexpr std::size_t kMostLate = 2000;

}  // namespace

void FaultyLine::send(Bytes package) {
  if (faults_.sends_nothing()) return;
  faults_.spoil(package);
  const std::lock_guard lock(mutex_);
  const Duration delay(faults_.delay.load());
  try {
    if (delay.count() <= 0.0 && late_.empty()) {
      connection_.send(package);
    } else if (late_.size() < kMostLate) {
      const Time now = std::chrono::steady_clock::now();
      late_.push_back(
          {now + std::chrono::duration_cast<Time::duration>(delay), std::move(package)});
    }
  } catch (const WireError&) {
    overrun_ = true;
  }
}

/// Sends what is due; true if more waits.
bool FaultyLine::send_late() {
  const std::lock_guard lock(mutex_);
  if (overrun_) throw WireError(connection_.peer() + " does not read");
  const Time now = std::chrono::steady_clock::now();
  for (; !late_.empty() && late_.front().due <= now; late_.pop_front()) {
    connection_.send(late_.front().package);
  }
  return !late_.empty();
}

/// Nothing while the line is cut; afterwards what was sent meanwhile.
ByteView FaultyLine::receive_within(Duration timeout) {
  if (faults_.cut) {
    std::this_thread::sleep_for(timeout);
    return {};
  }
  if (!held_.empty()) return received_ = std::exchange(held_, {});
  const ByteView bytes = connection_.receive(timeout);
  if (!faults_.cut) return bytes;
  held_.assign(bytes.begin(), bytes.end());
  return {};
}

ByteView FaultyLine::receive(Duration timeout) {
  const Time end =
      std::chrono::steady_clock::now() + std::chrono::duration_cast<Time::duration>(timeout);
  while (true) {
    const bool more_late = send_late();
    if (faults_.drops != drops_at_begin_) throw WireError("the connection is dropped by a fault");
    const Duration left = end - std::chrono::steady_clock::now();
    const Duration turn = std::min(left, more_late ? kLatePeriod : kLookUp);
    const ByteView bytes = receive_within(std::max(turn, Duration(0.0)));
    if (!bytes.empty() || turn == left || left.count() <= 0.0) return bytes;
  }
}

}  // namespace gripbench::hal
