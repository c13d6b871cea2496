// How fast grasps are collected by one worker, and on what its time goes: physics runs while the
// clock advances, pictures are drawn when they are asked for, and episodes are encoded when they
// are written, so a workcell that times these calls can tell them apart.

#include <chrono>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "experiments/collect.h"
#include "experiments/episode_store.h"
#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "experiments/position_search.h"
#include "hal/config.h"
#include "sim/sim_workcell.h"

namespace gripbench::experiments {
namespace {

using Seconds = std::chrono::duration<double>;

/// Adds up the time of a call.
class Stopwatch {
 public:
  template <typename Call>
  auto operator()(Call&& call) {
    const Running running{*this};
    return call();
  }
  double seconds = 0.0;

 private:
  struct Running {
    Stopwatch& watch;
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
    ~Running() { watch.seconds += Seconds(std::chrono::steady_clock::now() - begin).count(); }
  };
};

class TimedClock final : public hal::Clock {
 public:
  TimedClock(hal::Clock& inner, Stopwatch& watch) : inner_(inner), watch_(watch) {}
  double now() const override { return inner_.now(); }
  void sleep_until(double time) override {
    watch_([&] { inner_.sleep_until(time); });
  }

 private:
  hal::Clock& inner_;
  Stopwatch& watch_;
};

template <typename Interface>
class TimedCamera : public Interface {
 public:
  TimedCamera(Interface& inner, Stopwatch& watch) : inner_(inner), watch_(watch) {}
  hal::CameraInfo info() const override { return inner_.info(); }
  hal::Frame newest() override {
    return watch_([&] { return inner_.newest(); });
  }
  std::optional<hal::Frame> next_after(double time) override {
    return watch_([&] { return inner_.next_after(time); });
  }

 protected:
  Interface& inner_;

 private:
  Stopwatch& watch_;
};

class TimedTactile final : public TimedCamera<hal::TactileSensor> {
 public:
  using TimedCamera::TimedCamera;
  double pixel_pitch() const override { return inner_.pixel_pitch(); }
};

struct Times {
  Stopwatch physics, tactile, camera, encoding;
};

class TimedWorkcell final : public hal::Workcell {
 public:
  TimedWorkcell(hal::Workcell& inner, Times& times)
      : inner_(inner),
        clock_(inner.clock(), times.physics),
        tactile_(inner.tactile(), times.tactile),
        camera_(inner.camera(), times.camera) {}
  hal::Clock& clock() override { return clock_; }
  hal::Arm& arm() override { return inner_.arm(); }
  hal::Gripper& gripper() override { return inner_.gripper(); }
  hal::TactileSensor& tactile() override { return tactile_; }
  hal::Camera& camera() override { return camera_; }
  hal::ForceTorqueSensor& force_torque() override { return inner_.force_torque(); }
  hal::Stage& stage() override { return inner_.stage(); }

 private:
  hal::Workcell& inner_;
  TimedClock clock_;
  TimedTactile tactile_;
  TimedCamera<hal::Camera> camera_;
};

void report(benchmark::State& state, const Times& times, double total, int grasps) {
  state.counters["grasps_per_minute"] = 60.0 * grasps / total;
  state.counters["physics_share"] = times.physics.seconds / total;
  state.counters["tactile_share"] = times.tactile.seconds / total;
  state.counters["camera_share"] = times.camera.seconds / total;
  state.counters["encoding_share"] = times.encoding.seconds / total;
}

/// One object of the quick protocol: the searches at its positions, then its grasps, one after the
/// other, encoding included.
void BM_CollectObject(benchmark::State& state) {
  const std::filesystem::path assets = GRIPBENCH_SOURCE_DIR "/assets";
  const GraspProtocol protocol = load_protocol(assets / "protocols/quick.yaml");
  const auto objects = load_objects(protocol);
  const auto positions = plan_positions(protocol, objects);
  const auto plans = plan_grasps(protocol);
  const auto cell = sim::make_workcell(hal::ConfigNode::load(assets / "workcells/sim.yaml"));
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("collect_benchmark_{}", ::getpid());
  Times times;
  TimedWorkcell timed(*cell, times);
  const StopRequest never_stop;
  Stopwatch total;
  int grasps = 0;
  for (auto _ : state) {
    std::filesystem::remove_all(folder);
    EpisodeStore store =
        EpisodeStore::create_or_resume(folder, dataset_info(protocol, "benchmark"));
    total([&] {
      std::vector<PositionRecord> found;
      for (int i = 0; i < protocol.positions.per_object; ++i) {
        found.push_back(search_position(timed, protocol, never_stop, positions[i]));
      }
      GraspScript script(timed, protocol, never_stop);
      for (const GraspPlan& plan : plans) {
        if (plan.object != objects.front().name) break;
        const PositionRecord& at = found[plan.position];
        const double width = grip_width(at.barely_touch_width, at.edge_depth * plan.depth_factor,
                                        protocol.squeeze, at.gripper.resolution);
        const Episode episode = script.grasp(positions[plan.position], plan, objects.front(),
                                             at.barely_touch_width, width);
        times.encoding([&] { store.write(episode); });
        ++grasps;
      }
    });
  }
  std::filesystem::remove_all(folder);
  report(state, times, total.seconds, grasps);
}
BENCHMARK(BM_CollectObject)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace gripbench::experiments

BENCHMARK_MAIN();
