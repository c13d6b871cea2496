#include "experiments/stats_plot.h"

#include <string>

#include <fmt/format.h>

#include "experiments/gnuplot.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

/// Okabe and Ito 2008; stable, slip.
constexpr const char* kStable = "#0072B2";
constexpr const char* kSlip = "#D55E00";

std::string data(const char* name, const Histogram& histogram, double scale) {
  std::string text = fmt::format("${} << EOD\n", name);
  for (std::size_t i = 0; i < histogram.slip.size(); ++i) {
    text += fmt::format(
        "{} {} {}\n", scale * (histogram.first + (static_cast<double>(i) + 0.5) * histogram.width),
        histogram.slip[i], histogram.slip[i] + histogram.stable[i]);
  }
  return text + "EOD\n";
}

/// Boxes of all grasps, those with slip drawn over them.
std::string panel(const char* name, const Histogram& histogram, double scale,
                  const std::string& title, const std::string& axis) {
  const double from = scale * histogram.first;
  const double width = scale * histogram.width;
  const double to = from + width * static_cast<double>(histogram.slip.size());
  std::string text = fmt::format(
      "set title {}\nset xlabel {}\nset xrange [{}:{}]\nset yrange [0:*]\nset boxwidth {}\n",
      gnuplot_text(title), gnuplot_text(axis), from, to, 0.9 * width);
  text += fmt::format("plot ${} using 1:3 with boxes lc rgb '{}' title 'stable', ", name, kStable);
  text += fmt::format("${} using 1:2 with boxes lc rgb '{}' title 'slip'\n", name, kSlip);
  return text;
}

}  // namespace

void plot_stats(const std::filesystem::path& file, const DatasetStats& stats) {
  if (stats.slip_begins.total() + stats.margins.total() == 0) {
    throw hal::InputError(
        "--out: this data set knows neither slip nor margin of any grasp; there is nothing to "
        "draw");
  }
  const std::string begins = data("begins", stats.slip_begins, 1.0);
  const std::string margins = data("margins", stats.margins, 100.0);
  draw_with_gnuplot(
      file, 1200, 460,
      begins + margins +
          "set multiplot layout 1,2\nset style fill solid 0.9 noborder\nset ylabel 'grasps'\n"
          "set grid ytics lc rgb '#dddddd'\n"
          "set arrow 1 from 0,graph 0 to 0,graph 1 nohead dt 3 lc rgb '#444444' front\n" +
          "set key top right\n" +
          panel("begins", stats.slip_begins, 1.0,
                fmt::format("When slip begins (mean slip over {:g} mm)", 1e3 * stats.slip_distance),
                "s after T(0), when the arm starts to lift") +
          "set key top left\n" +
          panel("margins", stats.margins, 100.0, "Grip margin (ends: and beyond)",
                "(mu1 + mu2) N / m (g + a) - 1, in %") +
          "unset multiplot\n");
}

}  // namespace gripbench::experiments
