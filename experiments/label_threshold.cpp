#include "experiments/label_threshold.h"

#include <yaml-cpp/yaml.h>

#include "experiments/slip_label.h"
#include "hal/errors.h"

namespace gripbench::experiments {

double slip_threshold(const DatasetInfo& info) {
  try {
    const YAML::Node label = YAML::Load(info.protocol_text)["label"];
    return label ? label["slip_distance"].as<double>() : LabelThresholds{}.slip_distance;
  } catch (const YAML::Exception& wrong) {
    throw hal::InputError(std::string("the data set's protocol cannot be read: ") + wrong.what() +
                          "; copy or collect the data set again");
  }
}

}  // namespace gripbench::experiments
