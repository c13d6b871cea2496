#pragma once

#include <memory>

#include "experiments/grasp_protocol.h"
#include "experiments/rehearsal.h"
#include "hal/rig/rig_settings.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// The workcell that a real rig's file describes, on its twin: the rig's own stage, from what the
/// operator is asked first to the last way home, under the rig's limits, every motion and every
/// question announced. The jaws begin without a zero, as after power on. Nothing is connected to.
///
/// The operator does at once what is asked: the twin puts objects down, between jaws and under an
/// arm that stay where they are, and whether they slipped is told by the truth and the protocol's
/// thresholds.
/// @throws hal::InputError if the twin does not know the protocol's objects.
std::unique_ptr<hal::Workcell> make_rig_rehearsal(const hal::RigSettings& rig,
                                                  const GraspProtocol& protocol,
                                                  std::unique_ptr<hal::Workcell> twin,
                                                  Announce announce);

}  // namespace gripbench::experiments
