#pragma once

#include <filesystem>
#include <string>

namespace gripbench::experiments {

/// Runs gnuplot on `commands`, which set neither terminal nor output, and makes `file`, an SVG or a
/// PNG by its ending, whole or not at all.
/// @throws hal::InputError if the ending is another, or gnuplot is missing or fails;
/// hal::StorageError if the disk refuses.
void draw_with_gnuplot(const std::filesystem::path& file, int width_px, int height_px,
                       const std::string& commands);

/// A string of gnuplot in single quotes, where only the quote itself is special.
std::string gnuplot_text(const std::string& text);

}  // namespace gripbench::experiments
