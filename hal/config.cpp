#include "hal/config.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

std::string describe(Range range, std::string_view kind = "a number") {
  const bool low = std::isfinite(range.min);
  const bool high = std::isfinite(range.max);
  if (low && range.min == std::numeric_limits<double>::min() && !high) {
    return fmt::format("{} above 0", kind);
  }
  if (low && high) return fmt::format("{} from {} to {}", kind, range.min, range.max);
  if (low) return fmt::format("{} of at least {}", kind, range.min);
  if (high) return fmt::format("{} of at most {}", kind, range.max);
  return std::string(kind);
}

std::string describe_list(std::size_t count, Range range) {
  const std::string numbers =
      count == 0 ? "a list of numbers" : fmt::format("a list of {} numbers", count);
  const bool bounded = std::isfinite(range.min) || std::isfinite(range.max);
  return bounded ? numbers + ", each " + describe(range) : numbers;
}

/// Letters to insert, leave out or replace (Levenshtein 1966).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// Whether one may have been written for the other. Keys of a letter or two are not alike merely
/// for being short.
bool are_similar(std::string_view a, std::string_view b) {
  constexpr std::size_t kSlips = 2;
  const std::size_t shorter = std::min(a.size(), b.size());
  if (shorter == 0) return false;
  if (a.substr(0, shorter) == b.substr(0, shorter)) return true;
  const std::size_t distance = edit_distance(a, b);
  return distance <= kSlips && distance < shorter;
}

std::string kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "'" + node.Scalar() + "'";
  return "nothing";
}

}  // namespace

ConfigNode::ConfigNode(YAML::Node node, std::shared_ptr<const std::filesystem::path> file,
                       std::string prefix)
    : node_(std::move(node)), file_(std::move(file)), prefix_(std::move(prefix)) {}

ConfigNode ConfigNode::load(const std::filesystem::path& file) {
  auto shared = std::make_shared<const std::filesystem::path>(file);
  try {
    YAML::Node root = YAML::LoadFile(file.string());
    if (!root.IsMap()) {
      throw ConfigError(file.string(), 1, "",
                        "expected a mapping at the top, got " + kind_of(root));
    }
    return {root, shared, ""};
  } catch (const YAML::BadFile&) {
    throw InputError(file.string() + ": cannot be read; check the path and its permissions");
  } catch (const YAML::ParserException& error) {
    throw ConfigError(file.string(), error.mark.line + 1, "", "not valid YAML: " + error.msg);
  }
}

void ConfigNode::fail_at(const YAML::Node& node, std::string_view key,
                         const std::string& message) const {
  throw ConfigError(file_->string(), node.Mark().line + 1, prefix_ + std::string(key), message);
}

void ConfigNode::fail(std::string_view key, const std::string& message) const {
  if (key.empty()) {
    const std::string own = prefix_.empty() ? "" : prefix_.substr(0, prefix_.size() - 1);
    throw ConfigError(file_->string(), node_.Mark().line + 1, own, message);
  }
  const YAML::Node value = std::as_const(node_)[std::string(key)];
  fail_at(value.IsDefined() ? value : node_, key, message);
}

bool ConfigNode::has(std::string_view key) const { return node_[std::string(key)].IsDefined(); }

bool ConfigNode::is_mapping(std::string_view key) const { return node_[std::string(key)].IsMap(); }

YAML::Node ConfigNode::find(std::string_view key) {
  asked_.emplace(key);
  return std::as_const(node_)[std::string(key)];
}

YAML::Node ConfigNode::require(std::string_view key, const std::string& expected) {
  YAML::Node value = find(key);
  if (!value.IsDefined()) {
    fail_at(node_, key, fmt::format("is missing (expected {}){}", expected, similar_key(key)));
  }
  if (value.IsNull()) {
    // What is not there has the place of the token after it; the key has its own.
    for (const auto& entry : node_) {
      if (entry.first.Scalar() != key) continue;
      fail_at(entry.first, key, fmt::format("has no value (expected {})", expected));
    }
  }
  return value;
}

std::string ConfigNode::similar_key(std::string_view key) const {
  std::string nearest;
  int line = 0;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const auto& entry : node_) {
    const std::string other = entry.first.Scalar();
    if (asked_.contains(other) || !are_similar(key, other)) continue;
    const std::size_t distance = edit_distance(key, other);
    if (distance >= least) continue;
    least = distance;
    nearest = other;
    line = entry.first.Mark().line + 1;
  }
  return nearest.empty() ? "" : fmt::format("; did you mean '{}' on line {}?", nearest, line);
}

double ConfigNode::to_number(const YAML::Node& node, std::string_view key, Range range) const {
  double value = 0.0;
  if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) || std::isnan(value) ||
      value < range.min || value > range.max) {
    fail_at(node, key, fmt::format("expected {}, got {}", describe(range), kind_of(node)));
  }
  return value;
}

double ConfigNode::number(std::string_view key, Range range) {
  return to_number(require(key, describe(range)), key, range);
}

double ConfigNode::number_or(std::string_view key, double otherwise, Range range) {
  const YAML::Node value = find(key);
  return value.IsDefined() ? to_number(value, key, range) : otherwise;
}

long ConfigNode::integer(std::string_view key, Range range) {
  const YAML::Node value = require(key, describe(range, "a whole number"));
  const double number = to_number(value, key, range);
  if (number != std::floor(number) || std::abs(number) > 1e15) {
    fail_at(value, key, "expected a whole number, got " + kind_of(value));
  }
  return static_cast<long>(number);
}

long ConfigNode::integer_or(std::string_view key, long otherwise, Range range) {
  return find(key).IsDefined() ? integer(key, range) : otherwise;
}

bool ConfigNode::boolean_or(std::string_view key, bool otherwise) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return otherwise;
  bool result = false;
  if (!value.IsScalar() || !YAML::convert<bool>::decode(value, result)) {
    fail_at(value, key, "expected true or false, got " + kind_of(value));
  }
  return result;
}

std::string ConfigNode::text(std::string_view key) {
  const YAML::Node value = require(key, "text");
  if (!value.IsScalar() || value.Scalar().empty()) {
    fail_at(value, key, "expected text, got " + kind_of(value));
  }
  return value.Scalar();
}

std::string ConfigNode::text_or(std::string_view key, std::string otherwise) {
  return find(key).IsDefined() ? text(key) : otherwise;
}

std::size_t ConfigNode::choice(std::string_view key, const std::vector<std::string>& allowed) {
  require(key, fmt::format("one of: {}", fmt::join(allowed, ", ")));
  const std::string value = text(key);
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (allowed[i] == value) return i;
  }
  fail(key, fmt::format("'{}' is not one of: {}", value, fmt::join(allowed, ", ")));
}

std::size_t ConfigNode::choice_or(std::string_view key, std::size_t otherwise,
                                  const std::vector<std::string>& allowed) {
  return find(key).IsDefined() ? choice(key, allowed) : otherwise;
}

std::vector<double> ConfigNode::numbers(std::string_view key, std::size_t count, Range range) {
  const YAML::Node value = require(key, describe_list(count, range));
  if (!value.IsSequence() || (count != 0 && value.size() != count)) {
    fail_at(value, key,
            count == 0 ? "expected a list of numbers, got " + kind_of(value)
                       : fmt::format("expected a list of {} numbers", count));
  }
  std::vector<double> result;
  result.reserve(value.size());
  for (const YAML::Node& item : value) result.push_back(to_number(item, key, range));
  return result;
}

std::vector<double> ConfigNode::numbers_or(std::string_view key, std::vector<double> otherwise,
                                           std::size_t count, Range range) {
  return find(key).IsDefined() ? numbers(key, count, range) : otherwise;
}

Eigen::Vector3d ConfigNode::vector3(std::string_view key, Range range) {
  const std::vector<double> v = numbers(key, 3, range);
  return {v[0], v[1], v[2]};
}

Eigen::Vector3d ConfigNode::vector3_or(std::string_view key, const Eigen::Vector3d& otherwise,
                                       Range range) {
  return find(key).IsDefined() ? vector3(key, range) : otherwise;
}

std::vector<std::string> ConfigNode::texts(std::string_view key) {
  const YAML::Node value = require(key, "a list of texts");
  if (!value.IsSequence()) fail_at(value, key, "expected a list, got " + kind_of(value));
  std::vector<std::string> result;
  for (const YAML::Node& item : value) {
    if (!item.IsScalar()) fail_at(item, key, "expected text, got " + kind_of(item));
    result.push_back(item.Scalar());
  }
  return result;
}

std::filesystem::path ConfigNode::path(std::string_view key) {
  require(key, "a path");
  const std::filesystem::path given = text(key);
  return given.is_absolute() ? given : file_->parent_path() / given;
}

ConfigNode ConfigNode::to_mapping(const YAML::Node& node, const std::string& key) const {
  if (!node.IsMap()) fail_at(node, key, "expected a mapping, got " + kind_of(node));
  return {node, file_, prefix_ + key + "."};
}

ConfigNode ConfigNode::child(std::string_view key) {
  return to_mapping(require(key, "a mapping"), std::string(key));
}

std::optional<ConfigNode> ConfigNode::optional_child(std::string_view key) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return std::nullopt;
  return to_mapping(value, std::string(key));
}

std::vector<ConfigNode> ConfigNode::children(std::string_view key) {
  const YAML::Node value = require(key, "a list of mappings");
  if (!value.IsSequence()) fail_at(value, key, "expected a list, got " + kind_of(value));
  std::vector<ConfigNode> result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    result.push_back(to_mapping(value[i], fmt::format("{}[{}]", key, i)));
  }
  return result;
}

std::vector<ConfigNode> ConfigNode::children_or_empty(std::string_view key) {
  return find(key).IsDefined() ? children(key) : std::vector<ConfigNode>{};
}

std::vector<std::string> ConfigNode::keys() {
  std::vector<std::string> result;
  for (const auto& entry : node_) {
    result.push_back(entry.first.Scalar());
    asked_.insert(result.back());
  }
  return result;
}

void ConfigNode::finish() const {
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    if (!asked_.contains(key)) {
      fail_at(entry.first, key,
              fmt::format("is not known here; allowed: {}", fmt::join(asked_, ", ")));
    }
  }
}

}  // namespace gripbench::hal
