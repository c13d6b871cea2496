#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/net/http_client.h"
#include "hal/video/jpeg_size.h"
#include "hal/video/multipart_reader.h"

namespace gripbench::hal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> bodies(MultipartReader& reader, std::string_view text, double time = 0.0) {
  reader.append(as_bytes(text), time);
  std::vector<std::string> all;
  while (auto part = reader.next()) all.emplace_back(part->body.begin(), part->body.end());
  return all;
}

constexpr std::string_view kStream =
    "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nfirst\r\n"
    "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n\r\nsecond\r\n"
    "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nthird\r\n";

TEST(MultipartReader, FindsPartsHoweverTheyAreCutUp) {
  for (std::size_t piece = 1; piece <= kStream.size(); ++piece) {
    MultipartReader reader("frame");
    std::vector<std::string> all;
    for (std::size_t at = 0; at < kStream.size(); at += piece) {
      for (std::string& body : bodies(reader, kStream.substr(at, piece))) {
        all.push_back(std::move(body));
      }
    }
    EXPECT_THAT(all, ElementsAre("first", "second", "third")) << "in pieces of " << piece;
  }
}

TEST(MultipartReader, PartsWithoutLengthEndAtTheNextBoundary) {
  for (std::size_t piece : {1u, 7u, 200u}) {
    MultipartReader reader("frame");
    constexpr std::string_view kText =
        "--frame\r\nContent-Type: image/jpeg\r\n\r\none--two\r\n--frame\nX: "
        "y\n\nthree\n--frame--\r\n";
    std::vector<std::string> all;
    for (std::size_t at = 0; at < kText.size(); at += piece) {
      for (std::string& body : bodies(reader, kText.substr(at, piece))) all.push_back(body);
    }
    EXPECT_THAT(all, ElementsAre("one--two", "three"));
  }
}

TEST(MultipartReader, TakesBoundariesAsCamerasGiveThem) {
  // The header names "--frame", the stream has "--frame" or "----frame".
  MultipartReader reader("--frame");
  EXPECT_THAT(bodies(reader, kStream), ElementsAre("first", "second", "third"));
  MultipartReader dashes("--frame");
  EXPECT_THAT(bodies(dashes, "----frame\r\n\r\nabc\r\n----frame\r\n"), ElementsAre("abc"));
  EXPECT_THROW(MultipartReader(""), WireError);
  EXPECT_THROW(MultipartReader("--"), WireError);
}

TEST(MultipartReader, APartsTimeIsThatOfItsFirstByte) {
  MultipartReader reader("frame");
  const auto times = [&](std::string_view text, double time) {
    reader.append(as_bytes(text), time);
    std::vector<double> all;
    while (const auto part = reader.next()) all.push_back(part->time);
    return all;
  };
  EXPECT_THAT(times("--frame\r\nContent-Length: 4\r\n\r\nab", 1.0), ElementsAre());
  EXPECT_THAT(times("cd\r\n--fr", 2.0), ElementsAre(1.0));
  EXPECT_THAT(times("ame\r\nContent-Length: 2\r\n\r\nef", 3.0), ElementsAre(2.0));
  EXPECT_THAT(times("\r\n--frame\r\nContent-Length: 1\r\n\r\nx", 4.0), ElementsAre(4.0));
}

TEST(MultipartReader, BytesBetweenPartsAreSkipped) {
  MultipartReader reader("frame");
  const std::string text =
      "noise" + std::string(kStream.substr(0, 60)) + "more noise\r\n" + std::string(kStream);
  EXPECT_THAT(bodies(reader, text), ::testing::Contains("third"));
  EXPECT_GE(reader.skipped(), 5u);
}

TEST(MultipartReader, GreatClaimsAreRefusedAndNothingGrows) {
  MultipartReader claims("frame", 1000);
  EXPECT_THROW(bodies(claims, "--frame\r\nContent-Length: 1001\r\n\r\n"), WireError);
  MultipartReader wrong("frame");
  EXPECT_THROW(bodies(wrong, "--frame\r\nContent-Length: -1\r\n\r\n"), WireError);
  MultipartReader endless("frame", 1000);
  EXPECT_THROW(bodies(endless, "--frame\r\n\r\n" + std::string(2000, 'x')), WireError);
  MultipartReader head("frame");
  EXPECT_THROW(bodies(head, "--frame\r\n" + std::string(kLongestHttpHead, 'x')), WireError);
  MultipartReader noise("frame");
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(bodies(noise, std::string(1000, '-')).empty());
  EXPECT_GE(noise.skipped(), 100u * 1000u - 10u);
}

TEST(HttpHead, IsReadWithEitherLineEnd) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Type: a; boundary=\"x y\"\r\nA:b\r\n\r\nrest",
        "HTTP/1.1 200 OK\nContent-Type: a; boundary=\"x y\"\nA:b\n\nrest"}) {
    const auto end = find_head_end(text);
    ASSERT_TRUE(end);
    EXPECT_EQ(text.substr(*end), "rest");
    const HttpHead head = parse_http_head(text.substr(0, *end), true);
    EXPECT_EQ(parse_http_status(head.first_line), 200);
    EXPECT_EQ(head.header("a"), "b");
    EXPECT_EQ(header_parameter(*head.header("content-type"), "boundary"), "x y");
    EXPECT_EQ(header_parameter(*head.header("content-type"), "charset"), std::nullopt);
    EXPECT_EQ(find_head_end(text.substr(0, *end - 1)), std::nullopt);
  }
}

TEST(HttpAddress, IsTakenApart) {
  const HttpAddress full = HttpAddress::from("http://192.168.1.20:8081/stream?x=1");
  EXPECT_EQ(full.host, "192.168.1.20");
  EXPECT_EQ(full.port, 8081);
  EXPECT_EQ(full.path, "/stream?x=1");
  const HttpAddress bare = HttpAddress::from("http://camera");
  EXPECT_EQ(bare.host, "camera");
  EXPECT_EQ(bare.port, 80);
  EXPECT_EQ(bare.path, "/");
  for (const char* wrong : {"https://a/", "camera", "http://", "http://a:99999/", "http://a:x/",
                            "http://a/b c", "http://a/\r\nX: y"}) {
    EXPECT_THROW(HttpAddress::from(wrong), WireError) << wrong;
  }
}

TEST(JpegSize, IsReadFromTheHeaderAndNeverFromNonsense) {
  const Bytes header = {0xff, 0xd8, 0xff, 0xe0, 0x00, 0x04, 1, 2, 0xff, 0xc0, 0x00,
                        0x0b, 8,    0x01, 0xe0, 0x02, 0x80, 1, 1, 0,    0,    0};
  const auto size = jpeg_size(header);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width_px, 640);
  EXPECT_EQ(size->height_px, 480);
  for (std::size_t length = 0; length < 17; ++length) {
    EXPECT_FALSE(jpeg_size(ByteView(header).first(length))) << length;
  }
  EXPECT_FALSE(jpeg_size(as_bytes("GIF89a")));
  EXPECT_FALSE(jpeg_size(Bytes{0xff, 0xd8, 0xff, 0xe0, 0x00, 0x00}));
}

}  // namespace
}  // namespace gripbench::hal
