#include "sim/mujoco_handles.h"

#include <array>
#include <mutex>
#include <new>
#include <string>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

void throw_error(const char* message) { throw hal::Error(std::string("MuJoCo: ") + message); }

// MuJoCo counts its warnings in mjData as well, where check_stable finds them.
void ignore_warning(const char* /*message*/) {}

struct FatalWarning {
  mjtWarning kind;
  const char* meaning;
};
constexpr std::array<FatalWarning, 4> kFatalWarnings = {{
    {mjWARN_BADQPOS, "a position is not finite"},
    {mjWARN_BADQVEL, "a velocity is not finite"},
    {mjWARN_BADQACC, "an acceleration is not finite"},
    {mjWARN_CONTACTFULL, "there are more contacts than there is room for"},
}};

}  // namespace

MujocoData make_data(const mjModel* model) {
  MujocoData data(mj_makeData(model));
  if (!data) throw std::bad_alloc();
  return data;
}

int require_id(const mjModel* model, mjtObj type, const char* name) {
  const int id = mj_name2id(model, type, name);
  if (id < 0) {
    throw hal::InputError(std::string("the rig's model has no ") + mju_type2Str(type) + " named '" +
                          name + "'; see assets/mjcf/rig.xml for the names it must have");
  }
  return id;
}

void install_mujoco_handlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    mju_user_error = throw_error;
    mju_user_warning = ignore_warning;
  });
}

void check_stable(const mjData* data) {
  for (const FatalWarning& warning : kFatalWarnings) {
    if (data->warning[warning.kind].number > 0) {
      throw hal::DeviceError("simulation",
                             std::string(warning.meaning) + " at element " +
                                 std::to_string(data->warning[warning.kind].lastinfo) +
                                 " of the model; try a smaller time step");
    }
  }
}

}  // namespace gripbench::sim
