#pragma once

#include "hal/net/http_client.h"
#include "hal/video/frame_source.h"
#include "hal/video/multipart_reader.h"

namespace gripbench::hal {

/// MJPEG over HTTP. Parts may carry `X-Timestamp: SECONDS`, the camera's time of the picture, as
/// mjpg-streamer sends it.
class HttpSource final : public FrameSource {
 public:
  HttpSource(const VideoSettings& settings, const HttpVideo& video, const Clock& clock);

  std::optional<CapturedFrame> next(Duration timeout) override;

 private:
  CapturedFrame decode(const MultipartPart& part) const;

  const VideoSettings& settings_;
  const Clock& clock_;
  HttpAnswer answer_;
  MultipartReader reader_;
};

}  // namespace gripbench::hal
