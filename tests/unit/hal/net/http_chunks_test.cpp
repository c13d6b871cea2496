#include "hal/net/http_chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/net/http_client.h"
#include "hal/net/tcp_server.h"
#include "hal/net/wire_error.h"

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;

constexpr Duration kPatience{5.0};
// The last chunk is followed by a trailer, as RFC 9112 allows.
constexpr std::string_view kCoded =
    "5\r\nfirst\r\n"
    "1A;name=value\r\nabcdefghijklmnopqrstuvwxyz\r\n"
    "0\r\nX-Sum: 7\r\n\r\n";
constexpr std::string_view kPlain = "firstabcdefghijklmnopqrstuvwxyz";

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

TEST(HttpChunks, AreTakenApartHoweverTheyAreCutUp) {
  for (std::size_t piece = 1; piece <= kCoded.size(); ++piece) {
    HttpChunks chunks;
    std::string body;
    for (std::size_t at = 0; at < kCoded.size(); at += piece) {
      body += text_of(chunks.take(as_bytes(kCoded.substr(at, piece))));
    }
    EXPECT_EQ(body, kPlain) << "in pieces of " << piece;
    EXPECT_TRUE(chunks.ended());
  }
}

TEST(HttpChunks, WithoutTheLastOneTheBodyGoesOn) {
  HttpChunks chunks;
  EXPECT_EQ(text_of(chunks.take(as_bytes("3\nabc\n2\nd"))), "abcd");
  EXPECT_FALSE(chunks.ended());
}

TEST(HttpChunks, WhatIsNoneIsRefused) {
  for (const std::string& bad :
       {std::string("--frame\r\n"), std::string("\r\n"), std::string("-1\r\n"),
        std::string("10000000001\r\n"), std::string("fffffffffffffffff\r\n"),
        std::string("2\r\nabc\r\n"), std::string(1000, '1')}) {
    HttpChunks chunks;
    EXPECT_THROW(chunks.take(as_bytes(bad)), WireError) << bad;
  }
}

/// Answers one request with this and closes.
std::string document_of(const std::string& answer) {
  const TcpServer server({}, [&](TcpConnection& connection, std::stop_token) {
    connection.receive(kPatience);
    connection.send(answer);
    connection.flush(kPatience);
  });
  return http_get_document({"127.0.0.1", server.port(), "/"}, kPatience, 1000);
}

TEST(HttpClient, ReadsADocumentInChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";
  EXPECT_EQ(document_of(head + std::string(kCoded)), kPlain);
  EXPECT_THROW(document_of(head + "5\r\nfirst\r\n"), WireError);
  EXPECT_THROW(document_of(head + "400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n"), WireError);
}

TEST(HttpClient, NamesACodingThatItDoesNotRead) {
  try {
    document_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n");
    FAIL() << "nothing was thrown";
  } catch (const WireError& error) {
    EXPECT_THAT(error.what(), HasSubstr("plain or in chunks, got them as 'gzip'"));
  }
}

}  // namespace
}  // namespace gripbench::hal
