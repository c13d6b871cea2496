#pragma once

#include <memory>

#include <mujoco/mujoco.h>

namespace gripbench::sim {

struct MujocoModelDeleter {
  void operator()(mjModel* model) const { mj_deleteModel(model); }
};
struct MujocoDataDeleter {
  void operator()(mjData* data) const { mj_deleteData(data); }
};

/// Owners of MuJoCo's model and data.
using MujocoModel = std::unique_ptr<mjModel, MujocoModelDeleter>;
using MujocoData = std::unique_ptr<mjData, MujocoDataDeleter>;

/// Data for a model, at its reference pose. @throws std::bad_alloc when there is no memory.
MujocoData make_data(const mjModel* model);

/// Id of a named element. @throws hal::InputError that names it when the model has none.
int require_id(const mjModel* model, mjtObj type, const char* name);

/// Makes MuJoCo's fatal errors throw hal::Error in place of ending the process, and its warnings
/// silent in place of writing MUJOCO_LOG.TXT. Process-wide, since MuJoCo's handlers are; cheap to
/// call again, and from any thread. `build_scene` calls it.
///
/// The exception passes through MuJoCo's C frames, which hold nothing to unwind except space on the
/// stack of the mjData in use: after such an error throw that mjData away, or mj_resetData it.
void install_mujoco_handlers();

/// @throws hal::DeviceError when MuJoCo has found positions, velocities or accelerations that are
/// not finite (it silently resets the data then) or has run out of room for contacts; the message
/// says which. Costs nothing: call it whenever time has passed.
void check_stable(const mjData* data);

}  // namespace gripbench::sim
