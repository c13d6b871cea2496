// What reads HTTP: heads, addresses, chunks, the parts of an MJPEG stream, and the headers of its
// pictures.
#include <cstddef>
#include <cstdint>

#include "hal/net/http_chunks.h"
#include "hal/video/jpeg_size.h"
#include "hal/video/multipart_reader.h"

namespace gripbench::hal {
namespace {

template <typename Parse>
void swallow(Parse parse) {
  try {
    parse();
  } catch (const WireError&) {
  }
}

constexpr std::size_t kLongestPart = 4096;

void read_parts(ByteView bytes, std::size_t split) {
  MultipartReader reader("b", kLongestPart);
  std::size_t in_parts = 0;
  double time = 0.0;
  for (const ByteView part : {bytes.first(split), bytes.subspan(split)}) {
    reader.append(part, time += 1.0);
    while (const auto found = reader.next()) {
      in_parts += found->body.size();
      if (found->time < 1.0 || found->time > time) __builtin_trap();
      jpeg_size(found->body);
    }
  }
  if (in_parts + reader.skipped() > bytes.size()) __builtin_trap();
}

void read_chunks(ByteView bytes, std::size_t split) {
  HttpChunks chunks;
  std::size_t in_chunks = 0;
  for (const ByteView part : {bytes.first(split), bytes.subspan(split)}) {
    in_chunks += chunks.take(part).size();
  }
  if (in_chunks > bytes.size()) __builtin_trap();
}

void read_head(std::string_view text) {
  const auto end = find_head_end(text);
  if (!end) return;
  const HttpHead head = parse_http_head(text.substr(0, *end), true);
  swallow([&] { parse_http_status(head.first_line); });
  swallow([&] { parse_http_request(head.first_line); });
  swallow([&] { head.content_length(); });
  if (const auto type = head.header("content-type")) header_parameter(*type, "boundary");
}

}  // namespace
}  // namespace gripbench::hal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  const ByteView bytes(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  swallow([&] { read_parts(bytes, size > 0 ? data[0] % size : 0); });
  swallow([&] { read_chunks(bytes, size > 0 ? data[0] % size : 0); });
  swallow([&] { read_head(text); });
  swallow([&] { MultipartReader(std::string(text.substr(0, 100))); });
  jpeg_size(bytes);
  return 0;
}
