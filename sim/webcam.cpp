#include "sim/webcam.h"

#include <algorithm>

#include "sim/image_effects.h"

namespace gripbench::sim {

Webcam::Webcam(const RenderOptions& options, const VariationRanges& ranges)
    : ranges_(ranges), renderer_(options) {}

void Webcam::begin(const mjModel& model, std::uint64_t seed) {
  if (pristine_ != &model) {
    pristine_ = &model;
    model_loaded_ = false;
  }
  variation_ = draw_scene_variation(seed, ranges_);
  variation_applied_ = false;
}

void Webcam::forget(const mjModel& model) {
  if (pristine_ == &model) pristine_ = nullptr;
}

void Webcam::prepare() {
  if (!model_loaded_) {
    varied_.reset(mj_copyModel(nullptr, pristine_));
    data_ = make_data(varied_.get());
    camera_ = camera_id(*varied_, "webcam");
    renderer_.load(*varied_);
    model_loaded_ = true;
  }
  if (!variation_applied_) {
    apply(variation_, *pristine_, *varied_);
    variation_applied_ = true;
  }
}

cv::Mat Webcam::render(const std::vector<double>& qpos, std::uint64_t sequence) {
  prepare();
  std::copy(qpos.begin(), qpos.end(), data_->qpos);
  mj_kinematics(varied_.get(), data_.get());
  mj_comPos(varied_.get(), data_.get());
  mj_camlight(varied_.get(), data_.get());
  cv::Mat image;
  renderer_.render(*varied_, *data_, camera_, image);
  finish_camera_image(image, variation_.image, sequence);
  return image;
}

}  // namespace gripbench::sim
