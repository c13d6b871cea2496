#include <nlohmann/json.hpp>

#include "detectors/detector_file.h"
#include "detectors/learned_detector.h"
#include "detectors/threshold_detector.h"

namespace gripbench::detectors {

std::unique_ptr<SlipDetector> load_detector(const std::filesystem::path& file) {
  const auto kind = parse_header(read_detector_file(file)).at("kind").get<std::string>();
  if (kind == "learned") {
    return LearnedDetector::load(file);
  }
  if (kind == "threshold") {
    return ThresholdDetector::load(file);
  }
  refuse_detector_file(file, "its kind '" + kind + "' is unknown; learned and threshold are known");
}

}  // namespace gripbench::detectors
