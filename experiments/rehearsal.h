#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/grasp_protocol.h"
#include "experiments/wait.h"
#include "hal/objects.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// Takes one line about a command.
using Announce = std::function<void(const std::string&)>;

/// The workcell `inner`, which announces every command to its arm and its jaws before it carries it
/// out, and every object that is put before it; its jaws have no zero until they are homed. Times
/// are those of the workcell's clock.
std::unique_ptr<hal::Workcell> announced(std::unique_ptr<hal::Workcell> inner, Announce announce);

/// Goes through part `shard` (from 0) of `shards` of the protocol, every search and every grasp, in
/// the order in which one worker collects them, and keeps nothing: on a simulated workcell that
/// announces its motions and is guarded by a real rig's limits, this shows what the real rig would
/// do that has made none of them yet.
/// @throws as `collect`.
void rehearse(const GraspProtocol& protocol, const std::vector<hal::ObjectDescription>& objects,
              hal::Workcell& workcell, const StopRequest& stop, int shard = 0, int shards = 1);

}  // namespace gripbench::experiments
