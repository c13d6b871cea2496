#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "hal/errors.h"
#include "hal/rig_clock.h"

namespace gripbench::hal {

/// How long a test waits for what must happen (s): no test asserts how soon it does.
inline constexpr double kPatience = 20.0;

/// True once `condition` is, however long that takes within reason.
inline bool eventually(const std::function<bool()>& condition) {
  const RigClock clock;
  while (clock.now() < kPatience) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return condition();
}

template <typename Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// What `function` throws once it does.
template <typename Function>
std::string message_when_it_throws(Function function) {
  std::string message;
  eventually([&] {
    message = message_of(function);
    return message != "nothing was thrown";
  });
  return message;
}

}  // namespace gripbench::hal
