#pragma once

#include <memory>
#include <string>

#include <mujoco/mujoco.h>
#include <opencv2/core/mat.hpp>

#include <Eigen/Geometry>

namespace gripbench::sim {

/// Size and quality of the pictures. The defaults were chosen by tests/benchmarks/camera_benchmark.
struct RenderOptions {
  int width_px = 640;
  int height_px = 480;
  /// Lights that cast shadows in the model do so.
  bool shadows = true;
  /// Side of the square shadow map, in pixels. A small one is faster, and its interpolation makes
  /// the edges of shadows soft.
  int shadow_map_px = 512;
  /// Samples per pixel that smooth the edges; 0 is none.
  int samples = 0;
};

/// Renders what a fixed camera of a MuJoCo model sees, without display or GPU.
///
/// One renderer serves one thread at a time; several of them on several threads draw at once and
/// produce the same bytes as one.
class CameraRenderer {
 public:
  /// @throws hal::DeviceError if there is no OpenGL (see EglContext);
  /// std::invalid_argument for a size that is not positive.
  explicit CameraRenderer(const RenderOptions& options = {});
  ~CameraRenderer();
  CameraRenderer(CameraRenderer&&) noexcept;
  CameraRenderer& operator=(CameraRenderer&&) noexcept;

  /// Hands meshes and textures of `model` to OpenGL. Needed before the first picture, and again
  /// for another model; not when only lights, poses, materials or colours of it changed.
  void load(const mjModel& model);

  /// Draws what camera `camera_id` of `model` (the one loaded, or a copy of it) sees in `data`,
  /// whose kinematics, cameras and lights must be up to date (mj_forward, or mj_step), into
  /// `image`: 8-bit BGR, first row on top; allocated only if it has another size.
  /// @throws std::invalid_argument if nothing is loaded or there is no such camera.
  void render(const mjModel& model, mjData& data, int camera_id, cv::Mat& image);

  const RenderOptions& options() const { return options_; }

 private:
  struct Scene;
  RenderOptions options_;
  std::unique_ptr<Scene> scene_;
};

/// Id of the camera called `name`.
/// @throws hal::InputError naming the model's cameras if there is none.
int camera_id(const mjModel& model, const std::string& name);

/// Where a point (world frame, m) appears in a picture of the camera of the given size: x to the
/// right, y down, in pixels, the first pixel's centre at (0.5, 0.5); z is the depth in front of the
/// camera (m), negative behind it.
Eigen::Vector3d project(const mjModel& model, const mjData& data, int camera_id,
                        const Eigen::Vector3d& world_point, int width_px, int height_px);

}  // namespace gripbench::sim
