// step_halving [PROTOCOL [GRASPS_PER_OBJECT [JOBS]]]: makes every grasp of a protocol at the time
// step of assets/workcells/sim.yaml and at half of it, and prints what changed. Ends with 1 if more
// than 1% of the outcomes beyond a margin of 3% changed, or the displacement of a stable one by
// more than 5% (PHYSICS "Tests of the mechanics").
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "hal/objects.h"
#include "tests/physics/step_halving.h"

namespace {

namespace fs = std::filesystem;
using namespace gripbench;

constexpr double kClearMargin = 0.03, kMostChanged = 0.01, kMotionTolerance = 0.05;

std::vector<testing::HalvedGrasp> run_all(const experiments::GraspProtocol& protocol, int jobs) {
  const auto objects = experiments::load_objects(protocol);
  const auto positions = experiments::plan_positions(protocol, objects);
  const auto plans = experiments::plan_grasps(protocol);
  std::vector<std::vector<testing::HalvedGrasp>> found(positions.size());
  std::atomic<std::size_t> next = 0;
  std::mutex printing;
  std::exception_ptr error;
  const fs::path folder =
      fs::temp_directory_path() / fmt::format("gripbench_step_halving_{}", getpid());
  fs::create_directories(folder);
  const auto work = [&](int worker) {
    try {
      const fs::path mine = folder / std::to_string(worker);
      fs::create_directories(mine);
      testing::HalvedRigs rigs(mine);
      for (std::size_t i = next++; i < positions.size(); i = next++) {
        for (const hal::ObjectDescription& object : objects) {
          if (object.name != positions[i].object) continue;
          found[i] = rigs.run(protocol, object, positions[i], plans);
        }
        const std::scoped_lock lock(printing);
        for (const testing::HalvedGrasp& g : found[i]) {
          fmt::print("{:22} {:+8.3f} | {:9} {:9} | {:8.4f} {:8.4f} mm | {:8.4f} {:8.4f} mm{}{}\n",
                     g.name, g.whole.margin, to_string(g.whole.label.kind),
                     to_string(g.half.label.kind), 1e3 * g.whole.slip, 1e3 * g.half.slip,
                     1e3 * g.whole.displacement, 1e3 * g.half.displacement,
                     g.same_outcome() ? "" : "  OTHER OUTCOME",
                     g.stable() && g.change() > kMotionTolerance ? "  MOVED OTHERWISE" : "");
        }
        std::fflush(stdout);
      }
    } catch (...) {
      const std::scoped_lock lock(printing);
      if (!error) error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int k = 0; k < jobs; ++k) workers.emplace_back(work, k);
  }
  fs::remove_all(folder);
  if (error) std::rethrow_exception(error);
  std::vector<testing::HalvedGrasp> grasps;
  for (auto& some : found) grasps.insert(grasps.end(), some.begin(), some.end());
  return grasps;
}

}  // namespace

int main(int argc, char** argv) try {
  const fs::path file =
      argc > 1 ? fs::path(argv[1]) : fs::path(GRIPBENCH_SOURCE_DIR) / "assets/protocols/ci.yaml";
  experiments::GraspProtocol protocol = experiments::load_protocol(file);
  const int grasps_per_object = argc > 2 ? std::atoi(argv[2]) : 17;
  const int jobs = argc > 3 ? std::atoi(argv[3]) : 2;
  protocol.train_grasps = grasps_per_object * static_cast<int>(protocol.train_objects.size());
  protocol.test_grasps = grasps_per_object * static_cast<int>(protocol.test_objects.size());
  if (grasps_per_object < 1 || jobs < 1) {
    fmt::print(stderr, "step_halving: GRASPS_PER_OBJECT and JOBS are whole numbers from 1\n");
    return 2;
  }
  fmt::print("{:22} {:>8} | {:19} | {:20} | displacement\n", "grasp", "margin",
             "kind, whole and half", "slip");
  const auto grasps = run_all(protocol, jobs);
  const testing::HalvingSummary s = testing::summarise(grasps, kClearMargin, kMotionTolerance);
  fmt::print(
      "\n{} grasps, {} with a margin over {:g}%: {} changed their outcome ({:.2f}%)\n"
      "{} of these stable: displacement of {} changed by more than {:g}%, the largest change is "
      "{:.2f}%\n",
      s.grasps, s.clear, 100 * kClearMargin, s.changed, 100.0 * s.changed / std::max(s.clear, 1),
      s.stable, s.moved_otherwise, 100 * kMotionTolerance, 100 * s.largest_change);
  return s.changed > kMostChanged * s.clear || s.moved_otherwise > 0 ? 1 : 0;
} catch (const std::exception& e) {
  fmt::print(stderr, "step_halving: {}\n", e.what());
  return 2;
}
