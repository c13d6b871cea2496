#include "hal/video/http_source.h"

#include <charconv>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "hal/video/jpeg_size.h"

namespace gripbench::hal {
namespace {

std::string boundary_of(const HttpAnswer& answer) {
  const std::string type(answer.head.header("content-type").value_or("no content type"));
  const std::optional<std::string> boundary = header_parameter(type, "boundary");
  if (!in_small_letters(type).starts_with("multipart/") || !boundary) {
    throw WireError(
        fmt::format("expected MJPEG (multipart/x-mixed-replace with a boundary) from {}, got '{}'",
                    answer.connection.peer(), type));
  }
  return *boundary;
}

std::optional<double> stamp_of(const HttpHead& head) {
  const auto text = head.header("x-timestamp");
  if (!text) return std::nullopt;
  double stamp = 0.0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), stamp);
  if (error != std::errc()) return std::nullopt;
  return stamp;
}

}  // namespace

HttpSource::HttpSource(const VideoSettings& settings, const HttpVideo& video, const Clock& clock)
    : settings_(settings),
      clock_(clock),
      answer_(http_get(HttpAddress::from(video.url), settings.answer_timeout)),
      reader_(boundary_of(answer_)) {
  reader_.append(answer_.body, clock_.now());
}

std::optional<CapturedFrame> HttpSource::next(Duration timeout) {
  std::optional<MultipartPart> part = reader_.next();
  if (!part) {
    const Bytes bytes = answer_.receive(timeout);
    reader_.append(bytes, clock_.now());
    part = reader_.next();
  }
  if (!part) return std::nullopt;
  return decode(*part);
}

CapturedFrame HttpSource::decode(const MultipartPart& part) const {
  CapturedFrame frame{{}, part.time, stamp_of(part.head)};
  const std::optional<JpegSize> size = jpeg_size(part.body);
  if (!size) return frame;
  expect_size(settings_, {size->width_px, size->height_px}, answer_.connection.peer());
  try {
    frame.image = cv::imdecode(part.body, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    // A picture hurt on its way is like one that did not come.
  }
  return frame;
}

}  // namespace gripbench::hal
