#include "experiments/episode.h"

#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

constexpr std::array<std::pair<SlipKind, const char*>, kSlipKinds> kKinds = {
    {{SlipKind::kStable, "stable"},
     {SlipKind::kIncipient, "incipient"},
     {SlipKind::kTranslation, "translation"},
     {SlipKind::kRotation, "rotation"},
     {SlipKind::kLost, "lost"},
     {SlipKind::kUnknown, "unknown"}}};

}  // namespace

const char* to_string(SlipKind kind) { return kKinds.at(static_cast<std::size_t>(kind)).second; }

SlipKind slip_kind_from(const std::string& word) {
  for (const auto& [kind, name] : kKinds) {
    if (word == name) return kind;
  }
  throw hal::InputError(fmt::format(
      "'{}' is no kind of slip; it is stable, incipient, translation, rotation, lost or unknown",
      word));
}

}  // namespace gripbench::experiments
