#pragma once

#include <stdexcept>
#include <string>

namespace gripbench::hal {

/// Root of everything that GripBench throws on purpose. `what()` is one line fit for a terminal:
/// what is wrong, where, and what to do. The command line maps the kinds to exit codes.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the user gave is wrong: a file, a key, a flag, a picture. Exit code 2.
class InputError : public Error {
 public:
  using Error::Error;
};

/// A YAML file is wrong. `what()` reads "FILE:LINE: KEY: MESSAGE".
class ConfigError : public InputError {
 public:
  ConfigError(const std::string& file, int line, const std::string& key, const std::string& message)
      : InputError(file + ":" + std::to_string(line) + ": " +
                   (key.empty() ? "" : "'" + key + "': ") + message) {}
};

/// The disk refused: full, read-only, gone. Exit code 2; nothing half-written stays behind.
class StorageError : public InputError {
 public:
  using InputError::InputError;
};

/// A device of the workcell failed or refused. Exit code 3.
class DeviceError : public Error {
 public:
  DeviceError(std::string device, const std::string& message)
      : Error(device + ": " + message), device_(std::move(device)) {}
  /// Name of the device as the workcell file calls it.
  const std::string& device() const { return device_; }

 private:
  std::string device_;
};

/// A device did not answer or a motion did not end within its time. Exit code 3.
class TimeoutError : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// A motion was refused before it began: out of reach, too fast, outside the workspace. Exit 3.
class MotionRefused : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// The user asked to stop (SIGINT, SIGTERM). Exit code 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

}  // namespace gripbench::hal
