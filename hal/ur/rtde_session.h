#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hal/ur/rtde_client.h"

namespace gripbench::hal {

/// One RTDE connection from its first byte on: negotiation, then the stream. It throws WireError,
/// SilenceError where no answer comes, and never tries twice.
class RtdeClient::Session {
 public:
  /// Connects and negotiates the protocol; asks for the version.
  Session(const RtdeOptions& options, const std::vector<RtdeField>& fields);

  /// Agrees on the recipes and starts the stream.
  /// @throws WireError naming a required field that the controller lacks, or a beat's input that it
  /// lacks or that another client goes on writing.
  void start();

  /// The next data package's values, or nothing if none came within `timeout`.
  /// @throws WireError also for numbers that cannot be.
  std::optional<std::vector<std::optional<RtdeValue>>> next(Duration timeout);

  /// Counts up in the beat's input, where there is one.
  void beat();

  const ControllerVersion& version() const { return version_; }
  const std::vector<std::string>& replaced() const { return replaced_; }
  /// Takes the text messages that came since the last call.
  std::vector<RtdeTextMessage> take_messages() { return std::exchange(messages_, {}); }

 private:
  /// A variable of the recipe and the field that it is the value of.
  struct Wanted {
    std::string name;
    std::size_t field = 0;
  };

  std::optional<RtdePackage> take_package(Duration timeout);
  RtdePackage ask(const RtdePackage& request, const std::string& what);
  void negotiate_protocol();
  bool negotiate_recipe();
  void replace(std::vector<Wanted>::iterator& wanted);
  void claim_beat_input();

  const RtdeOptions& options_;
  const std::vector<RtdeField>& fields_;
  TcpConnection connection_;
  RtdeFramer framer_;
  ControllerVersion version_;
  RtdeRecipe recipe_;
  std::vector<Wanted> wanted_;
  std::uint8_t beat_recipe_ = 0;
  std::int32_t beats_ = 0;
  std::vector<std::string> replaced_;
  std::vector<RtdeTextMessage> messages_;
};

}  // namespace gripbench::hal
