#include "experiments/gnuplot.h"

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/files.h"
#include "experiments/process.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

std::string terminal(const fs::path& file, int width_px, int height_px) {
  if (file.extension() == ".svg") {
    return fmt::format("svg size {},{} dynamic font 'sans,13' background '#ffffff'", width_px,
                       height_px);
  }
  if (file.extension() == ".png") {
    return fmt::format("pngcairo size {},{} font 'sans,11'", width_px, height_px);
  }
  throw hal::InputError(file.string() + ": a plot is an .svg or a .png; give one of these endings");
}

}  // namespace

void draw_with_gnuplot(const fs::path& file, int width_px, int height_px,
                       const std::string& commands) {
  const std::string set_terminal = terminal(file, width_px, height_px);
  write_beside(file, [&](const fs::path& beside) {
    const fs::path script = fs::path(beside).concat(".gnuplot");
    write_file(script, fmt::format("set terminal {}\nset output {}\n{}", set_terminal,
                                   gnuplot_text(beside.string()), commands));
    try {
      run_program("gnuplot", {script.string()}, "gnuplot-nox");
    } catch (...) {
      fs::remove(script);
      throw;
    }
    fs::remove(script);
  });
}

std::string gnuplot_text(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

}  // namespace gripbench::experiments
