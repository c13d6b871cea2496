#include "sim/object_portrait.h"

#include <cmath>
#include <numbers>
#include <utility>

#include <Eigen/Geometry>

#include "sim/object_assets.h"
#include "sim/scene.h"

namespace gripbench::sim {
namespace {

/// From the object to the camera: x along the jaws, so that what is long across them is seen
/// sideways.
const Eigen::Vector3d kViewFrom = Eigen::Vector3d(-0.80, -0.48, 0.44).normalized();
/// Share of the picture that the object's bounds may fill.
constexpr double kFill = 0.92;

/// The camera's axes in the world, as columns: right, up, backwards.
Eigen::Matrix3d camera_axes() {
  Eigen::Matrix3d axes;
  axes.col(2) = kViewFrom;
  axes.col(0) = Eigen::Vector3d::UnitZ().cross(kViewFrom).normalized();
  axes.col(1) = axes.col(2).cross(axes.col(0));
  return axes;
}

/// How far from the middle of the bounds the camera must stand for all of their corners to be seen.
double fitting_distance(const hal::ObjectDescription& object, const Eigen::Vector3d& middle,
                        double tan_up, double tan_across) {
  const Eigen::Matrix3d camera_from_world = camera_axes().transpose();
  double distance = 0.0;
  for (int corner = 0; corner < 8; ++corner) {
    Eigen::Vector3d p;
    for (int axis = 0; axis < 3; ++axis) {
      p[axis] = (corner >> axis & 1) ? object.bounds_max[axis] : object.bounds_min[axis];
    }
    const Eigen::Vector3d seen = camera_from_world * (p - middle);
    const double needed =
        std::max(std::abs(seen.x()) / tan_across, std::abs(seen.y()) / tan_up) / kFill;
    distance = std::max(distance, needed + seen.z());
  }
  return distance;
}

void place_camera(mjModel& model, int camera, const hal::ObjectDescription& object, double aspect) {
  const double tan_up = std::tan(0.5 * model.cam_fovy[camera] * std::numbers::pi / 180.0);
  const Eigen::Vector3d middle = 0.5 * (object.bounds_min + object.bounds_max);
  const double distance = fitting_distance(object, middle, tan_up, aspect * tan_up);
  Eigen::Map<Eigen::Vector3d>(model.cam_pos + 3 * camera) = middle + distance * kViewFrom;
  const Eigen::Quaterniond turn(camera_axes());
  double* wxyz = model.cam_quat + 4 * camera;
  wxyz[0] = turn.w();
  Eigen::Map<Eigen::Vector3d>(wxyz + 1) = turn.vec();
}

}  // namespace

ObjectPortraits::ObjectPortraits(std::filesystem::path studio, int width_px, int height_px)
    : studio_(std::move(studio)),
      renderer_(
          {.width_px = width_px, .height_px = height_px, .shadow_map_px = 2048, .samples = 4}) {}

cv::Mat ObjectPortraits::draw(const hal::ObjectDescription& object) {
  const ObjectAssets assets = object_assets(object);
  const MujocoModel model = build_scene(studio_, &assets, 1e-3);
  const int camera = camera_id(*model, "portrait");
  const RenderOptions& size = renderer_.options();
  place_camera(*model, camera, object, static_cast<double>(size.width_px) / size.height_px);
  const MujocoData data = make_data(model.get());
  mj_forward(model.get(), data.get());
  renderer_.load(*model);
  cv::Mat image;
  renderer_.render(*model, *data, camera, image);
  return image;
}

}  // namespace gripbench::sim
