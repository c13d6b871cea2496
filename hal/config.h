#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include <Eigen/Core>

namespace gripbench::hal {

/// Closed interval a number must lie in.
struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};
inline constexpr Range kPositive{std::numeric_limits<double>::min(),
                                 std::numeric_limits<double>::infinity()};
inline constexpr Range kNonNegative{0.0, std::numeric_limits<double>::infinity()};

/// One mapping of a YAML file, read key by key with file and line in every error.
///
/// Every reader throws ConfigError when the key is missing, of the wrong kind, or out of range.
/// That of a missing key names the mapping's line, and a key that looks like a slip of the pen for
/// it. Readers remember the keys they were asked for; `finish()` then refuses any other key, and
/// says which ones are allowed. A key given with `_or` or `optional_` may be absent.
class ConfigNode {
 public:
  /// Reads a file whose top level is a mapping.
  /// @throws InputError if it cannot be read, ConfigError if it is no YAML mapping.
  static ConfigNode load(const std::filesystem::path& file);

  double number(std::string_view key, Range range = {});
  double number_or(std::string_view key, double otherwise, Range range = {});
  long integer(std::string_view key, Range range = {});
  long integer_or(std::string_view key, long otherwise, Range range = {});
  bool boolean_or(std::string_view key, bool otherwise);
  std::string text(std::string_view key);
  std::string text_or(std::string_view key, std::string otherwise);
  /// One of `allowed`; returns its index.
  std::size_t choice(std::string_view key, const std::vector<std::string>& allowed);
  std::size_t choice_or(std::string_view key, std::size_t otherwise,
                        const std::vector<std::string>& allowed);
  /// A list of numbers; `count` fixes its length unless it is 0.
  std::vector<double> numbers(std::string_view key, std::size_t count, Range range = {});
  std::vector<double> numbers_or(std::string_view key, std::vector<double> otherwise,
                                 std::size_t count, Range range = {});
  Eigen::Vector3d vector3(std::string_view key, Range range = {});
  Eigen::Vector3d vector3_or(std::string_view key, const Eigen::Vector3d& otherwise,
                             Range range = {});
  std::vector<std::string> texts(std::string_view key);
  /// A path, taken relative to the file's folder unless it is absolute.
  std::filesystem::path path(std::string_view key);

  ConfigNode child(std::string_view key);
  std::optional<ConfigNode> optional_child(std::string_view key);
  /// A list of mappings.
  std::vector<ConfigNode> children(std::string_view key);
  std::vector<ConfigNode> children_or_empty(std::string_view key);
  /// The keys of this mapping, in the file's order; counts as having asked for all of them.
  std::vector<std::string> keys();

  bool has(std::string_view key) const;
  /// True if the key is there and holds a mapping.
  bool is_mapping(std::string_view key) const;
  const std::filesystem::path& file() const { return *file_; }

  /// Refuses keys that nobody asked for, in this mapping.
  void finish() const;

  /// Throws ConfigError about `key` (or about the mapping itself, when `key` is empty).
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;

 private:
  ConfigNode(YAML::Node node, std::shared_ptr<const std::filesystem::path> file,
             std::string prefix);

  YAML::Node find(std::string_view key);
  /// The value of a key that must be there; `expected` says in words what it is to be.
  YAML::Node require(std::string_view key, const std::string& expected);
  /// "; did you mean 'KEY' on line N?", of the nearest key that nobody asked for; or empty.
  std::string similar_key(std::string_view key) const;
  double to_number(const YAML::Node& node, std::string_view key, Range range) const;
  ConfigNode to_mapping(const YAML::Node& node, const std::string& key) const;
  [[noreturn]] void fail_at(const YAML::Node& node, std::string_view key,
                            const std::string& message) const;

  YAML::Node node_;
  std::shared_ptr<const std::filesystem::path> file_;
  /// Dotted path of this mapping within the file, with its trailing dot; empty at the top.
  std::string prefix_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace gripbench::hal
