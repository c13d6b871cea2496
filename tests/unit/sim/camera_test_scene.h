#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include <mujoco/mujoco.h>
#include <unistd.h>

namespace gripbench::sim {

/// A table with a red ball and a green box before a camera that looks down at them, and the names
/// that VariationRanges expects of a scene. Small enough to say where everything must appear.
inline constexpr char kCameraTestScene[] = R"(
<mujoco>
  <visual>
    <headlight ambient="0.35 0.35 0.35" diffuse="0.25 0.25 0.25" specular="0 0 0"/>
    <map znear="0.005" zfar="10"/>
  </visual>
  <statistic extent="1" center="0 0 0"/>
  <asset>
    <texture name="grain" type="2d" builtin="checker" rgb1="0.6 0.4 0.2" rgb2="0.5 0.3 0.15"
             width="64" height="64"/>
    <material name="table_white" rgba="0.85 0.85 0.83 1" specular="0.1"/>
    <material name="table_wood" texture="grain" texrepeat="8 8" specular="0.1"/>
    <material name="table_felt" rgba="0.4 0.4 0.42 1" specular="0"/>
  </asset>
  <worldbody>
    <light name="lamp" pos="0.2 -0.2 0.9" dir="-0.2 0.2 -0.9" castshadow="true" cutoff="50"
           diffuse="0.5 0.5 0.5" specular="0.2 0.2 0.2"/>
    <light name="fill" pos="-0.6 0.3 0.8" dir="0.6 -0.3 -0.8" castshadow="false" cutoff="70"
           diffuse="0.2 0.2 0.2" specular="0 0 0"/>
    <geom name="table" type="box" size="0.6 0.6 0.02" pos="0 0 -0.02" material="table_white"/>
    <body name="ball" pos="0.06 0.03 0.03">
      <geom name="ball" type="sphere" size="0.03" rgba="0.8 0.05 0.05 1"/>
    </body>
    <body name="box" pos="-0.07 -0.04 0.02">
      <geom name="box" type="box" size="0.025 0.02 0.02" rgba="0.05 0.7 0.1 1"/>
    </body>
    <body name="hand" pos="0 -0.15 0.35">
      <camera name="webcam" pos="0 0 0" xyaxes="1 0 0 0 0.9 0.435" fovy="50"/>
    </body>
  </worldbody>
</mujoco>)";

/// A model and its state, set up so that cameras and lights are in place.
class TestScene {
 public:
  explicit TestScene(const std::string& xml = kCameraTestScene) {
    const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                       ("gripbench_camera_scene_" + std::to_string(getpid()) + "_" +
                                        std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    std::ofstream(file) << xml;
    char error[500] = "";
    model_.reset(mj_loadXML(file.c_str(), nullptr, error, sizeof error));
    std::filesystem::remove(file);
    if (!model_) throw std::runtime_error(error);
    reset();
  }

  void reset() {
    data_.reset(mj_makeData(model_.get()));
    mj_forward(model_.get(), data_.get());
  }

  mjModel& model() { return *model_; }
  mjData& data() { return *data_; }

 private:
  struct Delete {
    void operator()(mjModel* model) const { mj_deleteModel(model); }
    void operator()(mjData* data) const { mj_deleteData(data); }
  };
  std::unique_ptr<mjModel, Delete> model_;
  std::unique_ptr<mjData, Delete> data_;
};

}  // namespace gripbench::sim
