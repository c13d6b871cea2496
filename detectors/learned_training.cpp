#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "detectors/group_split.h"
#include "detectors/learned_network.h"

namespace gripbench::detectors {
namespace {

/// A window's frames, and how far along them decisions are asked for: windows that begin alike are
/// run once.
struct Track {
  std::vector<std::int64_t> pairs;
  std::vector<std::int64_t> ends;
};

/// A sequence, reduced: what training keeps in memory of it.
struct Sample {
  /// For each camera in use: uint8 [frames, 3, H, W].
  std::vector<torch::Tensor> pictures;
  /// The (first, frame) pairs that windows need, as indices into `pictures`.
  std::vector<std::int64_t> firsts;
  std::vector<std::int64_t> frames;
  std::vector<Track> tracks;
  std::size_t window_count = 0;
  bool slip = false;
};

/// Pairs and tracks of a sequence's windows, and the frames that they use.
class WindowIndex {
 public:
  std::int64_t frame(int index) {
    return frames_.try_emplace(index, static_cast<std::int64_t>(frames_.size())).first->second;
  }

  std::int64_t pair(int first, int frame_index, Sample& sample) {
    const auto [entry, fresh] =
        pairs_.try_emplace({first, frame_index}, static_cast<std::int64_t>(pairs_.size()));
    if (fresh) {
      sample.firsts.push_back(frame(first));
      sample.frames.push_back(frame(frame_index));
    }
    return entry->second;
  }

  const std::map<int, std::int64_t>& frames() const { return frames_; }

 private:
  std::map<int, std::int64_t> frames_;
  std::map<std::pair<int, int>, std::int64_t> pairs_;
};

void check_windows(const LabelledSequence& sequence, std::size_t index) {
  if (sequence.windows.empty()) {
    throw std::invalid_argument(fmt::format("sequence {} to train on has no window", index));
  }
  for (const auto& window : sequence.windows) {
    for (const int frame : window) {
      if (frame < 0 || static_cast<std::size_t>(frame) >= sequence.frames.size()) {
        throw std::invalid_argument(
            fmt::format("sequence {} to train on has no frame {}", index, frame));
      }
    }
    if (window.empty()) {
      throw std::invalid_argument(
          fmt::format("sequence {} to train on has a window without frames", index));
    }
  }
}

Sample reduce_sequence(const LabelledSequence& sequence, std::size_t index,
                       const NetworkShape& shape) {
  check_windows(sequence, index);
  Sample sample;
  sample.slip = sequence.slip;
  sample.window_count = sequence.windows.size();

  auto windows = sequence.windows;
  // Longest first among those that begin alike, so that prefixes find their track.
  std::sort(windows.begin(), windows.end(), std::greater<>());
  WindowIndex known;
  std::vector<int> track_frames;
  for (const auto& window : windows) {
    const bool prefix = window.size() <= track_frames.size() &&
                        std::equal(window.begin(), window.end(), track_frames.begin());
    if (!prefix) {
      track_frames = window;
      Track track;
      for (const int frame : window) {
        track.pairs.push_back(known.pair(window.front(), frame, sample));
      }
      sample.tracks.push_back(std::move(track));
    }
    sample.tracks.back().ends.push_back(static_cast<std::int64_t>(window.size()) - 1);
  }

  std::vector<int> order(known.frames().size());
  for (const auto& [frame, slot] : known.frames()) {
    order[static_cast<std::size_t>(slot)] = frame;
  }
  std::vector<std::vector<torch::Tensor>> pictures(static_cast<std::size_t>(shape.camera_count()));
  for (const int frame : order) {
    const auto seen = pictures_of(sequence.frames[static_cast<std::size_t>(frame)], shape.sources);
    for (std::size_t camera = 0; camera < seen.size(); ++camera) {
      pictures[camera].push_back(reduce_picture(*seen[camera], shape));
    }
  }
  for (const auto& of_camera : pictures) {
    sample.pictures.push_back(torch::stack(of_camera));
  }
  return sample;
}

/// Uniform in [-1, 1].
double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-52 - 1.0;
}

/// One random change, the same for all frames of a sequence, since chance between its frames would
/// look like motion.
class Augmentation {
 public:
  explicit Augmentation(std::mt19937_64& random)
      : mirror_(uniform(random) > 0.0), contrast_(std::exp(0.25 * uniform(random))) {
    for (double& gain : gains_) {
      gain = contrast_ * std::exp(0.15 * uniform(random));
    }
    for (int& shift : shift_) {
      shift = static_cast<int>(std::lround(kMaxShift * uniform(random)));
    }
  }

  torch::Tensor gains() const {
    return torch::tensor({gains_[0], gains_[1], gains_[2]}, torch::kFloat32).view({1, 3, 1, 1});
  }

  torch::Tensor moved(const torch::Tensor& prepared) const {
    // Negative padding cuts: one call shifts the pictures and fills in zeros.
    const torch::Tensor x =
        torch::constant_pad_nd(prepared, {shift_[0], -shift_[0], shift_[1], -shift_[1]});
    return mirror_ ? x.flip({3}) : x;
  }

 private:
  static constexpr int kMaxShift = 4;
  bool mirror_;
  double contrast_;
  double gains_[3];
  int shift_[2];
};

/// Encodings of a batch's pairs, its tracks padded to one length, and what is asked of them.
struct Batch {
  std::vector<torch::Tensor> pictures;
  torch::Tensor track_pairs;
  torch::Tensor asked;
  torch::Tensor labels;
  torch::Tensor weights;
};

torch::Tensor indices(const std::vector<std::int64_t>& values) {
  return torch::tensor(values, torch::kInt64);
}

class Trainer {
 public:
  Trainer(std::vector<Sample> samples, const GroupSplit& split, const NetworkShape& shape,
          const LearnedOptions& options)
      : samples_(std::move(samples)),
        split_(split),
        shape_(shape),
        options_(options),
        random_(options.seed),
        generator_(at::make_generator<at::CPUGeneratorImpl>(options.seed)),
        network_(shape),
        average_(shape) {
    network_->initialise(generator_);
    copy(*network_, *average_);
    double slips = 0.0;
    for (const std::size_t i : split_.training) {
      slips += samples_[i].slip ? 1.0 : 0.0;
    }
    const double count = static_cast<double>(split_.training.size());
    class_weight_[1] = 0.5 * count / std::max(slips, 1.0);
    class_weight_[0] = 0.5 * count / std::max(count - slips, 1.0);
  }

  SlipNetwork run(LearnedSummary& summary, const TrainingProgress& progress) {
    torch::optim::AdamW optimiser(
        network_->parameters(),
        torch::optim::AdamWOptions(options_.learning_rate).weight_decay(options_.weight_decay));
    SlipNetwork best(shape_);
    copy(*average_, *best);
    double best_loss = std::numeric_limits<double>::infinity();
    for (int epoch = 0; epoch < options_.max_epochs; ++epoch) {
      set_learning_rate(optimiser, epoch);
      LearnedSummary::Epoch figures;
      figures.training_loss = train_epoch(optimiser);
      std::tie(figures.validation_loss, figures.validation_accuracy) = validate();
      summary.epochs.push_back(figures);
      // Without held-out groups the last epoch is kept: nothing could choose honestly.
      if (split_.validation.empty() || figures.validation_loss < best_loss) {
        best_loss = figures.validation_loss;
        summary.chosen_epoch = epoch;
        copy(*average_, *best);
      }
      if (progress) {
        progress("fit", (epoch + 1.0) / options_.max_epochs,
                 fmt::format("epoch {}: loss {:.3f}, held out {:.3f}, accuracy {:.3f}", epoch + 1,
                             figures.training_loss, figures.validation_loss,
                             figures.validation_accuracy));
      }
      if (!split_.validation.empty() && epoch - summary.chosen_epoch >= options_.patience) {
        break;
      }
    }
    return best;
  }

 private:
  static void copy(SlipNetworkImpl& from, SlipNetworkImpl& to) {
    torch::NoGradGuard no_grad;
    const auto source = from.parameters();
    auto target = to.parameters();
    for (std::size_t i = 0; i < source.size(); ++i) {
      target[i].copy_(source[i]);
    }
  }

  /// A cosine from the full rate to a twentieth of it.
  void set_learning_rate(torch::optim::AdamW& optimiser, int epoch) const {
    const double turn = M_PI * epoch / std::max(options_.max_epochs, 1);
    const double share = 0.05 + 0.95 * 0.5 * (1.0 + std::cos(turn));
    for (auto& group : optimiser.param_groups()) {
      static_cast<torch::optim::AdamWOptions&>(group.options()).lr(options_.learning_rate * share);
    }
  }

  Batch make_batch(std::span<const std::size_t> members, bool augment) {
    Batch batch;
    std::vector<std::vector<torch::Tensor>> pictures(
        static_cast<std::size_t>(shape_.camera_count()));
    std::vector<std::vector<std::int64_t>> tracks;
    std::vector<std::pair<std::int64_t, std::int64_t>> ends;  // track, position
    std::vector<std::int64_t> labels;
    std::vector<float> weights;
    std::int64_t pair_count = 0;
    for (const std::size_t member : members) {
      const Sample& sample = samples_[member];
      add_pictures(sample, augment, pictures);
      for (const Track& track : sample.tracks) {
        for (const std::int64_t end : track.ends) {
          ends.emplace_back(static_cast<std::int64_t>(tracks.size()), end);
          labels.push_back(sample.slip ? 1 : 0);
          weights.push_back(static_cast<float>(class_weight_[sample.slip ? 1 : 0] /
                                               static_cast<double>(sample.window_count)));
        }
        tracks.push_back(track.pairs);
        for (std::int64_t& pair : tracks.back()) {
          pair += pair_count;
        }
      }
      pair_count += static_cast<std::int64_t>(sample.frames.size());
    }
    for (const auto& of_camera : pictures) {
      batch.pictures.push_back(torch::cat(of_camera));
    }
    std::size_t longest = 0;
    for (const auto& track : tracks) {
      longest = std::max(longest, track.size());
    }
    std::vector<std::int64_t> padded;
    for (auto& track : tracks) {
      track.resize(longest, 0);  // behind the last frame asked for: never seen by it
      padded.insert(padded.end(), track.begin(), track.end());
    }
    std::vector<std::int64_t> asked;
    for (const auto& [track, end] : ends) {
      asked.push_back(track * static_cast<std::int64_t>(longest) + end);
    }
    batch.track_pairs = indices(padded).view({static_cast<std::int64_t>(tracks.size()), -1});
    batch.asked = indices(asked);
    batch.labels = indices(labels);
    batch.weights = torch::tensor(weights);
    return batch;
  }

  void add_pictures(const Sample& sample, bool augment,
                    std::vector<std::vector<torch::Tensor>>& pictures) {
    const auto frames = indices(sample.frames);
    const auto firsts = indices(sample.firsts);
    for (std::size_t camera = 0; camera < pictures.size(); ++camera) {
      torch::Tensor seen = sample.pictures[camera].to(torch::kFloat32);
      if (!augment) {
        pictures[camera].push_back(prepare_pictures(seen.index_select(0, frames),
                                                    seen.index_select(0, firsts), shape_.input));
        continue;
      }
      const Augmentation change(random_);
      seen.mul_(change.gains());
      pictures[camera].push_back(change.moved(prepare_pictures(
          seen.index_select(0, frames), seen.index_select(0, firsts), shape_.input)));
    }
  }

  /// Logits of everything that the batch asks, [windows, 2].
  torch::Tensor decide(SlipNetwork& network, const Batch& batch, const at::Generator* generator) {
    std::vector<torch::Tensor> features;
    for (std::size_t camera = 0; camera < batch.pictures.size(); ++camera) {
      features.push_back(network->features(static_cast<int>(camera), batch.pictures[camera]));
    }
    const torch::Tensor encodings = torch::cat(features, 1);
    const auto shape = batch.track_pairs.sizes();
    const torch::Tensor tracks = encodings.index_select(0, batch.track_pairs.flatten())
                                     .view({shape[0], shape[1], encodings.size(1)});
    return network->decide(tracks, generator).view({-1, 2}).index_select(0, batch.asked);
  }

  static torch::Tensor losses(const torch::Tensor& logits, const Batch& batch) {
    return torch::nn::functional::cross_entropy(
               logits, batch.labels,
               torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone)) *
           batch.weights;
  }

  double train_epoch(torch::optim::AdamW& optimiser) {
    auto order = split_.training;
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random_() % i]);
    }
    double sum = 0.0;
    double weight = 0.0;
    for (std::size_t begin = 0; begin < order.size();) {
      const std::size_t size =
          std::min(static_cast<std::size_t>(options_.batch_sequences), order.size() - begin);
      const Batch batch = make_batch(std::span(order).subspan(begin, size), options_.augment);
      begin += size;
      const torch::Tensor total = losses(decide(network_, batch, &generator_), batch).sum();
      const double batch_weight = batch.weights.sum().item<double>();
      optimiser.zero_grad();
      (total / batch_weight).backward();
      torch::nn::utils::clip_grad_norm_(network_->parameters(), 5.0);
      optimiser.step();
      follow();
      sum += total.item<double>();
      weight += batch_weight;
    }
    return sum / weight;
  }

  /// The running mean of the weights, which steadies the choice of an epoch on few groups.
  void follow() {
    torch::NoGradGuard no_grad;
    ++steps_;
    const double keep = std::min(0.97, steps_ / (steps_ + 10.0));
    const auto source = network_->parameters();
    auto target = average_->parameters();
    for (std::size_t i = 0; i < source.size(); ++i) {
      target[i].lerp_(source[i], 1.0 - keep);
    }
  }

  /// Weighted loss and balanced accuracy on the held-out groups.
  std::pair<double, double> validate() {
    if (split_.validation.empty()) {
      const double none = std::numeric_limits<double>::quiet_NaN();
      return {none, none};
    }
    torch::NoGradGuard no_grad;
    double loss = 0.0;
    double weight = 0.0;
    double right = 0.0;
    for (std::size_t begin = 0; begin < split_.validation.size();) {
      const std::size_t size = std::min(static_cast<std::size_t>(options_.batch_sequences),
                                        split_.validation.size() - begin);
      const Batch batch = make_batch(std::span(split_.validation).subspan(begin, size), false);
      begin += size;
      const torch::Tensor logits = decide(average_, batch, nullptr);
      loss += losses(logits, batch).sum().item<double>();
      const torch::Tensor hits = logits.argmax(1).eq(batch.labels).to(torch::kFloat32);
      right += (hits * batch.weights).sum().item<double>();
      weight += batch.weights.sum().item<double>();
    }
    return {loss / weight, right / weight};
  }

  std::vector<Sample> samples_;
  GroupSplit split_;
  NetworkShape shape_;
  LearnedOptions options_;
  std::mt19937_64 random_;
  at::Generator generator_;
  SlipNetwork network_;
  SlipNetwork average_;
  std::array<double, 2> class_weight_{};
  double steps_ = 0.0;
};

void check_options(const LearnedOptions& options) {
  for (const int size : {options.width_px, options.height_px}) {
    if (size < 16 || size > 1024 || size % 16 != 0) {
      throw std::invalid_argument(fmt::format(
          "a learned detector cannot reduce pictures to {} px; use a multiple of 16", size));
    }
  }
  if (options.threads < 1 || options.max_epochs < 1 || options.batch_sequences < 1 ||
      !(options.learning_rate > 0.0) || !(options.weight_decay >= 0.0)) {
    throw std::invalid_argument(
        "training needs at least one thread, epoch and sequence per step, and a positive rate");
  }
}

}  // namespace

TorchThreads::TorchThreads(int threads) : before_(at::get_num_threads()) {
  at::set_num_threads(threads);
}
TorchThreads::~TorchThreads() { at::set_num_threads(before_); }

LearnedDetector::Trained LearnedDetector::train(const SequenceSource& source,
                                                const LearnedOptions& options,
                                                const TrainingProgress& progress) {
  check_options(options);
  if (source.count == 0 || !source.load) {
    throw std::invalid_argument("there is no sequence to train on");
  }
  const TorchThreads threads(options.threads);
  const NetworkShape shape{options.sources, options.input, options.width_px, options.height_px};
  std::vector<Sample> samples;
  std::vector<GroupedLabel> labels;
  LearnedSummary summary;
  for (std::size_t i = 0; i < source.count; ++i) {
    const LabelledSequence sequence = source.load(i);
    samples.push_back(reduce_sequence(sequence, i, shape));
    labels.push_back({sequence.group, sequence.slip});
    summary.training_windows += sequence.windows.size();
    if (progress) {
      progress("encode", (i + 1.0) / static_cast<double>(source.count), "");
    }
  }
  const GroupSplit split = hold_out_groups(labels, options.validation_share, options.seed);
  summary.training_sequences = split.training.size();
  summary.validation_sequences = split.validation.size();
  summary.validation_groups = split.held_out;
  for (const std::size_t i : split.validation) {
    summary.training_windows -= samples[i].window_count;
  }

  Trainer trainer(std::move(samples), split, shape, options);
  auto state = std::make_unique<State>();
  state->shape = shape;
  state->network = trainer.run(summary, progress);
  state->network->eval();
  return {std::unique_ptr<LearnedDetector>(new LearnedDetector(std::move(state))),
          std::move(summary)};
}

}  // namespace gripbench::detectors
