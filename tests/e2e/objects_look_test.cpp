// `gripbench objects list|show|sheet` from outside.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ObjectsLook : public testing::Test {
 protected:
  ObjectsLook()
      : root_(fs::path(testing::TempDir()) /
              ("objects_look_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(root_ / "objects");
    for (const char* name : {"espresso_mug", "screwdriver", "bean_bag"}) {
      const std::string file = std::string(name) + ".yaml";
      fs::copy_file(fs::path(GRIPBENCH_SOURCE_DIR) / "assets" / "objects" / file,
                    root_ / "objects" / file);
    }
  }
  ~ObjectsLook() override { fs::remove_all(root_); }

  /// Both streams of `gripbench objects ...` on the small catalogue together, and its exit status.
  std::string run(const std::string& arguments, int expected_status) {
    const std::string command = std::string(GRIPBENCH_PROGRAM) + " objects " + arguments +
                                " --catalogue '" + (root_ / "objects").string() + "' 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    std::string output;
    char buffer[4096];
    while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, n);
    const int status = pclose(pipe);
    EXPECT_EQ(WEXITSTATUS(status), expected_status) << output;
    return output;
  }

  fs::path root_;
};

TEST_F(ObjectsLook, ListHasALineForEachUnderAHeading) {
  const std::string table = run("list", 0);
  EXPECT_EQ(std::ranges::count(table, '\n'), 4);
  EXPECT_THAT(table, HasSubstr("espresso_mug            232"));
  EXPECT_LT(table.find("bean_bag"), table.find("screwdriver"));
}

TEST_F(ObjectsLook, ShowTellsTheHoldingForce) {
  // 0.232 kg (9.81 + 1.2) m/s^2 over the frictions' sum, 0.96.
  EXPECT_THAT(run("show espresso_mug", 0), HasSubstr("2.66 N per pad"));
  EXPECT_THAT(run("show espreso_mug", 2), HasSubstr("nearest: espresso_mug"));
  EXPECT_THAT(run("show espresso_mug --out mug.gif", 2), HasSubstr("must end in .png or .jpg"));
}

TEST_F(ObjectsLook, ShowDrawsTheObjectTheGripAndTheImprint) {
  const fs::path file = root_ / "mug.png";
  run("show espresso_mug --out '" + file.string() + "'", 0);
  const cv::Mat page = cv::imread(file.string());
  ASSERT_EQ(page.cols, 3 * 640);
  ASSERT_GT(page.rows, 480);
  // Three different pictures, none of them empty.
  cv::Scalar means[3];
  for (int i = 0; i < 3; ++i) {
    cv::Scalar deviation;
    cv::meanStdDev(page(cv::Rect(640 * i, page.rows - 480, 640, 480)), means[i], deviation);
    EXPECT_GT(cv::norm(deviation), 8.0);
  }
  EXPECT_GT(cv::norm(means[0] - means[1]), 10.0);
  EXPECT_GT(cv::norm(means[1] - means[2]), 10.0);
}

// Whatever was gripped before it, an object looks as when it is shown alone.
TEST_F(ObjectsLook, ShowDrawsSeveralAmongEachOther) {
  const fs::path both = root_ / "both.png", alone = root_ / "alone.png";
  run("show bean_bag espresso_mug --out '" + both.string() + "'", 0);
  run("show espresso_mug --out '" + alone.string() + "'", 0);
  const cv::Mat pages = cv::imread(both.string()), page = cv::imread(alone.string());
  ASSERT_FALSE(page.empty());
  ASSERT_EQ(pages.size(), cv::Size(page.cols, 2 * page.rows));
  EXPECT_EQ(cv::norm(pages.rowRange(page.rows, pages.rows), page, cv::NORM_INF), 0.0);
  EXPECT_GT(cv::norm(pages.rowRange(0, page.rows), page, cv::NORM_INF), 0.0);
}

TEST_F(ObjectsLook, SheetShowsEachObjectAndMarksNone) {
  const fs::path file = root_ / "sheet.png";
  run("sheet --out '" + file.string() + "'", 0);
  const cv::Mat sheet = cv::imread(file.string());
  ASSERT_FALSE(sheet.empty());
  // Three portraits side by side, white where the row's other objects would be.
  const int cell = sheet.cols / 8;
  for (int i = 0; i < 8; ++i) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(sheet(cv::Rect(i * cell + 8, 0, cell - 16, sheet.rows)), mean, deviation);
    EXPECT_EQ(cv::norm(deviation) > 20.0, i < 3) << "column " << i;
  }
  EXPECT_THAT(run("sheet --out sheet.txt", 2), HasSubstr("must end in .png or .jpg"));
}

}  // namespace
