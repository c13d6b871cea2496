#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "experiments/episode.h"

namespace gripbench::experiments {

/// Episodes one at a time, so that many need not fit in memory.
struct EpisodesToShow {
  int count = 0;
  std::function<Episode(int)> load;
  /// Mean slip from which on a picture gets the colour of slip (m).
  double slip_distance = 0.0;
};

/// One episode for a contact sheet: a bar in the colour of its label (vermilion slip, blue stable)
/// with object, grasp, kind, margin and squeeze; why it is labelled so; below it both cameras,
/// T(-2) to T(12) by twos, with the slip so far over each, framed in vermilion once it slips.
cv::Mat episode_strip(const Episode& episode, double slip_distance);

/// Writes the strips of all episodes one below the other as PNG or JPEG, or plays the episodes side
/// by side at a quarter of their speed as MP4, by the ending of `file`.
/// @throws hal::InputError for another ending, too many episodes for one picture, or what `load`
/// throws; hal::StorageError if the disk refuses.
void write_episodes(const std::filesystem::path& file, const EpisodesToShow& episodes);

/// Throws what `write_episodes` would throw for this name and number, before any long work.
void require_showable(const std::filesystem::path& file, int count);

}  // namespace gripbench::experiments
