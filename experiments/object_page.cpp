#include "experiments/object_page.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "experiments/touch_search.h"

namespace gripbench::experiments {
namespace {

constexpr int kColumns = 8;
constexpr int kCell = 184;
constexpr int kCaption = 40;
constexpr int kGap = 6;
constexpr int kHeading = 34;
const cv::Scalar kInk(25, 25, 25), kFaint(110, 110, 110), kTestGround(205, 232, 255);

constexpr const char* kTextures[] = {"smooth", "brushed",  "woven", "knurled",
                                     "ribbed", "embossed", "fuzzy"};

std::string texture_name(const hal::ObjectDescription& object) {
  return kTextures[static_cast<int>(object.texture.kind)];
}

Eigen::Vector3d extents_mm(const hal::ObjectDescription& object) {
  return 1e3 * (object.bounds_max - object.bounds_min);
}

void write(cv::Mat& image, const std::string& words, cv::Point at, double size,
           const cv::Scalar& ink) {
  cv::putText(image, words, at, cv::FONT_HERSHEY_SIMPLEX, size, ink, 1, cv::LINE_AA);
}

/// Words across the middle of a cell that begins at `left`.
void write_centred(cv::Mat& image, const std::string& words, int left, int baseline, double size,
                   const cv::Scalar& ink) {
  int below = 0;
  const int width = cv::getTextSize(words, cv::FONT_HERSHEY_SIMPLEX, size, 1, &below).width;
  write(image, words, {left + (kCell - width) / 2, baseline}, size, ink);
}

/// The next picture exposed after now.
template <typename CameraDevice>
cv::Mat fresh_picture(hal::Workcell& workcell, CameraDevice& camera, const GraspProtocol& protocol,
                      const StopRequest& stop, const char* device) {
  const double since = workcell.clock().now();
  std::optional<hal::Frame> frame;
  wait_until(workcell, stop, protocol.patience.frame, device, "no new picture came", [&] {
    frame = camera.next_after(since);
    return frame.has_value();
  });
  return frame->image.clone();
}

void draw_entry(cv::Mat& sheet, const SheetEntry& entry, int left, int top) {
  if (entry.test) {
    const cv::Rect ground(left - kGap / 2, top - kGap / 2, kCell + kGap, kCell + kCaption + kGap);
    cv::rectangle(sheet, ground, kTestGround, cv::FILLED);
  }
  cv::resize(entry.portrait, sheet(cv::Rect(left, top, kCell, kCell)), {kCell, kCell}, 0, 0,
             cv::INTER_AREA);
  std::string name = entry.object.name;
  std::ranges::replace(name, '_', ' ');
  write_centred(sheet, name, left, top + kCell + 16, 0.48, kInk);
  write_centred(sheet,
                fmt::format("{:.0f} g{}", 1e3 * entry.object.mass, entry.test ? ", test" : ""),
                left, top + kCell + 33, 0.42, kFaint);
}

}  // namespace

std::string object_table(const std::vector<hal::ObjectDescription>& objects, double acceleration) {
  std::string table =
      fmt::format("{:<20}{:>7} {:>16}  {:>4} {:>6}  {:>4}  {:<9}{:<5} {}\n", "name", "mass/g",
                  "size/mm", "gel", "rubber", "N/pad", "texture", "soft", "title");
  for (const hal::ObjectDescription& object : objects) {
    const Eigen::Vector3d size = extents_mm(object);
    table += fmt::format(
        "{:<20}{:>7.0f} {:>16}  {:>4.2f} {:>6.2f}  {:>5.1f}  {:<9}{:<5} {}\n", object.name,
        1e3 * object.mass, fmt::format("{:.0f} x {:.0f} x {:.0f}", size.x(), size.y(), size.z()),
        object.friction_gel, object.friction_rubber, holding_force(object, acceleration),
        texture_name(object), object.surface_stiffness ? "yes" : "-", object.title);
  }
  return table;
}

std::string object_facts(const hal::ObjectDescription& object, double acceleration) {
  const Eigen::Vector3d size = extents_mm(object), centre = 1e3 * object.mass_centre;
  std::string facts = fmt::format("{}: {}\n", object.name, object.title);
  const auto line = [&](const char* what, const std::string& value) {
    facts += fmt::format("  {:<14} {}\n", what, value);
  };
  line("mass", fmt::format("{:.0f} g", 1e3 * object.mass));
  line("mass centre", fmt::format("{:.1f}, {:.1f}, {:.1f} mm from the middle of the footprint",
                                  centre.x(), centre.y(), centre.z()));
  line("size", fmt::format("{:.1f} mm between the jaws, {:.1f} mm across, {:.1f} mm tall", size.x(),
                           size.y(), size.z()));
  line("friction",
       fmt::format("{:.2f} on the gel, {:.2f} on rubber, each +-{:.0f}% from grasp to grasp",
                   object.friction_gel, object.friction_rubber, 1e2 * object.friction_spread));
  line("surface", object.surface_stiffness
                      ? fmt::format("soft, {:.2g} N/m^3", *object.surface_stiffness)
                      : "rigid");
  const hal::SurfaceTexture& texture = object.texture;
  const bool smooth = texture.kind == hal::SurfaceTexture::Kind::kSmooth;
  line("texture", smooth ? texture_name(object)
                         : fmt::format("{}, {:.3g} mm deep, every {:.3g} mm", texture_name(object),
                                       1e3 * texture.depth, 1e3 * texture.pitch));
  line("parts", fmt::format("{}", object.parts.size()));
  line("held by", fmt::format("{:.2f} N per pad when lifted at {:.2g} m/s^2",
                              holding_force(object, acceleration), acceleration));
  line("source", object.source);
  return facts;
}

GripPictures picture_in_grip(hal::Workcell& workcell, const GraspProtocol& protocol,
                             const hal::ObjectDescription& object, const StopRequest& stop) {
  constexpr double kStep = 1e-4, kMargin = 1.5;
  const PositionRules& rules = protocol.positions;
  const double middle = 0.5 * (rules.height_fraction[0] + rules.height_fraction[1]);
  GripPosition position =
      place_grip(protocol, object, 0, grip_height(rules, object, middle), 0.0, 0.0);
  position.seed = protocol.seed;
  GraspScript script(workcell, protocol, stop);
  double width = script.touch(position).width;

  const hal::GripperLimits limits = workcell.gripper().limits();
  const double wanted = kMargin * holding_force(object, protocol.lift.motion.acceleration);
  while (workcell.gripper().read().normal_force < wanted && width - kStep > limits.min_width) {
    width -= kStep;
    move_jaws(workcell, protocol, stop, width, protocol.lift.jaw_speed);
    rest(workcell, stop, protocol.touch.settle);
  }
  rest(workcell, stop, protocol.lift.settle);
  return {.external = fresh_picture(workcell, workcell.camera(), protocol, stop, "camera"),
          .tactile = fresh_picture(workcell, workcell.tactile(), protocol, stop, "tactile"),
          .normal_force = workcell.gripper().read().normal_force};
}

cv::Mat object_page(const hal::ObjectDescription& object, const cv::Mat& portrait,
                    const GripPictures& grip) {
  const cv::Mat pictures[] = {portrait, grip.external, grip.tactile};
  const int height = portrait.rows;
  std::vector<cv::Mat> row;
  for (const cv::Mat& picture : pictures) {
    cv::Mat fitted;
    cv::resize(picture, fitted, {picture.cols * height / picture.rows, height}, 0, 0,
               cv::INTER_AREA);
    row.push_back(fitted);
  }
  cv::Mat together, page;
  cv::hconcat(row, together);
  cv::copyMakeBorder(together, page, kHeading, 0, 0, 0, cv::BORDER_CONSTANT, cv::Scalar::all(255));
  write(page,
        fmt::format("{}: {:.0f} g, held with {:.1f} N per pad, and its imprint", object.name,
                    1e3 * object.mass, grip.normal_force),
        {kGap, kHeading - 11}, 0.7, kInk);
  return page;
}

cv::Mat object_sheet(const std::vector<SheetEntry>& entries) {
  const int rows = (static_cast<int>(entries.size()) + kColumns - 1) / kColumns;
  const int across = kCell + kGap, down = kCell + kCaption + kGap;
  cv::Mat sheet(rows * down + kGap, kColumns * across + kGap, CV_8UC3, cv::Scalar::all(255));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const int column = static_cast<int>(i) % kColumns, row = static_cast<int>(i) / kColumns;
    draw_entry(sheet, entries[i], kGap + column * across, kGap + row * down);
  }
  return sheet;
}

}  // namespace gripbench::experiments
