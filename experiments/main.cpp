#include <cstdio>
#include <exception>
#include <new>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <malloc.h>

#include "experiments/commands/command.h"
#include "experiments/interrupt.h"
#include "hal/errors.h"

namespace {

using namespace gripbench;

constexpr int kBadInput = 2;
constexpr int kDeviceFault = 3;
constexpr int kInterrupted = 130;

/// One line, whatever a library put into its message.
int complain(std::string message, int code) {
  for (char& c : message) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  fmt::print(stderr, "gripbench: {}\n", message);
  return code;
}

int run(CLI::App& program, int argc, char** argv) {
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& wrong) {
    return complain(std::string(wrong.what()) + "; see --help", kBadInput);
  } catch (const hal::Interrupted& interrupted) {
    return complain(interrupted.what(), kInterrupted);
  } catch (const hal::DeviceError& fault) {
    return complain(fault.what(), kDeviceFault);
  } catch (const hal::Error& wrong) {
    return complain(wrong.what(), kBadInput);
  } catch (const std::bad_alloc&) {
    return complain("out of memory; try fewer --jobs", kBadInput);
  } catch (const std::exception& unexpected) {
    return complain(std::string("unexpected error, please report it: ") + unexpected.what(),
                    kBadInput);
  }
}

/// Pictures and LibTorch's tensors come and go by the megabyte. The C library would hand each back
/// to the kernel and fault it in again, which costs a quarter of the time of training.
void keep_freed_memory() {
  constexpr int kBytes = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, kBytes);
  mallopt(M_TRIM_THRESHOLD, kBytes);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  CLI::App program("GripBench: slip detection on a simulated or recorded rig", "gripbench");
  program.set_version_flag("--version", GRIPBENCH_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Example:\n  gripbench bench --preset quick --out out/quick\n\n"
      "Exit codes: 0 done, 2 bad input, 3 a device's fault, 130 interrupted.");
  experiments::add_bench_command(program);
  experiments::add_collect_command(program);
  experiments::add_train_command(program);
  experiments::add_evaluate_command(program);
  experiments::add_report_command(program);
  experiments::add_render_command(program);
  experiments::add_import_command(program);
  experiments::add_export_command(program);
  experiments::add_show_command(program);
  experiments::add_stats_command(program);
  experiments::add_verify_command(program);
  experiments::add_merge_command(program);
  experiments::add_objects_command(program);
  experiments::add_calibrate_command(program);
  experiments::add_likeness_command(program);
  experiments::add_emulate_command(program);
  experiments::add_devices_command(program);
  experiments::add_replicate_command(program);
  experiments::add_watchdog_command(program);
  experiments::remember_arguments(argc, argv);
  experiments::catch_interrupts();
  return run(program, argc, argv);
}
