#include "sim/camera_renderer.h"

#include <cmath>
#include <mutex>
#include <numbers>
#include <optional>
#include <shared_mutex>
#include <stdexcept>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "hal/errors.h"
#include "sim/egl_context.h"

namespace gripbench::sim {
namespace {

// Making a MuJoCo rendering context writes the process-wide table of OpenGL functions that every
// MuJoCo rendering call reads.
std::shared_mutex& function_table() {
  static std::shared_mutex mutex;
  return mutex;
}

// The model's visual settings are the model's; the picture's size and quality are ours.
mjModel with_quality(const mjModel& model, const RenderOptions& options) {
  mjModel view = model;  // shares all arrays, and is only read
  view.vis.global.offwidth = options.width_px;
  view.vis.global.offheight = options.height_px;
  view.vis.quality.shadowsize = options.shadows ? options.shadow_map_px : 0;
  view.vis.quality.offsamples = options.samples;
  return view;
}

}  // namespace

struct CameraRenderer::Scene {
  EglContext egl;
  mjrContext context;
  mjvScene scene;
  mjvOption visible;
  mjvCamera camera;
  bool loaded = false;
  cv::Mat bottom_up;
  cv::Mat bottom_up_bgr;

  Scene() {
    mjr_defaultContext(&context);
    mjv_defaultScene(&scene);
    mjv_defaultOption(&visible);
    mjv_defaultCamera(&camera);
    camera.type = mjCAMERA_FIXED;
  }

  ~Scene() { unload(); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  void unload() {
    if (!loaded) return;
    const EglContext::Current current(egl);
    const std::shared_lock lock(function_table());
    mjr_freeContext(&context);
    mjv_freeScene(&scene);
    loaded = false;
  }
};

CameraRenderer::CameraRenderer(const RenderOptions& options) : options_(options) {
  if (options.width_px <= 0 || options.height_px <= 0 || options.shadow_map_px <= 0 ||
      options.samples < 0) {
    throw std::invalid_argument(
        fmt::format("camera renderer: impossible picture {}x{}, shadow map {}, samples {}",
                    options.width_px, options.height_px, options.shadow_map_px, options.samples));
  }
  scene_ = std::make_unique<Scene>();
  scene_->bottom_up.create(options.height_px, options.width_px, CV_8UC3);
  scene_->bottom_up_bgr.create(options.height_px, options.width_px, CV_8UC3);
}

CameraRenderer::~CameraRenderer() = default;
CameraRenderer::CameraRenderer(CameraRenderer&&) noexcept = default;
CameraRenderer& CameraRenderer::operator=(CameraRenderer&&) noexcept = default;

void CameraRenderer::load(const mjModel& model) {
  scene_->unload();
  const EglContext::Current current(scene_->egl);
  const std::unique_lock lock(function_table());
  const mjModel view = with_quality(model, options_);
  // Room for the model's own geometry only: contacts, frames and the like are not drawn.
  constexpr int kSpareGeoms = 64;
  mjv_makeScene(&view, &scene_->scene, model.ngeom + kSpareGeoms);
  mjr_makeContext(&view, &scene_->context, mjFONTSCALE_50);
  mjr_setBuffer(mjFB_OFFSCREEN, &scene_->context);
  scene_->scene.flags[mjRND_SHADOW] = options_.shadows;
  scene_->loaded = true;
  if (scene_->context.currentBuffer != mjFB_OFFSCREEN) {
    throw hal::DeviceError("renderer",
                           "this OpenGL cannot draw off-screen (no framebuffer "
                           "objects); install the package libgl1-mesa-dri");
  }
}

void CameraRenderer::render(const mjModel& model, mjData& data, int camera_id, cv::Mat& image) {
  if (!scene_->loaded) throw std::invalid_argument("camera renderer: no model is loaded");
  if (camera_id < 0 || camera_id >= model.ncam) {
    throw std::invalid_argument(
        fmt::format("camera renderer: no camera {} among the model's {}", camera_id, model.ncam));
  }
  Scene& s = *scene_;
  s.camera.fixedcamid = camera_id;
  mjv_updateScene(&model, &data, &s.visible, nullptr, &s.camera, mjCAT_ALL, &s.scene);
  const mjrRect whole{0, 0, options_.width_px, options_.height_px};
  {
    const EglContext::Current current(s.egl);
    const std::shared_lock lock(function_table());
    mjr_render(whole, &s.scene, &s.context);
    mjr_readPixels(s.bottom_up.data, nullptr, whole, &s.context);
  }
  cv::cvtColor(s.bottom_up, s.bottom_up_bgr, cv::COLOR_RGB2BGR);
  cv::flip(s.bottom_up_bgr, image, 0);
}

int camera_id(const mjModel& model, const std::string& name) {
  const int id = mj_name2id(&model, mjOBJ_CAMERA, name.c_str());
  if (id >= 0) return id;
  std::string known;
  for (int i = 0; i < model.ncam; ++i) {
    const char* other = mj_id2name(&model, mjOBJ_CAMERA, i);
    known += fmt::format("{}{}", i ? ", " : "", other ? other : "(unnamed)");
  }
  throw hal::InputError(fmt::format("the scene has no camera '{}'; it has: {}", name,
                                    known.empty() ? "none" : known));
}

Eigen::Vector3d project(const mjModel& model, const mjData& data, int camera_id,
                        const Eigen::Vector3d& world_point, int width_px, int height_px) {
  using RowMajor = Eigen::Matrix<mjtNum, 3, 3, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> world_from_camera(data.cam_xmat + 9 * camera_id);
  const Eigen::Map<const Eigen::Vector3d> position(data.cam_xpos + 3 * camera_id);
  // MuJoCo's cameras look along -z, x to the right, y up.
  const Eigen::Vector3d point = world_from_camera.transpose() * (world_point - position);
  const double depth = -point.z();
  const double half_angle = 0.5 * model.cam_fovy[camera_id] * std::numbers::pi / 180.0;
  const double focal_px = 0.5 * height_px / std::tan(half_angle);
  return {0.5 * width_px + focal_px * point.x() / depth,
          0.5 * height_px - focal_px * point.y() / depth, depth};
}

}  // namespace gripbench::sim
