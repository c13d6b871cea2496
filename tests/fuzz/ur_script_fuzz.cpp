// UR script: cutting programs out of a stream, parsing them, carrying them out.
#include <cstddef>
#include <cstdint>
#include <string>

#include "hal/emulator/ur_run.h"

namespace gripbench::hal {
namespace {

/// A controller whose motions end at once and whose registers check their index.
class Nowhere final : public UrMachine {
 public:
  void start_move(const UrMove&) override {}
  void start_stop(double) override {}
  bool motion_ended() override { return true; }
  void set_tcp(const UrPose&) override {}
  void set_payload(double) override {}
  void set_watchdog(const std::string&, double period, UrWatchdogAction) override {
    if (!(period > 0.0)) __builtin_trap();
  }
  void text_message(const std::string&) override {}
  UrPose actual_tcp_pose() override { return {}; }
  UrList actual_joints() override { return UrList(6, 0.0); }
  void write_integer(int index, std::int32_t) override { check(index, 48); }
  void write_float(int index, double) override { check(index, 48); }
  void write_boolean(int index, bool) override { check(index, 128); }
  std::int32_t read_integer(UrRegisters, int index) override { return check(index, 48); }
  double read_float(UrRegisters, int index) override { return check(index, 48); }
  bool read_boolean(UrRegisters, int index) override { return check(index, 128) != 0; }

 private:
  static int check(int index, int count) {
    if (index < 0 || index >= count) __builtin_trap();
    return index;
  }
};

void carry_out(const std::string& script) {
  try {
    UrRun run(parse_ur_script(script));
    Nowhere nowhere;
    // Every statement waits for one cycle at the most when time flies.
    double now = 0.0;
    for (int cycle = 0; run.step(nowhere, now); now = now * 2.0 + 1.0) {
      if (++cycle > 70000) __builtin_trap();
    }
  } catch (const UrScriptError& error) {
    if (error.line() < 1 || error.column() < 1) __builtin_trap();
  }
}

}  // namespace
}  // namespace gripbench::hal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  UrScriptReader reader;
  reader.append({data, size});
  try {
    while (const auto program = reader.next()) carry_out(*program);
  } catch (const WireError&) {
  }
  // Also what no stream would let through.
  carry_out(std::string(data, data + size));
  return 0;
}
