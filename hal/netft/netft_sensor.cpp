#include "hal/netft/netft_sensor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/net/http_client.h"
#include "hal/net/udp_socket.h"

namespace gripbench::hal {
namespace {

/// How soon the thread notices that it shall stop, or that the stream is silent (s).
constexpr Duration kLookUp{0.02};
/// A record so much older than the newest begins a new stream; nearer ones came late.
constexpr std::uint32_t kLateRecords = 1000;

}  // namespace

NetFtSensor::NetFtSensor(NetFtSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), calibration_(learn_calibration()) {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, settings_.answer_timeout,
                    [this] { return counts_.received > 0 || !broken_because_.empty(); });
  if (counts_.received > 0) return;
  if (!broken_because_.empty()) throw DeviceError(settings_.device, broken_because_);
  throw TimeoutError(
      settings_.device,
      fmt::format("expected RDT records from {}:{} within {} s, nothing came; is RDT "
                  "switched on on the box's web page?",
                  settings_.host, settings_.port, settings_.answer_timeout.count()));
}

NetFtSensor::~NetFtSensor() = default;

NetFtCalibration NetFtSensor::learn_calibration() const {
  try {
    if (settings_.calibration) {
      settings_.calibration->newtons_per_count();
      settings_.calibration->newton_metres_per_count();
      return *settings_.calibration;
    }
    const HttpAddress address{settings_.host, settings_.http_port, "/netftapi2.xml"};
    return parse_netft_document(
               http_get_document(address, settings_.answer_timeout, kLongestNetFtDocument))
        .calibration;
  } catch (const SilenceError& error) {
    throw TimeoutError(settings_.device, error.what());
  } catch (const WireError& error) {
    throw DeviceError(settings_.device, fmt::format("calibration: {}", error.what()));
  }
}

void NetFtSensor::run(std::stop_token stop) {
  std::optional<UdpSocket> socket;
  double asked = 0.0;
  bool first = true;
  while (!stop.stop_requested()) {
    try {
      if (!socket) socket = UdpSocket::connect(settings_.host, settings_.port);
      const double now = clock_.now();
      double newest = 0.0;
      {
        const std::lock_guard lock(mutex_);
        newest = newest_.time;
      }
      // A start that was lost, or a box that was switched off, is asked again.
      if (first || now - std::max(asked, newest) > settings_.stale_after.count()) {
        {
          const std::lock_guard lock(mutex_);
          sequence_ = 0;
          if (!first) ++counts_.restarts;
        }
        socket->send(encode(RdtRequest{RdtCommand::kStartRealTime, 0}));
        asked = now;
        first = false;
      }
      const ByteView package = socket->receive(kLookUp);
      if (!package.empty()) take(package);
    } catch (const WireError& error) {
      socket.reset();
      break_off(error.what());
    }
  }
  if (socket) socket->send(encode(RdtRequest{RdtCommand::kStop, 0}));
}

void NetFtSensor::take(ByteView package) {
  RdtRecord record;
  try {
    record = parse_rdt_record(package);
  } catch (const WireError& error) {
    const std::lock_guard lock(mutex_);
    ++counts_.malformed;
    if (counts_.received == 0) {
      broken_because_ = fmt::format("{} from {}:{}", error.what(), settings_.host, settings_.port);
      changed_.notify_all();
    }
    return;
  }
  const std::lock_guard lock(mutex_);
  if (sequence_ != 0) {
    const std::uint32_t step = record.rdt_sequence - sequence_;
    const std::uint32_t back = sequence_ - record.rdt_sequence;
    if (back < kLateRecords) {
      ++counts_.late;
      return;
    }
    // A stream that another request began anew has no gap.
    if (record.rdt_sequence > sequence_) counts_.lost += step - 1;
  }
  sequence_ = record.rdt_sequence;
  newest_ = to_wrench(record, calibration_, clock_.now());
  status_ = record.status;
  ++counts_.received;
  broken_because_.clear();
  changed_.notify_all();
}

void NetFtSensor::break_off(const std::string& why) {
  std::unique_lock lock(mutex_);
  broken_because_ = why;
  changed_.notify_all();
  changed_.wait_for(lock, settings_.stale_after);
}

WrenchReading NetFtSensor::newest(const std::unique_lock<std::mutex>&) const {
  const double age = clock_.now() - newest_.time;
  if (age > settings_.stale_after.count()) {
    throw DeviceError(
        settings_.device,
        fmt::format("no reading for {:.2f} s: {}; asking again", age,
                    broken_because_.empty() ? "the sensor is silent" : broken_because_));
  }
  const std::string fault = explain_netft_status(status_);
  if (!fault.empty()) throw DeviceError(settings_.device, fault);
  return newest_;
}

WrenchReading NetFtSensor::read() {
  const std::unique_lock lock(mutex_);
  WrenchReading reading = newest(lock);
  reading.force -= zero_.force;
  reading.torque -= zero_.torque;
  return reading;
}

void NetFtSensor::bias() {
  std::unique_lock lock(mutex_);
  WrenchReading sum;
  for (int i = 0; i < settings_.bias_samples; ++i) {
    const std::uint64_t before = counts_.received;
    if (!changed_.wait_for(lock, settings_.answer_timeout,
                           [&] { return counts_.received > before; })) {
      throw TimeoutError(settings_.device, fmt::format("expected {} readings for the bias, got {}",
                                                       settings_.bias_samples, i));
    }
    const WrenchReading reading = newest(lock);
    sum.force += reading.force;
    sum.torque += reading.torque;
  }
  zero_.force = sum.force / settings_.bias_samples;
  zero_.torque = sum.torque / settings_.bias_samples;
}

NetFtCounts NetFtSensor::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace gripbench::hal
