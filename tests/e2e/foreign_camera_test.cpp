// Cameras that others wrote: ffmpeg serves and films what the drivers then take.

#include <csignal>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <opencv2/core.hpp>
#include <spawn.h>
#include <sys/wait.h>

#include "hal/errors.h"
#include "hal/net/tcp_server.h"
#include "hal/rig_clock.h"
#include "hal/video/video_camera.h"
#include "tests/unit/hal/patience.h"

extern char** environ;

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;

constexpr int kWidth = 160;
constexpr int kHeight = 120;
/// Red on the left, blue on the right.
const std::string kPicture = fmt::format("color=red:size={}x{}:rate=50,pad={}:{}:0:0:blue",
                                         kWidth / 2, kHeight, kWidth, kHeight);

/// ffmpeg with these arguments, until it ends or this object does.
class Ffmpeg {
 public:
  explicit Ffmpeg(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ffmpeg", "-loglevel", "quiet", "-nostdin", "-y"});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawnp(&process_, "ffmpeg", nullptr, nullptr, argv.data(), environ), 0);
  }
  ~Ffmpeg() { stop(); }
  Ffmpeg(const Ffmpeg&) = delete;
  Ffmpeg& operator=(const Ffmpeg&) = delete;

  int wait() {
    int status = 0;
    waitpid(std::exchange(process_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void stop() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    wait();
  }

 private:
  pid_t process_ = 0;
};

/// A port where nobody listens now.
std::uint16_t free_port() {
  const TcpServer server({}, [](TcpConnection&, std::stop_token) {});
  return server.port();
}

Ffmpeg serve(std::uint16_t port, const std::string& content_type) {
  return Ffmpeg({"-re", "-f", "lavfi", "-i", kPicture, "-f", "mpjpeg", "-content_type",
                 content_type, "-listen", "1", fmt::format("http://127.0.0.1:{}/", port)});
}

void expect_the_picture(const cv::Mat& image) {
  constexpr double kCompressed = 12.0;
  ASSERT_EQ(image.size(), cv::Size(kWidth, kHeight));
  const auto is = [&](int column, const cv::Scalar& colour) {
    const cv::Scalar found = cv::mean(image(cv::Rect(column, 8, kWidth / 4, kHeight - 16)));
    for (int channel = 0; channel < 3; ++channel) {
      EXPECT_NEAR(found[channel], colour[channel], kCompressed) << "channel " << channel;
    }
  };
  is(kWidth / 8, {0, 0, 255});
  is(kWidth * 5 / 8, {255, 0, 0});
}

class ForeignCamera : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("ffmpeg -version > /dev/null 2>&1") != 0) {
      GTEST_SKIP() << "ffmpeg is not installed";
    }
    settings_.width_px = kWidth;
    settings_.height_px = kHeight;
    settings_.rate_hz = 50.0;
    settings_.answer_timeout = Duration(20.0);
  }

  /// ffmpeg begins to listen when it likes.
  std::unique_ptr<VideoCamera> camera_at(std::uint16_t port) {
    settings_.source = HttpVideo{fmt::format("http://127.0.0.1:{}/", port)};
    std::unique_ptr<VideoCamera> camera;
    eventually([&] {
      try {
        camera = std::make_unique<VideoCamera>(settings_, clock_);
      } catch (const DeviceError& error) {
        why_ = error.what();
      }
      return camera || why_.find("refused") == std::string::npos;
    });
    return camera;
  }

  RigClock clock_;
  VideoSettings settings_;
  std::string why_;
};

// It answers a request in HTTP/1.0 in chunks.
TEST_F(ForeignCamera, FfmpegsStreamIsReadAndReadAgain) {
  const std::uint16_t port = free_port();
  const std::string type = "multipart/x-mixed-replace; boundary=\"ffmpeg\"";
  Ffmpeg first = serve(port, type);
  const auto camera = camera_at(port);
  ASSERT_TRUE(camera) << why_;
  expect_the_picture(camera->newest().image);
  EXPECT_EQ(camera->stream().counts().undecodable, 0u);

  first.stop();
  EXPECT_THAT(message_when_it_throws([&] { camera->newest(); }), HasSubstr("opening it again"));
  const Ffmpeg second = serve(port, type);
  ASSERT_TRUE(
      eventually([&] { return message_of([&] { camera->newest(); }) == "nothing was thrown"; }));
  expect_the_picture(camera->newest().image);
  EXPECT_GE(camera->stream().counts().reopened, 1u);
}

TEST_F(ForeignCamera, FfmpegsUsualContentTypeIsNamed) {
  const std::uint16_t port = free_port();
  const Ffmpeg server = serve(port, "application/octet-stream");
  EXPECT_FALSE(camera_at(port));
  EXPECT_THAT(why_, HasSubstr("expected MJPEG (multipart/x-mixed-replace with a boundary)"));
  EXPECT_THAT(why_, HasSubstr("got 'application/octet-stream'"));
}

TEST_F(ForeignCamera, FilmsOfSeveralCodecsArePlayed) {
  const std::string folder = ::testing::TempDir();
  for (const auto& [codec, ending] : std::vector<std::pair<std::string, std::string>>{
           {"mjpeg", "avi"}, {"mpeg4", "mp4"}, {"libx264", "mkv"}}) {
    const std::string film = fmt::format("{}gripbench_foreign_{}.{}", folder, getpid(), ending);
    ASSERT_EQ(Ffmpeg({"-f", "lavfi", "-i", kPicture, "-t", "0.4", "-c:v", codec, film}).wait(), 0)
        << codec;
    settings_.source = FileVideo{film, false};
    const auto source = open_source(settings_, clock_);
    int frames = 0;
    try {
      while (true) {
        if (const auto frame = source->next(Duration(1.0))) {
          expect_the_picture(frame->image);
          ++frames;
        }
      }
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("has ended"));
    }
    EXPECT_EQ(frames, 20) << codec;
    std::remove(film.c_str());
  }
}

}  // namespace
}  // namespace gripbench::hal
