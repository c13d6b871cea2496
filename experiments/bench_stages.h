#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/report.h"

namespace gripbench::experiments {

/// The stages of a benchmark. Each can run alone; each recognises what an earlier run finished and
/// leaves it. Progress goes to the error stream. All throw hal::Error.

/// What all stages are told.
struct StageContext {
  int jobs = 1;
  /// Raised by an interrupt.
  const std::atomic<bool>* stop = nullptr;
};

struct CollectRequest {
  std::filesystem::path workcell;
  std::filesystem::path protocol;
  std::filesystem::path dataset;
  /// In place of the protocol's own.
  std::optional<std::uint64_t> seed;
  int shard = 0;
  int shards = 1;
};
void run_collect(const CollectRequest& request, const StageContext& context);

/// Prints to the standard output every motion that `run_collect` would command, as the twin of the
/// rig makes them under the limits of the request's workcell; neither the rig nor the data set is
/// touched. A motion that the limits refuse ends it with DeviceError.
void run_rehearsal(const CollectRequest& request, const StageContext& context);

struct TrainRequest {
  std::filesystem::path dataset;
  /// Gets ID.model for every row.
  std::filesystem::path models;
  std::vector<std::string> rows;
  std::uint64_t seed = 1;
};
void run_train(const TrainRequest& request, const StageContext& context);

struct EvaluateRequest {
  std::filesystem::path dataset;
  std::filesystem::path models;
  /// Of those in `models`; all of them if empty.
  std::vector<std::string> rows;
  std::filesystem::path scores;
  std::uint64_t seed = 1;
};
void run_evaluate(const EvaluateRequest& request, const StageContext& context);

struct ReportRequest {
  std::filesystem::path dataset;
  std::filesystem::path scores;
  /// Section on real recordings, if it exists.
  std::filesystem::path real_input;
  std::filesystem::path out;
  std::string preset;
  std::uint64_t seed = 1;
};
void run_report(const ReportRequest& request);

}  // namespace gripbench::experiments
