#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/errors.h"
#include "hal/net/bytes.h"

namespace gripbench::hal {

/// A script is wrong, in the controller's own words: "syntax_error_on_line:3:movel(:",
/// "compile_error_name_not_found:txtmsg:". Lines and columns count from 1.
class UrScriptError : public Error {
 public:
  UrScriptError(int line, int column, const std::string& text)
      : Error(text), line_(line), column_(column) {}
  int line() const { return line_; }
  int column() const { return column_; }

 private:
  int line_, column_;
};

struct UrExpression;

/// An argument of a call, with its name if it was given by name: "a=1.2".
struct UrArgument {
  std::string name;
  std::shared_ptr<const UrExpression> value;
};

/// A node of an expression's tree.
struct UrExpression {
  enum class Kind { kNumber, kBoolean, kText, kList, kPose, kVariable, kCall, kNegative, kBinary };
  Kind kind = Kind::kNumber;
  int line = 0;
  int column = 0;
  /// Value of a number or boolean (1 or 0).
  double number = 0.0;
  /// Content of a text; name of a variable or function; sign of a binary operator.
  std::string text;
  /// Items of a list or pose, arguments of a call, operands.
  std::vector<UrArgument> parts;
};

struct UrStatement {
  int line = 0;
  /// Variable that takes the expression's value; empty for a bare call.
  std::string assign_to;
  std::shared_ptr<const UrExpression> expression;
};

/// A program of the subset of UR script that the emulator understands: statements one after the
/// other, each a call or an assignment. The expression language has numbers, texts, lists, poses,
/// variables, calls, the four operators and parentheses; there are no branches, loops, threads or
/// functions of one's own, which are syntax errors here.
struct UrProgram {
  std::string name;
  /// Runs beside the main program and may not move the arm.
  bool secondary = false;
  std::vector<UrStatement> statements;
};

/// Parses one program: "def NAME():", an indented body and "end"; likewise "sec"; or a single
/// statement. Checks that every name is known when it is used.
/// @throws UrScriptError.
UrProgram parse_ur_script(std::string_view script);

/// What the functions of the subset are for: those that move may not stand in a secondary program.
enum class UrFunctionKind { kMotion, kAction, kValue };
/// Nothing for a name that is no function of the subset.
std::optional<UrFunctionKind> ur_function(std::string_view name);

/// Cuts programs out of the stream of bytes that a script port receives.
class UrScriptReader {
 public:
  /// Longest program (bytes).
  static constexpr std::size_t kLongestProgram = 65536;

  void append(ByteView bytes) { buffer_.append(bytes.begin(), bytes.end()); }

  /// The next whole program, if it is there; call it until there is none before appending more.
  /// @throws WireError when a program is longer than any can be; what was read of it is gone.
  std::optional<std::string> next();

 private:
  std::string buffer_;
};

}  // namespace gripbench::hal
