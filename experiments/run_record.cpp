#include "experiments/run_record.h"

#include <chrono>
#include <fstream>
#include <thread>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>
#include <opencv2/core/version.hpp>
#include <sys/utsname.h>
#include <unistd.h>

#include "experiments/file_io.h"

namespace gripbench::experiments {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos) {
      return line.substr(line.find(": ") + 2);
    }
  }
  return "unknown";
}

nlohmann::ordered_json machine() {
  utsname system{};
  uname(&system);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30);
  return {{"cores", std::thread::hardware_concurrency()},
          {"processor", processor()},
          {"memory_gib", std::round(10.0 * memory) / 10.0},
          {"system", std::string(system.sysname) + " " + system.release + " " + system.machine}};
}

}  // namespace

std::string utc_now() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

void write_run_record(const std::filesystem::path& file, const RunRecord& record) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::object();
  for (const auto& [stage, seconds] : record.stage_seconds) {
    stages[stage] = std::round(1000.0 * seconds) / 1000.0;
  }
  const nlohmann::ordered_json json = {{"arguments", record.arguments},
                                       {"seed", record.seed},
                                       {"versions",
                                        {{"gripbench", GRIPBENCH_VERSION},
                                         {"compiler", __VERSION__},
                                         {"opencv", CV_VERSION},
                                         {"mujoco", GRIPBENCH_MUJOCO_VERSION},
                                         {"libtorch", GRIPBENCH_TORCH_VERSION}}},
                                       {"machine", machine()},
                                       {"started", record.started},
                                       {"finished", utc_now()},
                                       {"stage_seconds", stages},
                                       {"outcome", record.outcome}};
  write_file(file, json.dump(2) + "\n");
}

}  // namespace gripbench::experiments
