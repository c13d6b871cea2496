#include "hal/video/video_camera.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <unistd.h>

#include "hal/emulator/camera_server.h"
#include "hal/net/http_client.h"
#include "tests/unit/experiments/fake_workcell.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(StampFilter, TakesTheJitterOfTheWayOutAndKeepsTheSpacing) {
  StampFilter filter;
  // Stamps at 20 Hz from another origin; ways of 10 to 35 ms.
  double last = 0.0;
  for (int i = 0; i < 100; ++i) {
    const double exposed = 5.0 + 0.05 * i;
    const double way = 0.010 + 0.005 * ((i * 7) % 6);
    const double time = filter.exposure(exposed + way, exposed + 1000.0);
    EXPECT_LE(time, exposed + way);
    if (i > 6) {
      EXPECT_NEAR(time, exposed + 0.010, 1e-9) << "the shortest way is all that is left";
      EXPECT_NEAR(time - last, 0.05, 1e-9);
    }
    last = time;
  }
}

TEST(StampFilter, WithoutStampsTheArrivalStands) {
  StampFilter filter;
  EXPECT_EQ(filter.exposure(3.0, std::nullopt), 3.0);
  EXPECT_EQ(filter.exposure(3.5, std::nan("")), 3.5);
}

TEST(StampFilter, AClockThatWasSetIsNotBelieved) {
  StampFilter filter;
  filter.exposure(1.0, 100.0);
  filter.exposure(1.05, 100.05);
  // The camera was switched off and on: its clock begins anew.
  EXPECT_NEAR(filter.exposure(8.0, 0.5), 8.0, 1e-9);
  EXPECT_NEAR(filter.exposure(8.06, 0.55), 8.05, 1e-9);
  // Set forward by an hour.
  EXPECT_NEAR(filter.exposure(8.10, 3600.6), 8.10, 1e-9);
}

class FilmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("gripbench_video_camera_test_{}_{}", ::getpid(),
                          ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// A film whose frame k has brightness 20 k.
  std::string film(int frames, double rate) {
    const std::string path = (folder_ / "film.avi").string();
    cv::VideoWriter writer(path, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), rate, {64, 48});
    EXPECT_TRUE(writer.isOpened());
    for (int i = 0; i < frames; ++i) {
      writer.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(20.0 * i)));
    }
    return path;
  }

  VideoSettings settings(const std::string& path, bool loop) const {
    VideoSettings settings;
    settings.source = FileVideo{path, loop};
    settings.width_px = 64;
    settings.height_px = 48;
    settings.rate_hz = 20.0;
    settings.answer_timeout = Duration(kPatience);
    return settings;
  }

  std::filesystem::path folder_;
  RigClock clock_;
};

TEST_F(FilmTest, PlaysEveryFrameInTurnAtItsRate) {
  VideoCamera camera(settings(film(8, 20.0), false), clock_);
  std::vector<Frame> frames;
  double time = -1.0;
  EXPECT_TRUE(eventually([&] {
    if (auto next = camera.next_after(time)) {
      time = next->time;
      frames.push_back(*std::move(next));
    }
    return frames.size() == 8;
  }));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_NEAR(cv::mean(frames[i].image)[0], 20.0 * static_cast<double>(i), 3.0);
    if (i > 0) {
      EXPECT_GT(frames[i].time, frames[i - 1].time);
      EXPECT_GT(frames[i].sequence, frames[i - 1].sequence);
    }
  }
  // No later frame follows, and then the camera has stalled, with a reason.
  EXPECT_THAT(message_when_it_throws([&] { camera.newest(); }),
              AllOf(HasSubstr("camera: no frame for"), HasSubstr("has ended")));
}

TEST_F(FilmTest, ALoopGoesOn) {
  VideoTactileSensor camera(settings(film(3, 50.0), true), 2.4e-5, clock_);
  EXPECT_EQ(camera.pixel_pitch(), 2.4e-5);
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().received > 8; }));
}

TEST_F(FilmTest, AnotherSizeIsRefused) {
  VideoSettings wrong = settings(film(3, 20.0), false);
  wrong.width_px = 640;
  wrong.height_px = 480;
  EXPECT_THAT(
      message_of([&] { VideoCamera(wrong, clock_); }),
      AllOf(HasSubstr("camera: expected pictures of 640 x 480 pixels"), HasSubstr("got 64 x 48")));
}

TEST_F(FilmTest, WhatIsMissingOrNoFilmIsNamed) {
  EXPECT_THAT(message_of([&] { VideoCamera(settings("/nonexistent/film.avi", false), clock_); }),
              HasSubstr("there is no film /nonexistent/film.avi"));
  const std::string text = (folder_ / "text.avi").string();
  std::ofstream(text) << "no film";
  EXPECT_THAT(message_of([&] { VideoCamera(settings(text, false), clock_); }),
              HasSubstr("is none that FFmpeg reads"));
}

TEST_F(FilmTest, ACameraThatIsNotThereIsNamed) {
  VideoSettings missing = settings("", false);
  missing.source = DeviceVideo{"/dev/nonexistent_video", {}, {}, {}, {}};
  EXPECT_THAT(message_of([&] { VideoCamera(missing, clock_); }),
              AllOf(HasSubstr("camera: there is no camera at /dev/nonexistent_video"),
                    HasSubstr("plugged in")));
}

TEST_F(FilmTest, SettingsAreReadAndChecked) {
  const auto read = [&](const std::string& text) {
    const std::filesystem::path file = folder_ / "camera.yaml";
    std::ofstream(file) << text;
    ConfigNode node = ConfigNode::load(file);
    VideoSettings settings = VideoSettings::from(node, "tactile");
    node.finish();
    return settings;
  };
  const VideoSettings device = read(
      "device: /dev/video2\nexposure: 150\ngain: 0\nwhite_balance: 4600\nfocus: 30\n"
      "width: 800\nheight: 600\nrate: 30\nlatency: 0.02\n");
  const auto& video = std::get<DeviceVideo>(device.source);
  EXPECT_EQ(video.path, "/dev/video2");
  EXPECT_EQ(video.exposure, 150.0);
  EXPECT_EQ(video.gain, 0.0);
  EXPECT_EQ(video.focus, 30.0);
  EXPECT_EQ(device.width_px, 800);
  EXPECT_EQ(device.latency, 0.02);
  EXPECT_EQ(device.frozen_after, 5) << "a true camera has noise";
  EXPECT_EQ(read("url: http://a/stream\n").frozen_after, 5);
  EXPECT_EQ(read("url: http://a/stream\nfrozen_after: 0\n").frozen_after, 0);
  EXPECT_EQ(read("file: film.avi\n").frozen_after, 0) << "a film may show what stands still";
  EXPECT_THAT(message_of([&] { read("url: http://a\nfrozen_after: 1\n"); }),
              HasSubstr("expected 0, or 2 and more"));
  EXPECT_EQ(std::get<HttpVideo>(read("url: http://a:8080/stream\n").source).url,
            "http://a:8080/stream");
  EXPECT_EQ(std::get<FileVideo>(read("file: film.avi\n").source).path,
            (folder_ / "film.avi").string());
  EXPECT_THAT(message_of([&] { read("width: 640\n"); }), HasSubstr("'device', 'url' and 'file'"));
  EXPECT_THAT(message_of([&] { read("url: ftp://a\n"); }), HasSubstr("camera.yaml:1: 'url'"));
  EXPECT_THAT(message_of([&] { read("url: http://a\nexposure: 3\n"); }), HasSubstr("'exposure'"));
}

class MjpegTest : public ::testing::Test {
 protected:
  MjpegTest() {
    Placement placement;
    placement.object = "can";
    workcell_.call([&](Workcell& cell) { cell.stage().present(placement); });
  }

  VideoSettings settings(std::uint16_t port, const std::string& path = "/stream") const {
    VideoSettings settings;
    settings.source = HttpVideo{fmt::format("http://127.0.0.1:{}{}", port, path)};
    settings.width_px = 96;
    settings.height_px = 72;
    settings.answer_timeout = Duration(kPatience);
    settings.reconnect_pause = Duration(0.02);
    settings.stale_after = Duration(1.0);
    return settings;
  }
  VideoSettings settings() const { return settings(server_.port()); }

  RigClock clock_;
  LiveWorkcell workcell_{[] { return experiments::make_fake_workcell({}); }};
  FaultBoard board_;
  ControlServer control_{board_};
  CameraServer server_{workcell_, LiveCamera::kTactile, {}, board_, control_};
};

TEST_F(MjpegTest, FramesComeInTurn) {
  VideoCamera camera(settings(), clock_);
  std::vector<Frame> frames;
  double time = -1.0;
  ASSERT_TRUE(eventually([&] {
    if (auto next = camera.next_after(time)) {
      time = next->time;
      frames.push_back(*std::move(next));
    }
    return frames.size() == 12;
  }));
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].image.size(), cv::Size(96, 72));
    EXPECT_GT(frames[i].time, frames[i - 1].time);
    EXPECT_GT(frames[i].sequence, frames[i - 1].sequence);
    EXPECT_LE(frames[i].time, clock_.now());
  }
  EXPECT_NEAR(cv::mean(frames.back().image)[1], 120.0, 3.0);
}

TEST_F(MjpegTest, AFrozenCameraIsSaidToStall) {
  VideoCamera camera(settings(), clock_);
  control_.answer("freeze tactile");
  EXPECT_THAT(message_when_it_throws([&] { camera.newest(); }),
              AllOf(HasSubstr("camera: no frame for"), HasSubstr("the camera stalled")));
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().stalls >= 1; }));
  control_.answer("thaw tactile");
  EXPECT_TRUE(
      eventually([&] { return message_of([&] { camera.newest(); }) == "nothing was thrown"; }));
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().dropped > 10; }));
}

TEST_F(MjpegTest, ASlowCameraShowsAsDroppedFrames) {
  VideoCamera camera(settings(), clock_);
  EXPECT_EQ(control_.answer("slow_tactile 0.2"), "ok");
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().dropped >= 9; }));
  EXPECT_TRUE(eventually([&] { return camera.stream().measured_rate() < 7.0; }));
  EXPECT_EQ(control_.answer("slow_tactile 0"), "ok");
  EXPECT_THAT(control_.answer("slow_tactile x"), HasSubstr("error: expected a number"));
}

TEST_F(MjpegTest, ADroppedConnectionIsOpenedAgain) {
  VideoCamera camera(settings(), clock_);
  const double before = camera.newest().time;
  control_.answer("drop tactile");
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().reopened >= 1; }));
  EXPECT_TRUE(eventually([&] {
    try {
      return camera.newest().time > before + 0.5;
    } catch (const DeviceError&) {
      return false;
    }
  }));
}

TEST_F(MjpegTest, ASilentCameraIsOpenedAgain) {
  // As one that was unplugged: it keeps its connection and says no more. Whoever comes next is
  // served.
  std::atomic<int> served{0};
  Bytes jpeg;
  cv::imencode(".jpg", cv::Mat(72, 96, CV_8UC3, cv::Scalar(40, 80, 120)), jpeg);
  const TcpServer camera_server({}, [&](TcpConnection& connection, std::stop_token stop) {
    const bool falls_silent = ++served == 1;
    connection.receive(Duration(1.0));
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=--b\r\n\r\n");
    for (int i = 0; !stop.stop_requested(); ++i) {
      if (!falls_silent || i < 20) {
        connection.send("--b\r\nContent-Type: image/jpeg\r\n\r\n");
        connection.send(jpeg);
        connection.send("\r\n");
      }
      connection.receive(Duration(0.02));
    }
  });
  VideoSettings patient = settings(camera_server.port());
  patient.stale_after = Duration(0.2);
  patient.given_up_after = Duration(0.6);
  VideoCamera camera(patient, clock_);
  EXPECT_THAT(message_when_it_throws([&] { camera.newest(); }), HasSubstr("camera: no frame for"));
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().reopened >= 1; }));
  EXPECT_TRUE(
      eventually([&] { return message_of([&] { camera.newest(); }) == "nothing was thrown"; }));
  EXPECT_GE(served, 2);
}

TEST_F(MjpegTest, GarbledPicturesAreLeftOut) {
  VideoCamera camera(settings(), clock_);
  control_.answer("garble tactile 5");
  const double before = camera.newest().time;
  EXPECT_TRUE(eventually([&] {
    try {
      return camera.newest().time > before + 0.5;
    } catch (const DeviceError&) {
      return false;
    }
  }));
  EXPECT_NEAR(cv::mean(camera.newest().image)[1], 120.0, 3.0);
}

TEST_F(MjpegTest, AnotherSizeIsRefused) {
  VideoSettings wrong = settings();
  wrong.width_px = 640;
  wrong.height_px = 480;
  EXPECT_THAT(message_of([&] { VideoCamera(wrong, clock_); }),
              AllOf(HasSubstr("camera: expected pictures of 640 x 480 pixels from 127.0.0.1:"),
                    HasSubstr("got 96 x 72")));
}

TEST_F(MjpegTest, WhatIsNoStreamIsNamed) {
  EXPECT_THAT(message_of([&] { VideoCamera(settings(server_.port(), "/nowhere"), clock_); }),
              HasSubstr("got 'HTTP/1.0 404 Not Found'"));
  EXPECT_THAT(message_of([&] { VideoCamera(settings(server_.port(), "/snapshot"), clock_); }),
              AllOf(HasSubstr("expected MJPEG"), HasSubstr("'image/jpeg'")));
  EXPECT_THAT(message_of([&] { VideoCamera(settings(server_.port(), "/"), clock_); }),
              HasSubstr("'text/html'"));
  const TcpServer dashboard({}, [](TcpConnection& connection, std::stop_token stop) {
    connection.send("Connected: Universal Robots Dashboard Server\n");
    while (!stop.stop_requested()) connection.receive(Duration(0.02));
  });
  EXPECT_THAT(message_of([&] { VideoCamera(settings(dashboard.port()), clock_); }),
              AllOf(HasSubstr("expected an HTTP answer"), HasSubstr("Connected: Universal")));
  std::uint16_t nobody = 0;
  {
    nobody = TcpServer({}, [](TcpConnection&, std::stop_token) {}).port();
  }
  EXPECT_THAT(message_of([&] { VideoCamera(settings(nobody), clock_); }),
              HasSubstr("no connection to 127.0.0.1"));
}

TEST_F(MjpegTest, ASnapshotIsAPicture) {
  const HttpAddress address{"127.0.0.1", server_.port(), "/snapshot"};
  const std::string jpeg = http_get_document(address, Duration(kPatience), 1 << 20);
  const cv::Mat picture = cv::imdecode(Bytes(jpeg.begin(), jpeg.end()), cv::IMREAD_COLOR);
  EXPECT_EQ(picture.size(), cv::Size(96, 72));
}

/// Serves parts as a test writes them, then waits.
TcpServer part_server(std::vector<Bytes> jpegs, int rounds, double period = 0.0) {
  return TcpServer({}, [jpegs = std::move(jpegs), rounds, period](TcpConnection& connection,
                                                                  std::stop_token stop) {
    connection.receive(Duration(1.0));
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=--b\r\n\r\n");
    for (int i = 0; i < rounds && !stop.stop_requested(); ++i) {
      const Bytes& jpeg = jpegs[static_cast<std::size_t>(i) % jpegs.size()];
      connection.send("--b\r\nContent-Type: image/jpeg\r\n");
      if (period > 0.0) connection.send(fmt::format("X-Timestamp: {:.6f}\r\n", 100.0 + period * i));
      connection.send("\r\n");
      connection.send(jpeg);
      connection.send("\r\n");
      connection.receive(Duration(0.02));
    }
    while (!stop.stop_requested()) connection.receive(Duration(0.02));
  });
}

Bytes jpeg_of(double brightness) {
  Bytes jpeg;
  cv::imencode(".jpg", cv::Mat(72, 96, CV_8UC3, cv::Scalar::all(brightness)), jpeg);
  return jpeg;
}

TEST(VideoSources, FramesThatComeTooSlowlyToSettleAreTold) {
  const TcpServer server = part_server({jpeg_of(80.0)}, 3);
  RigClock clock;
  VideoSettings settings;
  settings.source = HttpVideo{fmt::format("http://127.0.0.1:{}/", server.port())};
  settings.width_px = 96;
  settings.height_px = 72;
  settings.answer_timeout = Duration(1.0);
  EXPECT_THAT(message_of([&] { VideoCamera(settings, clock); }),
              HasSubstr("expected a picture within 1 s, only the first "));
}

TEST_F(MjpegTest, TimesFollowTheCamerasStamps) {
  // Picture i has brightness 10 i and is stamped 20 ms after the one before, whenever it is sent.
  std::vector<Bytes> jpegs;
  for (int i = 0; i < 24; ++i) jpegs.push_back(jpeg_of(10.0 * i));
  const TcpServer server = part_server(jpegs, 24, 0.02);
  VideoCamera camera(settings(server.port()), clock_);
  double time = -1.0, origin = 1e9;
  int seen = 0;
  ASSERT_TRUE(eventually([&] {
    const auto next = camera.next_after(time);
    if (!next) return false;
    time = next->time;
    const double number = std::round(cv::mean(next->image)[0] / 10.0);
    // Only a faster way than any before moves the estimate of the stamps' origin, and only back;
    // or times would run backwards.
    EXPECT_LE(time - 0.02 * number, origin + 1e-4 + 1e-9);
    origin = time - 0.02 * number;
    ++seen;
    // The last one's end is never sent.
    return number == 22.0;
  }));
  EXPECT_GT(seen, 5);
}

TEST_F(MjpegTest, APictureThatRepeatsItselfIsCounted) {
  const TcpServer frozen = part_server({jpeg_of(90.0)}, 30);
  VideoCamera camera(settings(frozen.port()), clock_);
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().repeated >= 10; }));
  EXPECT_NEAR(cv::mean(camera.newest().image)[0], 90.0, 2.0)
      << "it may be drawn, and nothing moves";
}

TEST_F(MjpegTest, OnePictureAgainAndAgainIsAFrozenCamera) {
  // Moving, then three times the same, moving again, and stuck at the end.
  std::vector<Bytes> jpegs;
  for (const double brightness : {10.0, 20.0, 30.0, 30.0, 30.0, 40.0, 50.0}) {
    jpegs.push_back(jpeg_of(brightness));
  }
  for (int i = 0; i < 40; ++i) jpegs.push_back(jpeg_of(60.0));
  const TcpServer server = part_server(jpegs, static_cast<int>(jpegs.size()));
  VideoSettings noisy = settings(server.port());
  noisy.frozen_after = 5;
  noisy.stale_after = Duration(kPatience);
  VideoCamera camera(noisy, clock_);
  // What was seen before it froze, however late this thread looks.
  EXPECT_THAT(message_when_it_throws([&] { camera.newest(); }),
              AllOf(HasSubstr("camera: the last "), HasSubstr("the same to the last pixel"),
                    HasSubstr("frozen")));
  EXPECT_THAT(message_of([&] { camera.stream().check(); }), HasSubstr("frozen"));
  EXPECT_GE(camera.stream().counts().repeated, 4u);
}

TEST_F(MjpegTest, ACameraThatMovesAgainIsWell) {
  // Six alike, again and again: it freezes and comes back.
  std::vector<Bytes> jpegs;
  for (int i = 0; i < 8; ++i) jpegs.push_back(jpeg_of(20.0));
  for (int i = 0; i < 8; ++i) jpegs.push_back(jpeg_of(25.0 + 10.0 * i));
  const TcpServer server = part_server(jpegs, 4000);
  VideoSettings noisy = settings(server.port());
  noisy.frozen_after = 5;
  const VideoStream camera(noisy, clock_);
  const auto well = [&] {
    try {
      camera.check();
      return true;
    } catch (const DeviceError&) {
      return false;
    }
  };
  EXPECT_TRUE(eventually([&] { return !well(); }));
  EXPECT_TRUE(eventually(well));
}

TEST_F(MjpegTest, APictureCutShortIsNoPicture) {
  Bytes claims_gigabytes = jpeg_of(10.0);
  const Bytes size = {0x00, 72, 0x00, 96};
  const auto at =
      std::search(claims_gigabytes.begin(), claims_gigabytes.end(), size.begin(), size.end());
  ASSERT_NE(at, claims_gigabytes.end());
  Bytes empty = {0xff, 0xd8, 0xff};
  const TcpServer hurt = part_server({jpeg_of(50.0), empty, jpeg_of(60.0)}, 60);
  VideoCamera camera(settings(hurt.port()), clock_);
  EXPECT_TRUE(eventually([&] { return camera.stream().counts().undecodable >= 3; }));
  // A header that claims 65535 x 65535 pixels is refused before anything is decoded.
  std::fill(at, at + 4, 0xff);
  const TcpServer huge = part_server({claims_gigabytes}, 60);
  EXPECT_THAT(message_of([&] { VideoCamera(settings(huge.port()), clock_); }),
              HasSubstr("got 65535 x 65535"));
}

}  // namespace
}  // namespace gripbench::hal
