#pragma once

#include <opencv2/core/mat.hpp>

#include "experiments/grasp_protocol.h"
#include "experiments/wait.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// Tells from tactile images alone whether something touches the gel.
class TouchSense {
 public:
  /// `untouched`: a picture of the gel with open jaws.
  TouchSense(const cv::Mat& untouched, const TouchRules& rules);

  /// Share of the pixels, in [0, 1], that changed by more than `pixel_difference` in any colour.
  double changed_share(const cv::Mat& image) const;

 private:
  cv::Mat prepare(const cv::Mat& image) const;

  TouchRules rules_;
  cv::Mat untouched_;
};

struct Touch {
  /// Jaw width at which the images first showed a touch (m).
  double width = 0.0;
  /// The gel before, and at that width.
  cv::Mat reference;
  cv::Mat touch;
};

/// Closes the jaws around the object from `open_width` (m), where nothing touches yet, until the
/// tactile images show a touch: coarse steps to find it, back until the gel is free again, then
/// fine steps. The jaws stay there.
/// @throws DeviceError if the jaws close without a touch or the gel does not come free again;
/// TimeoutError if a device does not answer in time; Interrupted.
Touch find_barely_touch(hal::Workcell& workcell, const GraspProtocol& protocol,
                        const StopRequest& stop, double open_width);

/// Moves the jaws to `width` (m) at `speed` (m/s) and waits until they stand.
void move_jaws(hal::Workcell& workcell, const GraspProtocol& protocol, const StopRequest& stop,
               double width, double speed);

/// Checks, once the jaws have come to a stand, that they stand between `least` and `most` (m), give
/// or take a millimetre. Jaws clamp on whatever is in their way, which need not be the object.
/// @throws DeviceError saying where they stand and how hard they press.
void check_jaws_between(hal::Workcell& workcell, double least, double most);

}  // namespace gripbench::experiments
