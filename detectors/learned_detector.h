#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "detectors/slip_detector.h"

namespace gripbench::detectors {

/// Which cameras a learned detector looks through.
enum class Sources { kTactile, kVision, kBoth };
/// What of their pictures it looks at: the picture itself, or 128 + I(t) - I(first), cut to 8 bits.
enum class PictureInput { kRaw, kDifference };

const char* to_string(Sources sources);
const char* to_string(PictureInput input);
/// @throws std::invalid_argument naming the words allowed.
Sources sources_from(const std::string& word);
PictureInput picture_input_from(const std::string& word);

/// How the compact detector is trained. Defaults suit some hundred grasps on two cores.
struct LearnedOptions {
  Sources sources = Sources::kBoth;
  PictureInput input = PictureInput::kDifference;
  /// Size that pictures are reduced to (px); multiples of 16.
  int width_px = 96;
  int height_px = 80;
  /// Everything that varies by chance derives from it.
  std::uint64_t seed = 1;
  /// Threads of LibTorch while `train` runs.
  int threads = 2;
  int max_epochs = 30;
  /// Training ends after so many epochs without a lower validation loss.
  int patience = 15;
  /// Sequences per step of the optimiser.
  int batch_sequences = 8;
  double learning_rate = 1.5e-3;
  double weight_decay = 1e-3;
  /// Share of the sequences, in whole groups, that is held out to choose the epoch.
  double validation_share = 0.25;
  /// Random gains, shifts of up to 4 px, and mirroring left to right (gravity stays downward).
  bool augment = true;
};

/// What training did: one line per epoch, and the epoch whose weights were kept.
struct LearnedSummary {
  struct Epoch {
    double training_loss = 0.0;
    /// Of the held-out groups; NaN where there are none.
    double validation_loss = 0.0;
    double validation_accuracy = 0.0;
  };
  std::vector<Epoch> epochs;
  int chosen_epoch = 0;
  std::vector<std::string> validation_groups;
  std::size_t training_sequences = 0;
  std::size_t validation_sequences = 0;
  std::size_t training_windows = 0;
};

/// LibTorch's number of threads for work that the calling thread starts, for as long as this lives.
/// The count by which other threads begin is the process's: where several threads hold one each,
/// the thread that starts them must hold one of the same count for longer.
class TorchThreads {
 public:
  explicit TorchThreads(int threads);
  ~TorchThreads();
  TorchThreads(const TorchThreads&) = delete;
  TorchThreads& operator=(const TorchThreads&) = delete;

 private:
  int before_;
};

/// The detector of Li et al. 2018, figure 2, with a small network of its own per camera in place of
/// a pretrained one: features of both pictures of an instant joined, a fully connected layer of 64
/// units, two LSTM layers of 64 units, two outputs. One model serves all window lengths.
///
/// `encode` reduces the pictures and runs the picture networks (960 numbers per camera at the
/// default size); `slip_probability` runs the rest. Pictures may have any size. Const functions may
/// be called from several threads; LibTorch is not visible to callers.
class LearnedDetector final : public SlipDetector {
 public:
  struct Trained;

  /// Trains on the sequences' windows of any lengths. Groups (objects) are held out whole to choose
  /// the epoch. The same source, options and seed give the same detector on one machine.
  /// Each sequence is loaded once and kept in memory reduced (about 23 kB per picture).
  /// Sets LibTorch's number of threads while it runs and puts it back.
  /// @throws std::invalid_argument if the source is empty, has only one class, a window without
  /// frames or a picture that the sources need is missing.
  static Trained train(const SequenceSource& source, const LearnedOptions& options,
                       const TrainingProgress& progress = {});

  /// @throws hal::InputError if the file is missing, damaged, or not a learned detector.
  static std::unique_ptr<LearnedDetector> load(const std::filesystem::path& file);

  ~LearnedDetector() override;

  Encoding encode(const FramePair& first, const FramePair& frame) const override;
  /// @throws std::invalid_argument if the window is empty or holds another detector's encodings.
  double slip_probability(std::span<const Encoding> window) const override;
  std::string name() const override;
  void save(const std::filesystem::path& file) const override;

  Sources sources() const;
  PictureInput input() const;

 private:
  struct State;
  explicit LearnedDetector(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct LearnedDetector::Trained {
  std::unique_ptr<LearnedDetector> detector;
  LearnedSummary summary;
};

}  // namespace gripbench::detectors
