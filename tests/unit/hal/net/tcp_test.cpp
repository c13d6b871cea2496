#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"
#include "hal/net/line_reader.h"
#include "hal/net/tcp_connection.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;

constexpr Duration kPatience{5.0};

/// Sends back whatever comes.
void echo(TcpConnection& connection, std::stop_token stop) {
  while (!stop.stop_requested()) {
    const ByteView bytes = connection.receive(Duration(0.05));
    if (!bytes.empty()) connection.send(bytes);
  }
}

std::string receive_text(TcpConnection& connection, std::size_t length) {
  std::string text;
  while (text.size() < length) {
    const ByteView bytes = connection.receive(kPatience);
    if (bytes.empty()) break;
    text.append(bytes.begin(), bytes.end());
  }
  return text;
}

template <typename Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Tcp, BytesComeBackFromAnEcho) {
  const TcpServer server({}, echo);
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  connection.send("grip");
  connection.send("bench");
  EXPECT_EQ(receive_text(connection, 9), "gripbench");
}

TEST(Tcp, ALargeMessageComesBackWhole) {
  const TcpServer server({}, echo);
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  std::string text(400'000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  connection.send(text);
  EXPECT_EQ(receive_text(connection, text.size()), text);
}

TEST(Tcp, NothingComesWithinTheTimeWhenNothingIsSent) {
  const TcpServer server({}, echo);
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  EXPECT_TRUE(connection.receive(Duration(0.02)).empty());
  connection.send("late");
  EXPECT_EQ(receive_text(connection, 4), "late");
}

TEST(Tcp, AnotherThreadSendsWhileOneReceives) {
  const TcpServer server({}, echo);
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  std::jthread sender([&] {
    for (int i = 0; i < 100; ++i) connection.send("0123456789");
  });
  EXPECT_EQ(receive_text(connection, 1000).size(), 1000u);
}

TEST(Tcp, FlushKeepsWhatArrivesMeanwhile) {
  const TcpServer server({}, echo);
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  EXPECT_TRUE(connection.receive(Duration(0.001)).empty());
  for (int i = 0; i < 20; ++i) {
    connection.send("word");
    connection.flush(kPatience);
  }
  EXPECT_EQ(receive_text(connection, 80).size(), 80u);
}

TEST(Tcp, NamesHostAndPortWhereNobodyListens) {
  std::uint16_t port = 0;
  { port = TcpServer({}, echo).port(); }
  EXPECT_THAT(
      message_of([&] { TcpConnection::connect("127.0.0.1", port, kPatience); }),
      HasSubstr("no connection to 127.0.0.1:" + std::to_string(port) + ": Connection refused"));
}

TEST(Tcp, NamesAHostThatDoesNotExist) {
  EXPECT_THAT(message_of([&] { TcpConnection::connect("no.such.host.invalid", 1, kPatience); }),
              HasSubstr("no connection to no.such.host.invalid:1: "));
}

TEST(Tcp, SaysThatTheOtherSideClosed) {
  const TcpServer server({}, [](TcpConnection&, std::stop_token) {});
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  EXPECT_THAT(message_of([&] { connection.receive(kPatience); }),
              HasSubstr("closed the connection"));
}

TEST(Tcp, RefusesToQueueWithoutEndForOneWhoDoesNotRead) {
  const TcpServer server({}, [](TcpConnection&, std::stop_token stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
  const std::string block(100'000, 'x');
  EXPECT_THAT(message_of([&] {
                for (int i = 0; i < 1000; ++i) connection.send(block);
              }),
              HasSubstr("does not read"));
}

TEST(Tcp, AServerSaysWhichPortIsTaken) {
  const TcpServer first({}, echo);
  EXPECT_THAT(message_of([&] {
                TcpServer({"127.0.0.1", first.port()}, echo);
              }),
              HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(first.port())));
}

TEST(Tcp, AServerGoesOnAfterAClientThatVanishes) {
  std::atomic<int> served{0};
  const TcpServer server({}, [&](TcpConnection& connection, std::stop_token stop) {
    ++served;
    echo(connection, stop);
  });
  for (int i = 0; i < 5; ++i) {
    TcpConnection connection = TcpConnection::connect("127.0.0.1", server.port(), kPatience);
    connection.send("x");
    EXPECT_EQ(receive_text(connection, 1), "x");
  }
  EXPECT_EQ(served, 5);
}

TEST(LineReader, CutsLinesWhereverTheBytesAreSplit) {
  LineReader reader;
  reader.append(as_bytes("robot"));
  EXPECT_FALSE(reader.next());
  reader.append(as_bytes("mode\r\nplay\n\nst"));
  EXPECT_EQ(reader.next(), "robotmode");
  EXPECT_EQ(reader.next(), "play");
  EXPECT_EQ(reader.next(), "");
  EXPECT_FALSE(reader.next());
}

TEST(LineReader, RefusesWhatIsNoLine) {
  LineReader reader;
  reader.append(Bytes(LineReader::kLongestLine + 1, 0x01));
  EXPECT_THROW(reader.next(), WireError);
}

TEST(DescribeBytes, ShowsTextAsTextAndTheRestInHexadecimal) {
  EXPECT_EQ(describe_bytes(as_bytes("Connected: X\n")), "the text 'Connected: X '");
  EXPECT_EQ(describe_bytes(Bytes{0x00, 0xff}), "the bytes 00 ff");
  EXPECT_EQ(describe_bytes({}), "nothing");
}

}  // namespace
}  // namespace gripbench::hal
