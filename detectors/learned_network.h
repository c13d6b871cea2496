#pragma once

// Internal to the learned detector: includes LibTorch. Nothing else may include this file.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "detectors/learned_detector.h"

namespace gripbench::detectors {

/// Maps that a picture network ends with.
inline constexpr int kFeatureMaps = 32;
/// Units of the joining layer and of each LSTM layer (Li et al. 2018, section III-C).
inline constexpr int kHidden = 64;

/// All that a network's shape depends on.
struct NetworkShape {
  Sources sources = Sources::kBoth;
  PictureInput input = PictureInput::kDifference;
  int width_px = 96;
  int height_px = 80;

  int camera_count() const { return sources == Sources::kBoth ? 2 : 1; }
  /// Numbers per picture that `encode` keeps: maps at a sixteenth of the picture's size.
  int features() const { return kFeatureMaps * (width_px / 16) * (height_px / 16); }
};

/// Units are kept with these probabilities while training (Li et al. 2018, section III-C).
inline constexpr double kKeepJoined = 0.5;
inline constexpr double kKeepLstm = 0.8;

/// Four strided convolutions: [N, 3, H, W] to [N, features].
struct PictureNetworkImpl : torch::nn::Module {
  PictureNetworkImpl();
  torch::Tensor forward(torch::Tensor x);

  torch::nn::Conv2d conv1, conv2, conv3, conv4;
};
TORCH_MODULE(PictureNetwork);

/// The whole detector. Its chance comes from a generator that the caller owns, so that nothing
/// global decides what training does.
struct SlipNetworkImpl : torch::nn::Module {
  explicit SlipNetworkImpl(const NetworkShape& shape);

  /// Draws all weights anew.
  void initialise(at::Generator generator);

  /// Features of prepared pictures of one camera (0 or 1 among those in use).
  torch::Tensor features(int camera, const torch::Tensor& pictures);

  /// Logits after each frame: [N, T, cameras * features] to [N, T, 2]. Drops units when a
  /// generator is given.
  torch::Tensor decide(const torch::Tensor& encodings, const at::Generator* generator);

  double change_gain;
  std::vector<PictureNetwork> cameras;
  torch::nn::Linear joined;
  torch::nn::LSTM lstm1, lstm2;
  torch::nn::Linear output;
};
TORCH_MODULE(SlipNetwork);

/// 8-bit pictures [N, 3, H, W] (as float, 0 to 255) and the first pictures of their windows to what
/// the picture network sees.
torch::Tensor prepare_pictures(const torch::Tensor& pictures, const torch::Tensor& firsts,
                               PictureInput input);

/// A picture reduced to the network's size: uint8 [3, H, W].
torch::Tensor reduce_picture(const cv::Mat& picture, const NetworkShape& shape);

/// The pictures of a pair that the sources use, in the order of `cameras`.
/// @throws std::invalid_argument if one is empty or not 8-bit BGR.
std::vector<const cv::Mat*> pictures_of(const FramePair& pair, Sources sources);

struct LearnedDetector::State {
  NetworkShape shape;
  /// Modules are not const-correct: forward() without training mode changes nothing.
  mutable SlipNetwork network{nullptr};
};

}  // namespace gripbench::detectors
