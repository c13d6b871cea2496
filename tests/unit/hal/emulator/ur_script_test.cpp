#include "hal/emulator/ur_script.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/emulator/ur_run.h"

namespace gripbench::hal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// "LINE:COLUMN text" of the error, or "" if the script is good.
std::string error_of(const std::string& script) {
  try {
    parse_ur_script(script);
  } catch (const UrScriptError& error) {
    return std::to_string(error.line()) + ":" + std::to_string(error.column()) + " " + error.what();
  }
  return "";
}

/// Writes down what a program asks for; its motions take as many cycles as it is told.
class Notebook final : public UrMachine {
 public:
  void start_move(const UrMove& move) override {
    moves.push_back(move);
    log.emplace_back(move.by_joints ? "movej" : "movel");
    cycles_left = motion_cycles;
  }
  void start_stop(double deceleration) override {
    log.push_back("stop " + std::to_string(static_cast<int>(deceleration)));
    cycles_left = 0;
  }
  bool motion_ended() override {
    if (refuses) throw Error("out of reach");
    return cycles_left-- <= 0;
  }
  void set_tcp(const UrPose& tcp) override { tool = tcp; }
  void set_payload(double mass) override { payload = mass; }
  void set_watchdog(const std::string& input, double period, UrWatchdogAction action) override {
    log.push_back("watch " + input + " " + std::to_string(std::lround(1e3 * period)) + " ms " +
                  std::to_string(static_cast<int>(action)));
  }
  void text_message(const std::string& text) override { log.push_back("text " + text); }
  UrPose actual_tcp_pose() override { return {0.4, 0.1, 0.3, 0, 3.1, 0}; }
  UrList actual_joints() override { return {1, 2, 3, 4, 5, 6}; }
  void write_integer(int index, std::int32_t value) override {
    log.push_back("int " + std::to_string(index) + "=" + std::to_string(value));
  }
  void write_float(int index, double value) override {
    log.push_back("float " + std::to_string(index) + "=" + std::to_string(value));
  }
  void write_boolean(int index, bool value) override {
    log.push_back("bit " + std::to_string(index) + "=" + (value ? "1" : "0"));
  }
  std::int32_t read_integer(UrRegisters, int index) override { return 10 * index; }
  double read_float(UrRegisters, int index) override { return 0.5 * index; }
  bool read_boolean(UrRegisters, int) override { return true; }

  std::vector<std::string> log;
  std::vector<UrMove> moves;
  UrPose tool{};
  double payload = 0.0;
  int motion_cycles = 3;
  int cycles_left = 0;
  bool refuses = false;
};

/// Runs a program to its end, 8 ms a cycle; the number of cycles.
int run(const std::string& script, Notebook& notebook) {
  UrRun program(parse_ur_script(script));
  int cycles = 0;
  while (program.step(notebook, 0.008 * cycles)) {
    if (++cycles > 10000) ADD_FAILURE() << "the program does not end";
    if (cycles > 10000) break;
  }
  return cycles;
}

std::string run_error(const std::string& script) {
  Notebook notebook;
  try {
    run(script, notebook);
  } catch (const UrScriptError& error) {
    return error.what();
  }
  return "";
}

TEST(UrScript, ParsesAProgramOfTheDriversKind) {
  const UrProgram program = parse_ur_script(
      "def gripbench_7():\n"
      "  # the tool\n"
      "  set_tcp(p[0, 0, 0.2, 0, 0, 0])\n"
      "\n"
      "  movel(p[0.4, -0.1, 0.3, 0, 3.14, 0], a=1.2, v=0.05)  # up\n"
      "  write_output_integer_register(20, 15)\n"
      "end\n");
  EXPECT_EQ(program.name, "gripbench_7");
  EXPECT_FALSE(program.secondary);
  ASSERT_EQ(program.statements.size(), 3u);
  EXPECT_EQ(program.statements[1].line, 5);
  EXPECT_EQ(program.statements[1].expression->parts[1].name, "a");
}

TEST(UrScript, ASingleStatementIsAProgram) {
  const UrProgram program = parse_ur_script("stopl(2)\n");
  EXPECT_EQ(program.statements.size(), 1u);
  EXPECT_FALSE(program.secondary);
}

TEST(UrScript, ReportsUnknownNamesAsTheControllerDoes) {
  EXPECT_EQ(error_of("def f():\n  sync()\n  txtmsg(\"a\")\nend\n"),
            "3:3 compile_error_name_not_found:txtmsg:");
  EXPECT_EQ(error_of("def f():\n  sleep(pause)\nend\n"), "2:9 compile_error_name_not_found:pause:");
  EXPECT_EQ(error_of("def f():\n  pause = 1\n  sleep(pause)\nend\n"), "");
}

TEST(UrScript, ReportsSyntaxErrorsWithLineAndText) {
  EXPECT_EQ(error_of("def f():\n  movel(p[1,2\nend\n"),
            "2:14 syntax_error_on_line:2:  movel(p[1,2:");
  for (const char* bad : {
           "def f()\n  sync()\nend\n",            // no colon
           "def 2f():\n  sync()\nend\n",          // no name
           "def f():\nsync()\nend\n",             // not indented
           "def f():\n  sync()\n",                // no end
           "def f():\n  sync()\nend\nsync()\n",   // more after the end
           "def f():\n  def g():\n  end\nend\n",  // a function of its own
           "def f():\n  if True:\n  end\nend\n",  // a branch
           "def f():\n  1 + 2\nend\n",            // a value that nobody takes
           "def f():\n  sleep(1 2)\nend\n",       // no comma
           "def f():\n  textmsg(\"a)\nend\n",     // text without end
           "def f():\n  x = 1e999\nend\n",        // no finite number
           "end\n",
           "\n",
       }) {
    EXPECT_THAT(error_of(bad), HasSubstr("syntax_error_on_line:")) << bad;
  }
}

TEST(UrScript, AnEmptyProgramHasItsErrorOnTheFirstLine) {
  EXPECT_EQ(error_of(""), "1:1 syntax_error_on_line:1:end of program expected:");
}

TEST(UrScript, ASecondaryProgramMayNotMove) {
  EXPECT_THAT(error_of("sec f():\n  stopl(1)\nend\n"), HasSubstr("stopl"));
  EXPECT_EQ(error_of("sec f():\n  textmsg(\"hello\")\nend\n"), "");
}

TEST(UrScript, RefusesNestingWithoutEnd) {
  EXPECT_THAT(error_of("x = " + std::string(5000, '(') + "1\n"), HasSubstr("syntax_error"));
  EXPECT_THAT(error_of("x = " + std::string(5000, '-') + "1\n"), HasSubstr("syntax_error"));
  EXPECT_THAT(error_of("x = " + std::string(5000, '[') + "1\n"), HasSubstr("syntax_error"));
  std::string chain = "x = 1";
  for (int i = 0; i < 5000; ++i) chain += "+1";
  EXPECT_THAT(error_of(chain + "\n"), HasSubstr("syntax_error"));
}

TEST(UrScriptReader, CutsProgramsWhereverTheBytesAreSplit) {
  const std::string program = "def f():\n  textmsg(\"end\")\n  sync()\nend\n";
  const std::string stream = "\n# hello\n" + program + "stopl(1)\n" + program;
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    UrScriptReader reader;
    std::vector<std::string> programs;
    for (const std::string& part : {stream.substr(0, split), stream.substr(split)}) {
      reader.append(as_bytes(part));
      while (const auto next = reader.next()) programs.push_back(*next);
    }
    EXPECT_THAT(programs, ElementsAre(program, "stopl(1)\n", program)) << split;
  }
}

TEST(UrScriptReader, RefusesAProgramWithoutEnd) {
  UrScriptReader reader;
  reader.append(as_bytes("def f():\n"));
  EXPECT_FALSE(reader.next());
  reader.append(Bytes(UrScriptReader::kLongestProgram, 'x'));
  EXPECT_THROW(reader.next(), WireError);
  reader.append(as_bytes("sync()\n"));
  EXPECT_EQ(reader.next(), "sync()\n");
}

TEST(UrRun, CarriesOutStatementsInOrderAndWaitsForMotions) {
  Notebook notebook;
  const int cycles =
      run("def f():\n"
          "  write_output_integer_register(20, 14)\n"
          "  movel(p[0.4, 0, 0.3, 0, 3.14, 0], a=0.5, v=0.05)\n"
          "  write_output_integer_register(20, 15)\n"
          "end\n",
          notebook);
  EXPECT_THAT(notebook.log, ElementsAre("int 20=14", "movel", "int 20=15"));
  EXPECT_EQ(cycles, notebook.motion_cycles + 1);
  const UrMove& move = notebook.moves.at(0);
  EXPECT_FALSE(move.by_joints);
  EXPECT_EQ(move.acceleration, 0.5);
  EXPECT_EQ(move.speed, 0.05);
  EXPECT_EQ(std::get<UrPose>(move.target)[2], 0.3);
}

TEST(UrRun, MotionsHaveTheManualsDefaultsAndTakeTheirArgumentsByPlace) {
  Notebook notebook;
  run("movel(p[0,0,0,0,0,0])\n", notebook);
  run("movej([0,0,0,0,0,0])\n", notebook);
  run("movej([0,0,0,0,0,0], 2, 3, 4)\n", notebook);
  EXPECT_EQ(notebook.moves[0].acceleration, 1.2);
  EXPECT_EQ(notebook.moves[0].speed, 0.25);
  EXPECT_EQ(notebook.moves[1].acceleration, 1.4);
  EXPECT_EQ(notebook.moves[1].speed, 1.05);
  EXPECT_TRUE(notebook.moves[1].by_joints);
  EXPECT_EQ(notebook.moves[2].acceleration, 2.0);
  EXPECT_EQ(notebook.moves[2].speed, 3.0);
  EXPECT_EQ(notebook.moves[2].time, 4.0);
}

TEST(UrRun, StopsTakeTheirDeceleration) {
  Notebook notebook;
  run("def f():\n  stopj(3)\n  stopl(2)\n  sync()\nend\n", notebook);
  EXPECT_THAT(notebook.log, ElementsAre("stop 3", "stop 2"));
  EXPECT_THAT(run_error("stopj(0)\n"), HasSubstr("deceleration must be positive"));
  EXPECT_THAT(run_error("stopl()\n"), HasSubstr("stopl takes 1"));
}

TEST(UrRun, SleepAndSyncTakeTheirTime) {
  Notebook notebook;
  EXPECT_EQ(run("def f():\n  sleep(0.8)\nend\n", notebook), 100);
  EXPECT_EQ(run("def f():\n  sync()\n  sync()\nend\n", notebook), 2);
  EXPECT_EQ(run("def f():\n  halt()\n  sync()\nend\n", notebook), 0);
}

TEST(UrRun, ComputesWithVariablesPosesAndRegisters) {
  Notebook notebook;
  run("def f():\n"
      "  x = 2 + 3 * 4 - -6 / (1 + 2)\n"
      "  global y = read_input_integer_register(3)\n"
      "  write_output_float_register(1, x)\n"
      "  write_output_float_register(2, y)\n"
      "  write_output_boolean_register(70, True)\n"
      "  textmsg(\"x = \", x)\n"
      "  movel(pose_trans(p[1, 0, 0, 0, 0, d2r(90)], p[1, 0, 0, 0, 0, 0]))\n"
      "  set_tcp(p[0, 0, 0.2, 0, 0, 0])\n"
      "  set_payload(1.5, [0, 0, 0.05])\n"
      "end\n",
      notebook);
  EXPECT_THAT(notebook.log, ElementsAre("float 1=16.000000", "float 2=30.000000", "bit 70=1",
                                        "text x = 16", "movel"));
  const auto target = std::get<UrPose>(notebook.moves.at(0).target);
  EXPECT_NEAR(target[0], 1.0, 1e-12);
  EXPECT_NEAR(target[1], 1.0, 1e-12);
  EXPECT_EQ(notebook.tool[2], 0.2);
  EXPECT_EQ(notebook.payload, 1.5);
}

TEST(UrRun, WatchesInputs) {
  Notebook notebook;
  run("def f():\n"
      "  rtde_set_watchdog(\"input_int_register_0\", 10, \"stop\")\n"
      "  rtde_set_watchdog(\"input_double_register_3\", 2)\n"
      "  rtde_set_watchdog(\"speed_slider_mask\", 1, action=\"ignore\")\n"
      "end\n",
      notebook);
  EXPECT_THAT(notebook.log, ElementsAre("watch input_int_register_0 100 ms 2",
                                        "watch input_double_register_3 500 ms 1",
                                        "watch speed_slider_mask 1000 ms 0"));
  EXPECT_THAT(run_error("rtde_set_watchdog(\"actual_q\", 10)\n"), HasSubstr("no input actual_q"));
  EXPECT_THAT(run_error("rtde_set_watchdog(\"input_int_register_0\", 0)\n"),
              HasSubstr("must be positive"));
  EXPECT_THAT(run_error("rtde_set_watchdog(\"input_int_register_0\", 1, \"bark\")\n"),
              HasSubstr("ignore, pause or stop"));
}

TEST(UrRun, SaysWhatCannotBeCarriedOut) {
  EXPECT_THAT(run_error("sleep(1 / 0)\n"), HasSubstr("division by zero"));
  EXPECT_THAT(run_error("write_output_integer_register(48, 1)\n"), HasSubstr("0 to 47"));
  EXPECT_THAT(run_error("write_output_integer_register(1.5, 1)\n"), HasSubstr("0 to 47"));
  EXPECT_THAT(run_error("write_output_integer_register(1, 1e10)\n"), HasSubstr("does not fit"));
  EXPECT_THAT(run_error("movel([1, 2])\n"), HasSubstr("six joint angles"));
  EXPECT_THAT(run_error("movel(p[0,0,0,0,0,0], v=0)\n"), HasSubstr("must be positive"));
  EXPECT_THAT(run_error("movel(p[0,0,0,0,0,0], w=1)\n"), HasSubstr("no argument w"));
  EXPECT_THAT(run_error("movel(p[0,0,0])\n"), HasSubstr("six numbers"));
  EXPECT_THAT(run_error("x = movel(p[0,0,0,0,0,0])\n"), HasSubstr("has no value"));
  EXPECT_THAT(run_error("sleep()\n"), HasSubstr("sleep takes 1"));
  EXPECT_THAT(run_error("set_tcp(3)\n"), HasSubstr("wrong type"));
  EXPECT_THAT(run_error("textmsg()\n"), HasSubstr("textmsg takes 1"));
}

TEST(UrRun, NamesTheLineOfAMotionThatTheArmRefuses) {
  Notebook notebook;
  notebook.refuses = true;
  UrRun program(parse_ur_script("def f():\n  sync()\n  movel(p[9,0,0,0,0,0])\nend\n"));
  EXPECT_TRUE(program.step(notebook, 0.0));
  EXPECT_TRUE(program.step(notebook, 0.008));
  try {
    program.step(notebook, 0.016);
    FAIL() << "the refusal was lost";
  } catch (const UrScriptError& error) {
    EXPECT_EQ(error.line(), 3);
    EXPECT_THAT(error.what(), HasSubstr("out of reach"));
  }
}

}  // namespace
}  // namespace gripbench::hal
