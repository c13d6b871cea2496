#include "experiments/protocol_facts.h"

#include <yaml-cpp/yaml.h>

#include "experiments/slip_label.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

std::optional<double> number_at(const DatasetInfo& info, const char* section, const char* key) {
  try {
    const YAML::Node node = YAML::Load(info.protocol_text)[section];
    if (!node) return std::nullopt;
    return node[key].as<double>();
  } catch (const YAML::Exception& wrong) {
    throw hal::InputError(std::string("the data set's protocol cannot be read: ") + wrong.what() +
                          "; copy or collect the data set again");
  }
}

}  // namespace

double slip_threshold(const DatasetInfo& info) {
  return number_at(info, "label", "slip_distance").value_or(LabelThresholds{}.slip_distance);
}

std::optional<double> onset_speed(const DatasetInfo& info) {
  return number_at(info, "lift", "onset_speed");
}

}  // namespace gripbench::experiments
