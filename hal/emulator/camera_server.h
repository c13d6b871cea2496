#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "hal/emulator/control_server.h"
#include "hal/emulator/faulty_line.h"
#include "hal/emulator/line_faults.h"
#include "hal/emulator/live_workcell.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// Shows a live workcell's camera as MJPEG over HTTP: the stream at /stream, one picture at
/// /snapshot, a page with the stream at /. Each part carries the time of its exposure on the live
/// clock as X-Timestamp.
///
/// Pictures are drawn and compressed on a thread of its own, and only while somebody looks. The
/// server adds its camera's line ("tactile" or "camera") to the board, and a command to the control
/// interface: slow_tactile or slow_camera SECONDS, the least time from frame to frame.
class CameraServer {
 public:
  /// Workcell, board and control interface must outlive the server; the interface listens after and
  /// is closed before it goes.
  /// @throws InputError if it cannot listen.
  CameraServer(LiveWorkcell& workcell, LiveCamera camera, const ListenOn& where, FaultBoard& board,
               ControlServer& control);

  std::uint16_t port() const { return server_.port(); }

 private:
  /// A frame as JPEG, never changed once made.
  struct Picture {
    std::uint64_t number = 0;
    double time = 0.0;
    Bytes jpeg;
  };
  using PicturePtr = std::shared_ptr<const Picture>;

  void draw(std::stop_token stop);
  /// Of the workcell's camera (s).
  double frame_period() const;
  void serve(TcpConnection& connection, std::stop_token stop);
  void stream(FaultyLine& line, std::stop_token stop);
  /// The newest picture, if its number is greater.
  PicturePtr newer(std::uint64_t than) const;

  LiveWorkcell& workcell_;
  const LiveCamera camera_;
  LineFaults& faults_;
  std::atomic<int> watchers_{0};
  std::atomic<double> least_interval_{0.0};
  /// Of the frames (s); 0 before the first.
  std::atomic<double> period_{0.0};

  mutable std::mutex mutex_;
  PicturePtr newest_;

  std::jthread drawing_;
  TcpServer server_;
};

}  // namespace gripbench::hal
