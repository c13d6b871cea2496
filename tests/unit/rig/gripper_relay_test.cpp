#include "hal/watchdog/gripper_relay.h"

#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "hal/wsg/wsg_frame.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::hal {
namespace {

/// What a connection holds back for a side that does not read is less than that (bytes).
constexpr std::size_t kMoreThanIsHeld = 16 << 20;

/// A gripper that answers a goodbye, and else does as a test says.
class FlawedGripper {
 public:
  /// Sends widths without end, as fast as they are taken.
  std::atomic<bool> floods{false};
  /// Does not look at what it is sent.
  std::atomic<bool> reads{true};

  WsgOptions options() const {
    WsgOptions options;
    options.host = "127.0.0.1";
    options.port = server_.port();
    return options;
  }
  bool connected() const { return connected_; }
  std::size_t sent() const { return sent_; }
  int stops() const { return stops_; }

 private:
  void serve(TcpConnection& connection, std::stop_token stop) {
    connected_ = true;
    WsgFramer framer;
    try {
      while (!stop.stop_requested()) {
        if (floods) flood(connection);
        if (!reads) {
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
          continue;
        }
        framer.append(connection.receive(Duration(0.01)));
        while (const std::optional<WsgFrame> frame = framer.next()) answer(connection, *frame);
      }
    } catch (const WireError&) {
    }
    connected_ = false;
  }
  void flood(TcpConnection& connection) {
    const Bytes frame = encode(make_answer(WsgCommand::kWidth, WsgStatus::kSuccess, Bytes(2000)));
    for (int i = 0; i < 200; ++i) {
      connection.send(frame);
      sent_ += frame.size();
    }
    connection.flush(Duration(0.2));
  }
  void answer(TcpConnection& connection, const WsgFrame& frame) {
    const auto command = static_cast<WsgCommand>(frame.command);
    if (command == WsgCommand::kStop) ++stops_;
    connection.send(encode(make_answer(command, WsgStatus::kSuccess)));
  }

  std::atomic<bool> connected_{false};
  std::atomic<std::size_t> sent_{0};
  std::atomic<int> stops_{0};
  TcpServer server_{{}, [this](TcpConnection& c, std::stop_token stop) { serve(c, stop); }};
};

class GripperRelayTest : public ::testing::Test {
 protected:
  GripperRelayTest() { relay_.open(); }

  FlawedGripper gripper_;
  std::atomic<int> gone_{0};
  GripperRelay relay_{gripper_.options(), [this](bool) { ++gone_; }};
};

TEST_F(GripperRelayTest, AClientThatStopsReadingCostsTheGripperNothing) {
  TcpConnection client = TcpConnection::connect("127.0.0.1", relay_.port(), Duration(5.0));
  client.send(encode(make_request(WsgCommand::kWidth)));
  ASSERT_FALSE(client.receive(Duration(kPatience)).empty()) << "it is served";
  gripper_.floods = true;
  ASSERT_TRUE(eventually([&] { return gripper_.sent() > kMoreThanIsHeld; }))
      << "the relay goes on to read from the gripper";
  gripper_.floods = false;
  EXPECT_TRUE(gripper_.connected());
  EXPECT_TRUE(relay_.holds());
  EXPECT_EQ(gone_, 0);
  // The watchdog takes over, and leaves in order.
  relay_.close();
  EXPECT_TRUE(eventually([&] { return gone_ == 1; }));
  EXPECT_TRUE(gripper_.connected());
  EXPECT_EQ(message_of([&] { relay_.say_goodbye(); }), "nothing was thrown");
  EXPECT_FALSE(relay_.holds());
}

TEST_F(GripperRelayTest, AGripperThatStopsReadingHoldsNobodyUp) {
  TcpConnection client = TcpConnection::connect("127.0.0.1", relay_.port(), Duration(5.0));
  client.send(encode(make_request(WsgCommand::kWidth)));
  ASSERT_FALSE(client.receive(Duration(kPatience)).empty()) << "it is served";
  gripper_.reads = false;
  const Bytes frame = encode(make_value_request(WsgCommand::kForce, {true, false, 20}));
  std::size_t sent = 0;
  const bool all_taken = eventually([&] {
    for (int i = 0; i < 2000; ++i) {
      try {
        client.send(frame);
        sent += frame.size();
      } catch (const WireError&) {
        break;
      }
    }
    client.flush(Duration(0.2));
    return sent > kMoreThanIsHeld;
  });
  EXPECT_TRUE(all_taken) << "the relay goes on to read from the client, after " << sent;
  EXPECT_TRUE(gripper_.connected()) << "a lost connection would open the grip";
  EXPECT_TRUE(relay_.holds());
  relay_.close();
  EXPECT_TRUE(eventually([&] { return gone_ == 1; }));
  EXPECT_TRUE(gripper_.connected());
}

}  // namespace
}  // namespace gripbench::hal
