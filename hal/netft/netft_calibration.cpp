#include "hal/netft/netft_calibration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "hal/net/http_head.h"

namespace gripbench::hal {
namespace {

struct Unit {
  std::string_view name;
  double in_si;
};

// Pound-force and kilogram-force as NIST SP 811 (2008), appendix B.8, defines them.
constexpr double kPoundForce = 4.4482216152605;
constexpr double kKilogramForce = 9.80665;
constexpr double kInch = 0.0254;
constexpr double kFoot = 0.3048;

constexpr std::array<Unit, 6> kForceUnits = {{{"N", 1.0},
                                              {"lbf", kPoundForce},
                                              {"klbf", 1e3 * kPoundForce},
                                              {"kN", 1e3},
                                              {"kgf", kKilogramForce},
                                              {"kg", kKilogramForce}}};
constexpr std::array<Unit, 9> kTorqueUnits = {{{"N-m", 1.0},
                                               {"Nm", 1.0},
                                               {"lbf-in", kPoundForce* kInch},
                                               {"lbf-ft", kPoundForce* kFoot},
                                               {"N-mm", 1e-3},
                                               {"Nmm", 1e-3},
                                               {"kgf-cm", kKilogramForce * 1e-2},
                                               {"kg-cm", kKilogramForce * 1e-2},
                                               {"kN-m", 1e3}}};

double per_count(double counts, const std::string& unit, std::span<const Unit> units,
                 std::string_view what) {
  const auto known =
      std::find_if(units.begin(), units.end(), [&](const Unit& each) { return each.name == unit; });
  if (known == units.end()) {
    std::vector<std::string_view> names;
    for (const Unit& each : units) names.push_back(each.name);
    throw WireError(fmt::format("expected a unit of {} ({}), got {}", what, fmt::join(names, ", "),
                                describe_bytes(as_bytes(unit))));
  }
  if (!(counts > 0.0) || !std::isfinite(counts)) {
    throw WireError(fmt::format("expected counts per {} above 0, got {}", what, counts));
  }
  return known->in_si / counts;
}

/// The text of the first element of that name; nothing if there is none.
std::optional<std::string_view> element(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::string close = fmt::format("</{}>", name);
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view rest = xml.substr(begin + open.size());
  const std::size_t end = rest.find(close);
  if (end == std::string_view::npos) return std::nullopt;
  return trimmed(rest.substr(0, end));
}

std::string_view required(std::string_view xml, std::string_view name) {
  const auto text = element(xml, name);
  if (!text) {
    throw WireError(fmt::format("expected <{}> in netftapi2.xml, got a document without it", name));
  }
  return *text;
}

double number(std::string_view xml, std::string_view name) {
  const std::string_view text = required(xml, name);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw WireError(
        fmt::format("expected a number as <{}>, got {}", name, describe_bytes(as_bytes(text))));
  }
  return value;
}

std::int32_t to_counts(double value) {
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::lround(std::clamp(value, -kMost, kMost)));
}

}  // namespace

double NetFtCalibration::newtons_per_count() const {
  return per_count(counts_per_force, force_unit, kForceUnits, "force");
}

double NetFtCalibration::newton_metres_per_count() const {
  return per_count(counts_per_torque, torque_unit, kTorqueUnits, "torque");
}

WrenchReading to_wrench(const RdtRecord& record, const NetFtCalibration& calibration, double time) {
  const auto& counts = record.counts;
  WrenchReading wrench;
  wrench.time = time;
  wrench.force = Eigen::Vector3d(counts[0], counts[1], counts[2]) * calibration.newtons_per_count();
  wrench.torque =
      Eigen::Vector3d(counts[3], counts[4], counts[5]) * calibration.newton_metres_per_count();
  return wrench;
}

RdtRecord to_record(const WrenchReading& wrench, const NetFtCalibration& calibration) {
  RdtRecord record;
  for (int i = 0; i < 3; ++i) {
    record.counts[i] = to_counts(wrench.force[i] / calibration.newtons_per_count());
    record.counts[i + 3] = to_counts(wrench.torque[i] / calibration.newton_metres_per_count());
  }
  return record;
}

NetFtDocument parse_netft_document(std::string_view xml) {
  if (xml.size() > kLongestNetFtDocument) throw WireError("netftapi2.xml is too long");
  NetFtDocument document;
  document.product = std::string(element(xml, "prodname").value_or(""));
  NetFtCalibration& calibration = document.calibration;
  calibration.counts_per_force = number(xml, "cfgcpf");
  calibration.counts_per_torque = number(xml, "cfgcpt");
  calibration.force_unit = std::string(required(xml, "scfgfu"));
  calibration.torque_unit = std::string(required(xml, "scfgtu"));
  // Wrong ones are refused here, where it can be said where they come from.
  calibration.newtons_per_count();
  calibration.newton_metres_per_count();
  return document;
}

std::string write_netft_document(const NetFtDocument& document) {
  const NetFtCalibration& calibration = document.calibration;
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<netft>\n"
      "<prodname>{}</prodname>\n"
      "<cfgcpf>{}</cfgcpf>\n"
      "<cfgcpt>{}</cfgcpt>\n"
      "<scfgfu>{}</scfgfu>\n"
      "<scfgtu>{}</scfgtu>\n"
      "</netft>\n",
      document.product, calibration.counts_per_force, calibration.counts_per_torque,
      calibration.force_unit, calibration.torque_unit);
}

}  // namespace gripbench::hal
