#include "hal/ur/rtde_session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "hal/ur/rtde_fields.h"

namespace gripbench::hal {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Enough for a burst; the newest matter.
constexpr std::size_t kMostMessages = 16;
/// How many packages of a stream may precede an answer: eight seconds at 125 Hz.
constexpr int kMostBeforeAnswer = 1000;
/// Between two requests for an input that another connection still holds (s).
constexpr Duration kBetweenClaims{0.02};
/// Beats return to 0 here.
constexpr std::int32_t kMostBeats = 1'000'000'000;

/// No quantity of an arm is larger in its unit, bytes gone astray mostly are.
bool is_plausible(double number) { return std::abs(number) < 1e12; }

bool is_plausible(const RtdeValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return is_plausible(*number);
  if (const auto* vector = std::get_if<std::array<double, 6>>(&value)) {
    return std::all_of(vector->begin(), vector->end(), [](double x) { return is_plausible(x); });
  }
  return true;
}

}  // namespace

RtdeClient::Session::Session(const RtdeOptions& options, const std::vector<RtdeField>& fields)
    : options_(options),
      fields_(fields),
      connection_(TcpConnection::connect(options.host, options.port, options.answer_timeout)) {
  for (std::size_t i = 0; i < fields.size(); ++i) wanted_.push_back({fields[i].name, i});
  negotiate_protocol();
}

std::optional<RtdePackage> RtdeClient::Session::take_package(Duration timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  while (true) {
    while (std::optional<RtdePackage> package = framer_.next()) {
      if (package->type != RtdePackageType::kTextMessage) return package;
      if (messages_.size() == kMostMessages) messages_.erase(messages_.begin());
      messages_.push_back(parse_text_message(package->payload));
    }
    const ByteView bytes =
        connection_.receive(std::max<Duration>(Duration(0.0), deadline - SteadyClock::now()));
    if (bytes.empty()) return std::nullopt;
    framer_.append(bytes);
  }
}

RtdePackage RtdeClient::Session::ask(const RtdePackage& request, const std::string& what) {
  connection_.send(encode(request));
  for (int skipped = 0; skipped < kMostBeforeAnswer; ++skipped) {
    std::optional<RtdePackage> package = take_package(options_.answer_timeout);
    if (!package) break;
    if (package->type == request.type) return *std::move(package);
    // Data of a stream that runs already may come before the answer.
    if (package->type != RtdePackageType::kData) {
      throw WireError(fmt::format("expected {} from {}, got an RTDE package of type '{}'", what,
                                  connection_.peer(), static_cast<char>(package->type)));
    }
  }
  throw SilenceError(fmt::format(
      "expected {} from {} within {} s, nothing came; is it a UR controller's RTDE port (30004)?",
      what, connection_.peer(), options_.answer_timeout.count()));
}

void RtdeClient::Session::negotiate_protocol() {
  const RtdePackage answer =
      ask(make_protocol_request(kRtdeProtocol), "an answer in RTDE protocol 2");
  if (!parse_accepted(answer.payload)) {
    throw WireError(fmt::format(
        "expected RTDE protocol 2 from {}, got a controller that refuses it; firmware 3.4 or newer "
        "is needed",
        connection_.peer()));
  }
  const RtdePackage version =
      ask({RtdePackageType::kControllerVersion, {}}, "the controller's version");
  version_ = parse_controller_version(version.payload);
}

void RtdeClient::Session::start() {
  // Every round replaces or drops what the firmware lacks, so it ends.
  while (!negotiate_recipe()) {
  }
  claim_beat_input();
  const RtdePackage answer = ask({RtdePackageType::kStart, {}}, "the start of the state stream");
  if (!parse_accepted(answer.payload)) {
    throw WireError(fmt::format("{} refuses to start the state stream", connection_.peer()));
  }
}

bool RtdeClient::Session::negotiate_recipe() {
  RtdeRecipeRequest request{options_.frequency, {}};
  for (const Wanted& wanted : wanted_) request.names.push_back(wanted.name);
  const RtdeRecipeAnswer answer =
      parse_recipe_answer(ask(make_output_request(request), "an answer to the recipe").payload);
  if (answer.types.size() != wanted_.size()) {
    throw WireError(fmt::format("expected types of {} RTDE fields from {}, got {}", wanted_.size(),
                                connection_.peer(), answer.types.size()));
  }
  recipe_ = {answer.id, {}};
  bool complete = true;
  auto wanted = wanted_.begin();
  for (const std::string& name : answer.types) {
    const RtdeType expected = fields_[wanted->field].type;
    const std::optional<RtdeType> type = rtde_type_named(name);
    if (type && *type != expected) {
      throw WireError(fmt::format("expected RTDE field '{}' to be {}, got {} from firmware {}",
                                  wanted->name, name_of(expected), name, describe(version_)));
    }
    if (type) {
      recipe_.types.push_back(*type);
      ++wanted;
    } else {
      replace(wanted);
      complete = false;
    }
  }
  return complete;
}

/// Puts the field's other variable in place of one that the firmware lacks, or drops it; leaves the
/// iterator at the next variable.
void RtdeClient::Session::replace(std::vector<Wanted>::iterator& wanted) {
  const RtdeField& field = fields_[wanted->field];
  const std::optional<RtdeVariable> known = rtde_output(field.name);
  const std::string since = known ? " (it came with " + describe(known->since) + ")" : "";
  if (wanted->name == field.name && !field.otherwise.empty()) {
    replaced_.push_back(fmt::format("firmware {} has no RTDE field '{}'{}; '{}' stands in",
                                    describe(version_), field.name, since, field.otherwise));
    wanted->name = field.otherwise;
    ++wanted;
    return;
  }
  if (field.required) {
    throw WireError(fmt::format(
        "expected RTDE field '{}'{} from {}, got NOT_FOUND: firmware {} does not have it; update "
        "the controller",
        wanted->name, since, connection_.peer(), describe(version_)));
  }
  replaced_.push_back(fmt::format("firmware {} has no RTDE field '{}'{}; it is done without",
                                  describe(version_), field.name, since));
  wanted = wanted_.erase(wanted);
}

void RtdeClient::Session::claim_beat_input() {
  const std::string& name = options_.beat_input;
  if (name.empty()) return;
  // A controller takes a moment to let go of what a connection that broke had claimed.
  const auto deadline = SteadyClock::now() + options_.answer_timeout;
  while (true) {
    const RtdeRecipeAnswer answer = parse_recipe_answer(
        ask(make_input_request({name}), "an answer to the input recipe").payload);
    const std::string type = answer.types.size() == 1 ? answer.types.front() : "";
    if (type == name_of(RtdeType::kInt32)) {
      beat_recipe_ = answer.id;
      return;
    }
    if (type != "IN_USE") {
      throw WireError(
          fmt::format("expected RTDE input '{}' of {} to be {}, got {} from firmware {}", name,
                      connection_.peer(), name_of(RtdeType::kInt32),
                      type.empty() ? "no type" : type, describe(version_)));
    }
    if (SteadyClock::now() > deadline) {
      throw WireError(fmt::format(
          "another client of {} writes RTDE input '{}'; end it, or choose another register",
          connection_.peer(), name));
    }
    std::this_thread::sleep_for(kBetweenClaims);
  }
}

void RtdeClient::Session::beat() {
  if (options_.beat_input.empty()) return;
  beats_ = beats_ < kMostBeats ? beats_ + 1 : 0;
  connection_.send(encode(make_data(beat_recipe_, {beats_})));
}

std::optional<std::vector<std::optional<RtdeValue>>> RtdeClient::Session::next(Duration timeout) {
  std::optional<RtdePackage> package = take_package(timeout);
  if (!package) return std::nullopt;
  if (package->type != RtdePackageType::kData) {
    throw WireError(fmt::format("expected RTDE data from {}, got a package of type '{}'",
                                connection_.peer(), static_cast<char>(package->type)));
  }
  std::vector<RtdeValue> values = parse_data(package->payload, recipe_);
  std::vector<std::optional<RtdeValue>> by_field(fields_.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_plausible(values[i])) {
      throw WireError(
          fmt::format("RTDE field '{}' from {} is garbled", wanted_[i].name, connection_.peer()));
    }
    by_field[wanted_[i].field] = values[i];
  }
  return by_field;
}

}  // namespace gripbench::hal
