#include "experiments/commands/command.h"

#include <chrono>
#include <cstdlib>
#include <thread>

#include "experiments/interrupt.h"
#include "experiments/run_record.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

std::vector<std::string>& arguments() {
  static std::vector<std::string> given;
  return given;
}

/// The error on its way matters more than a record that cannot be written.
void write_if_possible(const std::filesystem::path& file, const RunRecord& record) {
  try {
    write_run_record(file, record);
  } catch (const hal::Error&) {
  }
}

}  // namespace

std::filesystem::path assets_folder() {
  const char* given = std::getenv("GRIPBENCH_ASSETS");
  return given != nullptr && *given != '\0' ? given : GRIPBENCH_ASSETS_FOLDER;
}

int default_jobs() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void add_jobs_option(CLI::App& command, int& jobs) {
  command.add_option("--jobs", jobs, "Workers at the same time; results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

CLI::Validator seed_range() { return CLI::Range(0.0, 1e15, "a whole number from 0 to 1e15"); }

StageContext stage_context(int jobs) { return {jobs, &interrupt_flag()}; }

void remember_arguments(int argc, char** argv) { arguments().assign(argv + 1, argv + argc); }

const std::vector<std::string>& remembered_arguments() { return arguments(); }

void run_recorded(const std::filesystem::path& out, std::uint64_t seed,
                  const std::function<void(const Stage& stage)>& work) {
  using Clock = std::chrono::steady_clock;
  RunRecord record;
  record.arguments = arguments();
  record.seed = seed;
  record.started = utc_now();
  record.outcome = "finished";
  const Stage stage = [&](const std::string& name, const std::function<void()>& of_stage) {
    const Clock::time_point start = Clock::now();
    of_stage();
    record.stage_seconds.emplace_back(name,
                                      std::chrono::duration<double>(Clock::now() - start).count());
  };
  try {
    work(stage);
  } catch (const std::exception& error) {
    record.outcome = error.what();
    write_if_possible(out / "run.json", record);
    throw;
  }
  write_run_record(out / "run.json", record);
}

}  // namespace gripbench::experiments
