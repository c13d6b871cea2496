#include "hal/emulator/ur_script.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

/// Deeper nesting than anybody writes, shallow enough for any stack.
constexpr int kDeepest = 32;

struct Function {
  std::string_view name;
  UrFunctionKind kind;
};

constexpr std::array kFunctions = {
    Function{"movej", UrFunctionKind::kMotion},
    Function{"movel", UrFunctionKind::kMotion},
    Function{"stopj", UrFunctionKind::kMotion},
    Function{"stopl", UrFunctionKind::kMotion},
    Function{"sleep", UrFunctionKind::kAction},
    Function{"sync", UrFunctionKind::kAction},
    Function{"halt", UrFunctionKind::kAction},
    Function{"set_tcp", UrFunctionKind::kAction},
    Function{"set_payload", UrFunctionKind::kAction},
    Function{"rtde_set_watchdog", UrFunctionKind::kAction},
    Function{"textmsg", UrFunctionKind::kAction},
    Function{"write_output_integer_register", UrFunctionKind::kAction},
    Function{"write_output_float_register", UrFunctionKind::kAction},
    Function{"write_output_boolean_register", UrFunctionKind::kAction},
    Function{"read_output_integer_register", UrFunctionKind::kValue},
    Function{"read_output_float_register", UrFunctionKind::kValue},
    Function{"read_output_boolean_register", UrFunctionKind::kValue},
    Function{"read_input_integer_register", UrFunctionKind::kValue},
    Function{"read_input_float_register", UrFunctionKind::kValue},
    Function{"read_input_boolean_register", UrFunctionKind::kValue},
    Function{"get_actual_tcp_pose", UrFunctionKind::kValue},
    Function{"get_target_tcp_pose", UrFunctionKind::kValue},
    Function{"get_actual_joint_positions", UrFunctionKind::kValue},
    Function{"pose_trans", UrFunctionKind::kValue},
    Function{"pose_inv", UrFunctionKind::kValue},
    Function{"d2r", UrFunctionKind::kValue},
};

constexpr std::array<std::string_view, 20> kReserved = {
    "def", "sec",   "end",      "if",  "elif", "else", "while", "for",  "thread", "return",
    "and", "break", "continue", "not", "or",   "xor",  "run",   "join", "kill",   "local"};

bool is_word_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_reserved(std::string_view word) {
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

/// The line without comment and without space at its end.
std::string_view without_comment(std::string_view line) {
  bool in_text = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') in_text = !in_text;
    if (line[i] == '#' && !in_text) {
      line = line.substr(0, i);
      break;
    }
  }
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  return line;
}

std::vector<std::string_view> split_lines(std::string_view script) {
  std::vector<std::string_view> lines;
  while (!script.empty()) {
    const std::size_t end = std::min(script.find('\n'), script.size());
    lines.push_back(script.substr(0, end));
    script.remove_prefix(std::min(end + 1, script.size()));
  }
  return lines;
}

/// Parses the statement on one line.
class LineParser {
 public:
  LineParser(std::string_view line, int number) : line_(line), number_(number) {}

  UrStatement statement() {
    UrStatement statement;
    statement.line = number_;
    const std::size_t begin = at_;
    std::string first = word();
    if (first == "global" || first == "local") first = word();
    if (!first.empty() && !is_reserved(first) && take('=')) {
      statement.assign_to = first;
    } else {
      at_ = begin;
    }
    statement.expression = expression();
    skip_space();
    const bool complete = at_ == line_.size();
    const bool useful =
        !statement.assign_to.empty() || statement.expression->kind == UrExpression::Kind::kCall;
    if (!complete || !useful) fail();
    return statement;
  }

 private:
  using Kind = UrExpression::Kind;
  using Node = std::shared_ptr<const UrExpression>;

  [[noreturn]] void fail() const {
    throw UrScriptError(number_, static_cast<int>(at_) + 1,
                        fmt::format("syntax_error_on_line:{}:{}:", number_, line_));
  }

  void skip_space() {
    while (at_ < line_.size() && is_space(line_[at_])) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < line_.size() ? line_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string word() {
    if (!is_word_start(peek())) return "";
    const std::size_t begin = at_;
    while (at_ < line_.size() && is_word(line_[at_])) ++at_;
    return std::string(line_.substr(begin, at_ - begin));
  }

  UrExpression node(Kind kind) {
    UrExpression made;
    made.kind = kind;
    made.line = number_;
    skip_space();
    made.column = static_cast<int>(at_) + 1;
    return made;
  }
  static Node done(UrExpression made) { return std::make_shared<UrExpression>(std::move(made)); }

  Node expression() {
    if (++depth_ > kDeepest) fail();
    Node left = product();
    while (peek() == '+' || peek() == '-') left = binary(left, &LineParser::product);
    --depth_;
    return left;
  }

  Node product() {
    Node left = operand();
    while (peek() == '*' || peek() == '/') left = binary(left, &LineParser::operand);
    return left;
  }

  Node binary(const Node& left, Node (LineParser::*right)()) {
    UrExpression made = node(Kind::kBinary);
    // A chain of operators is as deep a tree as nesting is.
    if (++chain_ > kDeepest) fail();
    made.text = line_[at_++];
    made.parts = {{"", left}, {"", (this->*right)()}};
    return done(std::move(made));
  }

  Node operand() {
    const char next = peek();
    if (next == '-') return negative();
    if (next == '(') return parenthesis();
    if (next == '"') return text();
    if (next == '[') return list(node(Kind::kList));
    if (std::isdigit(static_cast<unsigned char>(next)) || next == '.') return number();
    return name();
  }

  Node negative() {
    UrExpression made = node(Kind::kNegative);
    if (++depth_ > kDeepest) fail();
    ++at_;
    made.parts = {{"", operand()}};
    --depth_;
    return done(std::move(made));
  }

  Node parenthesis() {
    ++at_;
    Node inner = expression();
    if (!take(')')) fail();
    return inner;
  }

  Node text() {
    UrExpression made = node(Kind::kText);
    const std::size_t end = line_.find('"', at_ + 1);
    if (end == std::string_view::npos) fail();
    made.text = line_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return done(std::move(made));
  }

  Node number() {
    UrExpression made = node(Kind::kNumber);
    const char* begin = line_.data() + at_;
    const auto [end, error] = std::from_chars(begin, line_.data() + line_.size(), made.number);
    if (error != std::errc() || !std::isfinite(made.number)) fail();
    at_ += end - begin;
    return done(std::move(made));
  }

  Node list(UrExpression made) {
    ++at_;
    while (!take(']')) {
      if (!made.parts.empty() && !take(',')) fail();
      made.parts.push_back({"", expression()});
    }
    return done(std::move(made));
  }

  Node name() {
    UrExpression made = node(Kind::kVariable);
    made.text = word();
    if (made.text.empty() || is_reserved(made.text)) fail();
    if (made.text == "p" && peek() == '[') {
      made.kind = Kind::kPose;
      return list(std::move(made));
    }
    if (made.text == "True" || made.text == "False") {
      made.kind = Kind::kBoolean;
      made.number = made.text == "True" ? 1.0 : 0.0;
    } else if (take('(')) {
      made.kind = Kind::kCall;
      arguments(made);
    }
    return done(std::move(made));
  }

  void arguments(UrExpression& call) {
    while (!take(')')) {
      if (!call.parts.empty() && !take(',')) fail();
      UrArgument argument;
      const std::size_t begin = at_;
      argument.name = word();
      if (argument.name.empty() || !take('=')) {
        argument.name.clear();
        at_ = begin;
      }
      argument.value = expression();
      call.parts.push_back(std::move(argument));
    }
  }

  std::string_view line_;
  int number_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int chain_ = 0;
};

/// Looks for names that are not known where they are used.
class NameCheck {
 public:
  explicit NameCheck(bool secondary) : secondary_(secondary) {}

  void check(const UrStatement& statement) {
    check(*statement.expression);
    if (!statement.assign_to.empty()) known_.insert(statement.assign_to);
  }

 private:
  void check(const UrExpression& expression) const {
    const bool call = expression.kind == UrExpression::Kind::kCall;
    const bool variable = expression.kind == UrExpression::Kind::kVariable;
    const auto function = call ? ur_function(expression.text) : std::nullopt;
    if ((call && !function) || (variable && !known_.contains(expression.text))) {
      throw UrScriptError(expression.line, expression.column,
                          "compile_error_name_not_found:" + expression.text + ":");
    }
    if (secondary_ && function == UrFunctionKind::kMotion) {
      throw UrScriptError(expression.line, expression.column,
                          "secondary program may not move the robot:" + expression.text + ":");
    }
    for (const UrArgument& part : expression.parts) check(*part.value);
  }

  bool secondary_;
  std::set<std::string> known_;
};

/// "def NAME():" or "sec NAME():" without its end; nothing if the line is none.
struct Head {
  std::string name;
  bool secondary = false;
};

bool begins_program(std::string_view line) {
  return line.starts_with("def ") || line.starts_with("sec ");
}

std::optional<Head> parse_head(std::string_view line) {
  if (!begins_program(line)) return std::nullopt;
  Head head;
  head.secondary = line.starts_with("sec ");
  line.remove_prefix(4);
  std::string compact;
  std::copy_if(line.begin(), line.end(), std::back_inserter(compact),
               [](char c) { return !is_space(c); });
  if (!compact.ends_with("():")) return std::nullopt;
  head.name = compact.substr(0, compact.size() - 3);
  const bool good = !head.name.empty() && is_word_start(head.name.front()) &&
                    std::all_of(head.name.begin(), head.name.end(), is_word);
  return good ? std::optional(head) : std::nullopt;
}

[[noreturn]] void syntax_error(int line, std::string_view text) {
  throw UrScriptError(line, 1, fmt::format("syntax_error_on_line:{}:{}:", line, text));
}

}  // namespace

std::optional<UrFunctionKind> ur_function(std::string_view name) {
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                  [&](const Function& entry) { return entry.name == name; });
  if (found == kFunctions.end()) return std::nullopt;
  return found->kind;
}

UrProgram parse_ur_script(std::string_view script) {
  UrProgram program;
  program.name = "unnamed";
  const std::vector<std::string_view> lines = split_lines(script);
  bool in_body = false;
  bool ended = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    const std::string_view line = without_comment(lines[i]);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (ended) syntax_error(number, line);
    if (begins_program(line)) {
      const std::optional<Head> head = parse_head(line);
      if (!head || in_body || !program.statements.empty()) syntax_error(number, line);
      program.name = head->name;
      program.secondary = head->secondary;
      in_body = true;
    } else if (line == "end") {
      if (!in_body) syntax_error(number, line);
      ended = true;
    } else {
      // Statements of a body are indented; a single one is not.
      if (is_space(line.front()) != in_body) syntax_error(number, line);
      program.statements.push_back(LineParser(line, number).statement());
      ended = !in_body;
    }
  }
  if (!ended) {
    syntax_error(std::max(1, static_cast<int>(lines.size())), "end of program expected");
  }
  NameCheck names(program.secondary);
  for (const UrStatement& statement : program.statements) names.check(statement);
  return program;
}

std::optional<std::string> UrScriptReader::next() {
  // Empty lines and comments between programs belong to none.
  std::size_t begin = 0;
  std::size_t line_end = 0;
  std::string_view all = buffer_;
  while ((line_end = all.find('\n', begin)) != all.npos &&
         without_comment(all.substr(begin, line_end - begin)).find_first_not_of(" \t") ==
             all.npos) {
    begin = line_end + 1;
  }
  std::size_t end = line_end;
  if (line_end != all.npos && begins_program(all.substr(begin))) {
    end = line_end;
    std::size_t line_begin = 0;
    do {
      line_begin = end + 1;
      end = all.find('\n', line_begin);
    } while (end != all.npos && without_comment(all.substr(line_begin, end - line_begin)) != "end");
  }
  if (end == all.npos) {
    if (all.size() - begin > kLongestProgram) {
      buffer_.clear();
      throw WireError(fmt::format("a UR script program of more than {} bytes", kLongestProgram));
    }
    buffer_.erase(0, begin);
    return std::nullopt;
  }
  std::string program = buffer_.substr(begin, end + 1 - begin);
  buffer_.erase(0, end + 1);
  return program;
}

}  // namespace gripbench::hal
