#include "hal/emulator/netft_server.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

#include "hal/emulator/http_page.h"

namespace gripbench::hal {
namespace {

/// The rate at which a box samples, whatever it sends (Hz).
constexpr double kSampleRate = 7000.0;
/// Records that one package of a buffered stream holds, as a box comes from the factory.
constexpr int kBuffered = 40;
/// A box that is further behind leaves records out (s).
constexpr double kMostBehind = 0.1;
constexpr Duration kIdle{0.02};

std::int32_t clipped(std::int64_t counts) {
  using Limits = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(counts, Limits::min(), Limits::max()));
}

}  // namespace

/// The UDP side of the box. One thread uses it.
class NetFtServer::Box {
 public:
  Box(const NetFtServer& server, UdpSocket socket)
      : server_(server), socket_(std::move(socket)), drops_(server.faults_.drops) {}

  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      const ByteView package = socket_.receive(until_next());
      if (!package.empty()) take(package);
      // A dropped line is a box that was switched off and on: whoever wants data asks again.
      if (std::exchange(drops_, server_.faults_.drops.load()) != drops_) {
        stream_.reset();
        late_.clear();
      }
      if (stream_ && now() >= stream_->due) add_record();
      for (; !late_.empty() && late_.front().first <= now(); late_.pop_front()) {
        socket_.send(late_.front().second);
      }
    }
  }

 private:
  /// What a client asked for.
  struct Stream {
    std::uint32_t sequence = 0;
    /// Records still to send; 0 until stopped.
    std::uint32_t left = 0;
    int per_package = 1;
    Bytes package;
    int in_package = 0;
    double due = 0.0;
  };

  double now() const { return server_.workcell_.now(); }

  Duration until_next() const {
    if (!stream_) return kIdle;
    return Duration(std::clamp(stream_->due - now(), 0.0, kIdle.count()));
  }

  void take(ByteView package) {
    if (server_.faults_.cut) return;
    try {
      const RdtRequest request = parse_rdt_request(package);
      stream_.reset();
      if (request.command == RdtCommand::kSetBias) bias_ = server_.measure().counts;
      if (request.command == RdtCommand::kStartRealTime) begin(request.count, 1);
      if (request.command == RdtCommand::kStartBuffered) begin(request.count, kBuffered);
    } catch (const WireError&) {
      // A box does not answer what it does not understand.
    }
  }

  void begin(std::uint32_t count, int per_package) {
    socket_.answer_to_last_sender();
    stream_ = Stream{0, count, per_package, {}, 0, now()};
  }

  void add_record() {
    RdtRecord record = server_.measure();
    for (std::size_t i = 0; i < bias_.size(); ++i) {
      record.counts[i] = clipped(std::int64_t{record.counts[i]} - bias_[i]);
    }
    record.rdt_sequence = ++stream_->sequence;
    const Bytes bytes = encode(record);
    stream_->package.insert(stream_->package.end(), bytes.begin(), bytes.end());
    const bool last = stream_->left > 0 && --stream_->left == 0;
    if (++stream_->in_package == stream_->per_package || last) send_package();
    stream_->due = std::max(stream_->due + 1.0 / server_.options_.rate, now() - kMostBehind);
    if (last) stream_.reset();
  }

  void send_package() {
    Bytes package = std::exchange(stream_->package, {});
    stream_->in_package = 0;
    if (server_.faults_.sends_nothing()) return;
    server_.faults_.spoil(package);
    late_.emplace_back(now() + server_.faults_.delay, std::move(package));
  }

  const NetFtServer& server_;
  UdpSocket socket_;
  unsigned drops_;
  std::optional<Stream> stream_;
  std::array<std::int32_t, 6> bias_{};
  std::deque<std::pair<double, Bytes>> late_;
};

NetFtServer::NetFtServer(LiveWorkcell& workcell, const ListenOn& rdt, const ListenOn& http,
                         NetFtServerOptions options, FaultBoard& board)
    : workcell_(workcell),
      options_(std::move(options)),
      faults_(board.add("netft")),
      pages_(http, [this](TcpConnection& connection, std::stop_token stop) {
        serve_page(connection, stop);
      }) {
  UdpSocket socket = UdpSocket::bind(rdt);
  rdt_port_ = socket.port();
  thread_ = std::jthread(
      [this](std::stop_token stop, UdpSocket owned) { Box(*this, std::move(owned)).run(stop); },
      std::move(socket));
}

RdtRecord NetFtServer::measure() const {
  const LiveState state = workcell_.state();
  RdtRecord record;
  if (state.wrench) {
    record = to_record(*state.wrench, options_.calibration);
  } else {
    record.status = kNetFtError | kNetFtNoSensor;
  }
  record.ft_sequence = static_cast<std::uint32_t>(std::llround(workcell_.now() * kSampleRate));
  return record;
}

void NetFtServer::serve_page(TcpConnection& connection, std::stop_token stop) {
  FaultyLine line(connection, faults_);
  const std::optional<std::string> path = receive_http_path(line, stop);
  if (!path) return;
  if (path->starts_with("/netftapi2.xml")) {
    line.send(http_page("200 OK", "text/xml",
                        write_netft_document({"Emulated Net F/T", options_.calibration})));
  } else {
    line.send(http_page("404 Not Found", "text/plain", "there is /netftapi2.xml\n"));
  }
}

}  // namespace gripbench::hal
