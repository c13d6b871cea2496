#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "experiments/bench_stages.h"

namespace gripbench::experiments {

/// Adds a subcommand to the program. Its callback does the work and throws hal::Error.
void add_bench_command(CLI::App& program);
void add_collect_command(CLI::App& program);
void add_train_command(CLI::App& program);
void add_evaluate_command(CLI::App& program);
void add_report_command(CLI::App& program);
void add_render_command(CLI::App& program);
void add_import_command(CLI::App& program);
void add_export_command(CLI::App& program);
void add_show_command(CLI::App& program);
void add_stats_command(CLI::App& program);
void add_verify_command(CLI::App& program);
void add_merge_command(CLI::App& program);
void add_objects_command(CLI::App& program);
void add_calibrate_command(CLI::App& program);
void add_likeness_command(CLI::App& program);
void add_emulate_command(CLI::App& program);
void add_devices_command(CLI::App& program);
void add_replicate_command(CLI::App& program);
void add_watchdog_command(CLI::App& program);
/// `objects add`, below `objects`.
void add_objects_add_command(CLI::App& objects);

/// Folder of objects, workcells and protocols: $GRIPBENCH_ASSETS, else that of the source tree the
/// program was built from.
std::filesystem::path assets_folder();

/// Workers if the user names no number: one per core.
int default_jobs();

/// --jobs, with its check.
void add_jobs_option(CLI::App& command, int& jobs);

/// What a --seed may be.
CLI::Validator seed_range();

StageContext stage_context(int jobs);

/// The command line as it was given, for run.json.
void remember_arguments(int argc, char** argv);
const std::vector<std::string>& remembered_arguments();

/// Runs `work` and writes `run.json` into `out`, whether it succeeds or not. `work` reports each
/// stage through `stage(name, what to do)`.
using Stage = std::function<void(const std::string& name, const std::function<void()>& work)>;
void run_recorded(const std::filesystem::path& out, std::uint64_t seed,
                  const std::function<void(const Stage& stage)>& work);

}  // namespace gripbench::experiments
