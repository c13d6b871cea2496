#include "experiments/accuracy_plot.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "experiments/gnuplot.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// Colours that colour-blind readers tell apart (Okabe and Ito 2008).
constexpr std::array<const char*, 7> kColours{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                              "#E69F00", "#56B4E9", "#000000"};
/// Curves beside one another hide each other's intervals.
constexpr double kSideStep = 0.05;

struct Curve {
  std::string detector;
  WindowForm form;
  std::vector<const AccuracyRow*> points;
};

std::vector<Curve> curves_of(std::span<const AccuracyRow> rows) {
  std::vector<Curve> curves;
  for (const AccuracyRow& row : rows) {
    // A control's curve over length of every detector would bury the others; the shuffled form
    // stays in the tables.
    if (row.form == WindowForm::kShuffled) continue;
    if (curves.empty() || curves.back().detector != row.detector ||
        curves.back().form != row.form) {
      curves.push_back({row.detector, row.form, {}});
    }
    curves.back().points.push_back(&row);
  }
  return curves;
}

std::string script(const std::vector<Curve>& curves,
                   const std::map<std::string, std::string>& titles) {
  std::string text =
      "set xlabel 'frames in the window'\nset ylabel 'accuracy on test objects (%)'\n"
      "set xtics 1\nset xrange [5.5:9.5]\nset yrange [20:102]\nset grid ytics lc rgb '#dddddd'\n"
      "set key below maxcols 2 spacing 1.1\nset arrow 1 from graph 0,first 50 to graph 1,first 50 "
      "nohead dt 3 lc rgb '#888888'\n";
  std::string plots;
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve& curve = curves[i];
    auto known = std::find(seen.begin(), seen.end(), curve.detector);
    if (known == seen.end()) known = seen.insert(seen.end(), curve.detector);
    const auto colour = static_cast<std::size_t>(known - seen.begin()) % kColours.size();
    const bool control = curve.form != WindowForm::kAsRecorded;
    text += fmt::format("$curve{} << EOD\n", i);
    const double aside =
        (static_cast<double>(i) - 0.5 * static_cast<double>(curves.size())) * kSideStep;
    for (const AccuracyRow* point : curve.points) {
      text += fmt::format("{} {} {} {}\n", point->length + aside, 100.0 * point->accuracy.value,
                          100.0 * point->accuracy.low, 100.0 * point->accuracy.high);
    }
    text += "EOD\n";
    const auto title = titles.find(curve.detector);
    std::string words = title == titles.end() ? curve.detector : title->second;
    if (control) words += std::string(", ") + to_string(curve.form);
    plots += fmt::format(
        "{}$curve{} using 1:2{} with {} lc rgb '{}' lw {} dt {} pt 7 ps {} title {} noenhanced",
        plots.empty() ? "plot " : ", ", i, control ? "" : ":3:4",
        control ? "linespoints" : "yerrorlines", kColours[colour], control ? 1 : 2, control ? 2 : 1,
        control ? 0.3 : 0.5, gnuplot_text(words));
  }
  return text + plots + "\n";
}

}  // namespace

void plot_accuracy_over_length(const fs::path& folder, std::span<const AccuracyRow> rows,
                               const std::map<std::string, std::string>& titles) {
  const std::vector<Curve> curves = curves_of(rows);
  for (const char* name : {"accuracy_over_length.svg", "accuracy_over_length.png"}) {
    draw_with_gnuplot(folder / name, 1000, 680, script(curves, titles));
  }
}

}  // namespace gripbench::experiments
