#pragma once

#include <filesystem>

#include <opencv2/core/mat.hpp>

#include "hal/objects.h"
#include "sim/camera_renderer.h"

namespace gripbench::sim {

/// Draws objects of the catalogue standing alone on a plain table, each filling the picture, seen
/// half from the side that faces the plain finger and a little from above.
class ObjectPortraits {
 public:
  /// @param studio MJCF of table, lights and a camera called "portrait".
  /// @throws hal::DeviceError if there is no OpenGL.
  ObjectPortraits(std::filesystem::path studio, int width_px, int height_px);

  /// 8-bit BGR.
  /// @throws hal::InputError if the studio's file cannot be read.
  cv::Mat draw(const hal::ObjectDescription& object);

 private:
  std::filesystem::path studio_;
  CameraRenderer renderer_;
};

}  // namespace gripbench::sim
