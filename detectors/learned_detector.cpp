#include "detectors/learned_detector.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "detectors/detector_file.h"
#include "detectors/learned_network.h"

namespace gripbench::detectors {
namespace {

static_assert(std::endian::native == std::endian::little, "weights are stored little-endian");

/// Grey levels of difference that the network sees as 1: about the step at the rim of a marker that
/// moved by a tenth of its diameter.
constexpr double kDifferenceScale = 24.0;

/// Features of raw pictures change by a fraction of their size while a grip moves: this brings the
/// change to the same size. Those of difference pictures are changes already.
constexpr double kRawChangeGain = 4.0;

torch::nn::Conv2d convolution(int from, int to, int kernel) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(from, to, kernel).stride(2).padding(kernel / 2));
}

torch::Tensor drop(const torch::Tensor& x, double keep, const at::Generator* generator) {
  if (generator == nullptr) {
    return x;
  }
  return x * at::bernoulli(torch::full_like(x, keep), *generator) / keep;
}

}  // namespace

const char* to_string(Sources sources) {
  switch (sources) {
    case Sources::kTactile:
      return "tactile";
    case Sources::kVision:
      return "vision";
    case Sources::kBoth:
      return "both";
  }
  return "?";
}

const char* to_string(PictureInput input) {
  return input == PictureInput::kRaw ? "raw" : "difference";
}

Sources sources_from(const std::string& word) {
  for (const Sources sources : {Sources::kTactile, Sources::kVision, Sources::kBoth}) {
    if (word == to_string(sources)) {
      return sources;
    }
  }
  throw std::invalid_argument(
      fmt::format("unknown source '{}'; use tactile, vision or both", word));
}

PictureInput picture_input_from(const std::string& word) {
  for (const PictureInput input : {PictureInput::kRaw, PictureInput::kDifference}) {
    if (word == to_string(input)) {
      return input;
    }
  }
  throw std::invalid_argument(fmt::format("unknown input '{}'; use raw or difference", word));
}

PictureNetworkImpl::PictureNetworkImpl()
    : conv1(convolution(3, 12, 5)),
      conv2(convolution(12, 24, 3)),
      conv3(convolution(24, 32, 3)),
      conv4(convolution(32, kFeatureMaps, 3)) {
  register_module("conv1", conv1);
  register_module("conv2", conv2);
  register_module("conv3", conv3);
  register_module("conv4", conv4);
}

torch::Tensor PictureNetworkImpl::forward(torch::Tensor x) {
  x = torch::relu(conv1->forward(x));
  x = torch::relu(conv2->forward(x));
  x = torch::relu(conv3->forward(x));
  x = torch::relu(conv4->forward(x));
  return x.flatten(1);
}

SlipNetworkImpl::SlipNetworkImpl(const NetworkShape& shape)
    : change_gain(shape.input == PictureInput::kRaw ? kRawChangeGain : 1.0),
      joined(3 * shape.features() * shape.camera_count(), kHidden),
      lstm1(torch::nn::LSTMOptions(kHidden, kHidden).batch_first(true)),
      lstm2(torch::nn::LSTMOptions(kHidden, kHidden).batch_first(true)),
      output(kHidden, 2) {
  for (int camera = 0; camera < shape.camera_count(); ++camera) {
    cameras.push_back(register_module(fmt::format("camera{}", camera), PictureNetwork()));
  }
  register_module("joined", joined);
  register_module("lstm1", lstm1);
  register_module("lstm2", lstm2);
  register_module("output", output);
}

void SlipNetworkImpl::initialise(at::Generator generator) {
  torch::NoGradGuard no_grad;
  for (const auto& entry : named_parameters()) {
    torch::Tensor weights = entry.value();
    if (weights.dim() == 1) {
      weights.zero_();
      continue;
    }
    // He et al. 2015 before a ReLU, the usual 1/sqrt(units) within an LSTM and at the output.
    const double fan_in = static_cast<double>(weights.numel() / weights.size(0));
    const bool before_relu =
        entry.key().find("lstm") == std::string::npos && entry.key().rfind("output", 0) != 0;
    weights.normal_(0.0, std::sqrt((before_relu ? 2.0 : 0.7) / fan_in), generator);
  }
}

torch::Tensor SlipNetworkImpl::features(int camera, const torch::Tensor& pictures) {
  return cameras[static_cast<std::size_t>(camera)]->forward(pictures);
}

torch::Tensor SlipNetworkImpl::decide(const torch::Tensor& encodings,
                                      const at::Generator* generator) {
  // Beside the features themselves, their change since the window's first frame, which is how far
  // things have moved, and since the frame before, which tells a gel that has stretched and holds
  // from an object that goes on moving. The LSTM would otherwise have to learn to remember and
  // subtract.
  const auto steps = encodings.size(1);
  const torch::Tensor first = encodings.narrow(1, 0, 1);
  const torch::Tensor before = torch::cat({first, encodings.narrow(1, 0, steps - 1)}, 1);
  const torch::Tensor since_first = change_gain * (encodings - first);
  const torch::Tensor since_before = change_gain * (encodings - before);
  torch::Tensor x =
      torch::relu(joined->forward(torch::cat({encodings, since_first, since_before}, 2)));
  x = drop(x, kKeepJoined, generator);
  x = drop(std::get<0>(lstm1->forward(x)), kKeepLstm, generator);
  x = drop(std::get<0>(lstm2->forward(x)), kKeepLstm, generator);
  return output->forward(x);
}

torch::Tensor prepare_pictures(const torch::Tensor& pictures, const torch::Tensor& firsts,
                               PictureInput input) {
  if (input == PictureInput::kDifference) {
    // 128 + I(t) - I(first) cut to 8 bits, less the 128 again.
    return (pictures - firsts).clamp_(-128.0, 127.0).mul_(1.0 / kDifferenceScale);
  }
  const torch::Tensor mean = pictures.mean({2, 3}, true);
  torch::Tensor centred = pictures - mean;
  const torch::Tensor deviation = centred.square().mean({1, 2, 3}, true).sqrt();
  return centred.div_(deviation + 1.0);
}

torch::Tensor reduce_picture(const cv::Mat& picture, const NetworkShape& shape) {
  cv::Mat small;
  cv::resize(picture, small, cv::Size(shape.width_px, shape.height_px), 0, 0, cv::INTER_AREA);
  return torch::from_blob(small.data, {small.rows, small.cols, 3}, torch::kUInt8)
      .permute({2, 0, 1})
      .contiguous();
}

std::vector<const cv::Mat*> pictures_of(const FramePair& pair, Sources sources) {
  std::vector<const cv::Mat*> pictures;
  if (sources != Sources::kVision) {
    pictures.push_back(&pair.tactile);
  }
  if (sources != Sources::kTactile) {
    pictures.push_back(&pair.external);
  }
  for (const cv::Mat* picture : pictures) {
    if (picture->empty() || picture->type() != CV_8UC3) {
      throw std::invalid_argument(fmt::format("a detector on source '{}' got {} {} picture",
                                              to_string(sources),
                                              picture->empty() ? "no" : "a wrong kind of",
                                              picture == &pair.tactile ? "tactile" : "external"));
    }
  }
  return pictures;
}

LearnedDetector::LearnedDetector(std::unique_ptr<State> state) : state_(std::move(state)) {}
LearnedDetector::~LearnedDetector() = default;

Sources LearnedDetector::sources() const { return state_->shape.sources; }
PictureInput LearnedDetector::input() const { return state_->shape.input; }

Encoding LearnedDetector::encode(const FramePair& first, const FramePair& frame) const {
  torch::NoGradGuard no_grad;
  const auto firsts = pictures_of(first, state_->shape.sources);
  const auto frames = pictures_of(frame, state_->shape.sources);
  Encoding encoding;
  for (std::size_t camera = 0; camera < frames.size(); ++camera) {
    if (frames[camera]->size() != firsts[camera]->size()) {
      throw std::invalid_argument(fmt::format(
          "a frame of {}x{} pixels in a window that began with {}x{}", frames[camera]->cols,
          frames[camera]->rows, firsts[camera]->cols, firsts[camera]->rows));
    }
    const torch::Tensor picture =
        reduce_picture(*frames[camera], state_->shape).unsqueeze(0).to(torch::kFloat32);
    // Raw input ignores the first picture.
    const torch::Tensor against =
        state_->shape.input == PictureInput::kRaw
            ? picture
            : reduce_picture(*firsts[camera], state_->shape).unsqueeze(0).to(torch::kFloat32);
    const torch::Tensor features = state_->network->features(
        static_cast<int>(camera), prepare_pictures(picture, against, state_->shape.input));
    encoding.insert(encoding.end(), features.data_ptr<float>(),
                    features.data_ptr<float>() + features.numel());
  }
  return encoding;
}

double LearnedDetector::slip_probability(std::span<const Encoding> window) const {
  torch::NoGradGuard no_grad;
  const auto length =
      static_cast<std::size_t>(state_->shape.features() * state_->shape.camera_count());
  if (window.empty()) {
    throw std::invalid_argument("a window without frames has no slip probability");
  }
  std::vector<float> values;
  values.reserve(window.size() * length);
  for (const Encoding& encoding : window) {
    if (encoding.size() != length) {
      throw std::invalid_argument(fmt::format("an encoding of {} numbers where {} makes {}",
                                              encoding.size(), name(), length));
    }
    values.insert(values.end(), encoding.begin(), encoding.end());
  }
  const torch::Tensor encodings = torch::from_blob(
      values.data(),
      {1, static_cast<std::int64_t>(window.size()), static_cast<std::int64_t>(length)});
  const torch::Tensor logits = state_->network->decide(encodings, nullptr)[0][-1];
  return torch::softmax(logits.to(torch::kFloat64), 0)[1].item<double>();
}

std::string LearnedDetector::name() const {
  return fmt::format("learned, {}, {}", to_string(state_->shape.sources),
                     to_string(state_->shape.input));
}

void LearnedDetector::save(const std::filesystem::path& file) const {
  nlohmann::json header = {{"kind", "learned"},
                           {"sources", to_string(state_->shape.sources)},
                           {"input", to_string(state_->shape.input)},
                           {"width_px", state_->shape.width_px},
                           {"height_px", state_->shape.height_px},
                           {"tensors", nlohmann::json::array()}};
  std::vector<float> values;
  for (const auto& entry : state_->network->named_parameters()) {
    header["tensors"].push_back({{"name", entry.key()}, {"shape", entry.value().sizes().vec()}});
    const torch::Tensor flat = entry.value().detach().contiguous();
    values.insert(values.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  }
  write_detector_file(file, header, std::as_bytes(std::span(values)));
}

std::unique_ptr<LearnedDetector> LearnedDetector::load(const std::filesystem::path& file) {
  const DetectorFile content = read_detector_file(file);
  const nlohmann::json header = parse_header(content);
  auto state = std::make_unique<State>();
  try {
    if (header.at("kind") != "learned") {
      refuse_detector_file(file, "its kind is " + header.at("kind").dump() + ", not \"learned\"");
    }
    state->shape.sources = sources_from(header.at("sources").get<std::string>());
    state->shape.input = picture_input_from(header.at("input").get<std::string>());
    state->shape.width_px = header.at("width_px").get<int>();
    state->shape.height_px = header.at("height_px").get<int>();
    for (const int size : {state->shape.width_px, state->shape.height_px}) {
      if (size < 16 || size > 1024 || size % 16 != 0) {
        refuse_detector_file(file, fmt::format("its picture size of {} px is impossible", size));
      }
    }
    state->network = SlipNetwork(state->shape);
    state->network->eval();

    torch::NoGradGuard no_grad;
    const auto& tensors = header.at("tensors");
    auto parameters = state->network->named_parameters();
    if (!tensors.is_array() || tensors.size() != parameters.size()) {
      refuse_detector_file(file, "its list of tensors is another network's");
    }
    const std::size_t count = content.payload.size() / sizeof(float);
    std::size_t used = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      torch::Tensor weights = parameters[i].value();
      const auto wanted = static_cast<std::size_t>(weights.numel());
      if (tensors[i].at("name") != parameters[i].key() ||
          tensors[i].at("shape") != nlohmann::json(weights.sizes().vec()) ||
          used + wanted > count) {
        refuse_detector_file(
            file, fmt::format("its tensor {} is not '{}' as expected", i, parameters[i].key()));
      }
      std::memcpy(weights.data_ptr<float>(), content.payload.data() + used * sizeof(float),
                  wanted * sizeof(float));
      if (!torch::isfinite(weights).all().item<bool>()) {
        refuse_detector_file(file, "its tensor '" + parameters[i].key() + "' is not finite");
      }
      used += wanted;
    }
    if (used * sizeof(float) != content.payload.size()) {
      refuse_detector_file(file, "it holds more weights than its network");
    }
  } catch (const nlohmann::json::exception&) {
    refuse_detector_file(file, "its header lacks a key, or one is of the wrong kind");
  } catch (const std::invalid_argument& error) {
    refuse_detector_file(file, error.what());
  }
  return std::unique_ptr<LearnedDetector>(new LearnedDetector(std::move(state)));
}

}  // namespace gripbench::detectors
