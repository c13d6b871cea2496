#include "experiments/score_file.h"

#include <charconv>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/files.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

const std::string kHeader =
    "detector,form,object,grasp,slip,start,length,probability,slip_so_far_m,margin";
constexpr std::size_t kFields = 10;

std::string optional_number(const std::optional<double>& number) {
  return number ? fmt::format("{}", *number) : "";
}

template <typename Number>
Number parse(const std::string& field) {
  Number number{};
  const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (failure != std::errc{} || end != field.data() + field.size()) {
    throw std::invalid_argument("'" + field + "' is no number");
  }
  return number;
}

std::optional<double> parse_optional(const std::string& field) {
  if (field.empty()) return std::nullopt;
  return parse<double>(field);
}

WindowForm parse_form(const std::string& word) {
  for (const WindowForm form : kWindowForms) {
    if (word == to_string(form)) return form;
  }
  throw std::invalid_argument("'" + word + "' is no form of a window");
}

WindowScore parse_score(const std::string& line) {
  const std::vector<std::string> fields = split_csv(line);
  if (fields.size() != kFields) {
    throw std::invalid_argument(fmt::format("{} fields instead of {}", fields.size(), kFields));
  }
  WindowScore score;
  score.detector = fields[0];
  score.form = parse_form(fields[1]);
  score.object = fields[2];
  score.grasp = fields[3];
  score.slip = parse<int>(fields[4]) != 0;
  score.start = parse<int>(fields[5]);
  score.length = parse<int>(fields[6]);
  score.probability = parse<double>(fields[7]);
  score.slip_so_far = parse_optional(fields[8]);
  score.margin = parse_optional(fields[9]);
  return score;
}

}  // namespace

void write_scores(const std::filesystem::path& file, std::span<const WindowScore> scores) {
  std::string text = kHeader + "\n";
  for (const WindowScore& score : scores) {
    text += csv_line({score.detector, to_string(score.form), score.object, score.grasp,
                      score.slip ? "1" : "0", fmt::format("{}", score.start),
                      fmt::format("{}", score.length), fmt::format("{}", score.probability),
                      optional_number(score.slip_so_far), optional_number(score.margin)});
  }
  write_file(file, text);
}

std::vector<WindowScore> read_scores(const std::filesystem::path& file) {
  std::istringstream text(read_file(file));
  std::string line;
  std::getline(text, line);
  if (line != kHeader) {
    throw hal::InputError(file.string() + ":1: not a file of scores; its first line must be " +
                          kHeader);
  }
  std::vector<WindowScore> scores;
  for (int number = 2; std::getline(text, line); ++number) {
    try {
      scores.push_back(parse_score(line));
    } catch (const std::invalid_argument& wrong) {
      throw hal::InputError(
          fmt::format("{}:{}: {}; run the evaluation again", file.string(), number, wrong.what()));
    }
  }
  return scores;
}

}  // namespace gripbench::experiments
