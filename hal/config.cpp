#include "hal/config.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

std::string describe(Range range) {
  const bool low = std::isfinite(range.min);
  const bool high = std::isfinite(range.max);
  if (low && range.min == std::numeric_limits<double>::min()) return "a number above 0";
  if (low && high) return fmt::format("a number from {} to {}", range.min, range.max);
  if (low) return fmt::format("a number of at least {}", range.min);
  if (high) return fmt::format("a number of at most {}", range.max);
  return "a number";
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

YAML::Node ConfigNode::find(std::string_view key) {
  asked_.emplace(key);
  return std::as_const(node_)[std::string(key)];
}

YAML::Node ConfigNode::require(std::string_view key) {
  YAML::Node value = find(key);
  if (!value.IsDefined() || value.IsNull()) fail_at(node_, key, "is missing");
  return value;
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
  return to_number(require(key), key, range);
}

double ConfigNode::number_or(std::string_view key, double otherwise, Range range) {
  const YAML::Node value = find(key);
  return value.IsDefined() ? to_number(value, key, range) : otherwise;
}

long ConfigNode::integer(std::string_view key, Range range) {
  const YAML::Node value = require(key);
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
  const YAML::Node value = require(key);
  if (!value.IsScalar() || value.Scalar().empty()) {
    fail_at(value, key, "expected text, got " + kind_of(value));
  }
  return value.Scalar();
}

std::string ConfigNode::text_or(std::string_view key, std::string otherwise) {
  return find(key).IsDefined() ? text(key) : otherwise;
}

std::size_t ConfigNode::choice(std::string_view key, const std::vector<std::string>& allowed) {
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
  const YAML::Node value = require(key);
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
  const YAML::Node value = require(key);
  if (!value.IsSequence()) fail_at(value, key, "expected a list, got " + kind_of(value));
  std::vector<std::string> result;
  for (const YAML::Node& item : value) {
    if (!item.IsScalar()) fail_at(item, key, "expected text, got " + kind_of(item));
    result.push_back(item.Scalar());
  }
  return result;
}

std::filesystem::path ConfigNode::path(std::string_view key) {
  const std::filesystem::path given = text(key);
  return given.is_absolute() ? given : file_->parent_path() / given;
}

ConfigNode ConfigNode::to_mapping(const YAML::Node& node, const std::string& key) const {
  if (!node.IsMap()) fail_at(node, key, "expected a mapping, got " + kind_of(node));
  return {node, file_, prefix_ + key + "."};
}

ConfigNode ConfigNode::child(std::string_view key) {
  return to_mapping(require(key), std::string(key));
}

std::optional<ConfigNode> ConfigNode::optional_child(std::string_view key) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return std::nullopt;
  return to_mapping(value, std::string(key));
}

std::vector<ConfigNode> ConfigNode::children(std::string_view key) {
  const YAML::Node value = require(key);
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
