#pragma once

#include "hal/camera.h"

namespace gripbench::hal {

/// A camera behind a gel: a GelSight finger pad.
///
/// Image x runs along the pad across the finger, image y down the finger towards its tip.
class TactileSensor : public Camera {
 public:
  /// Distance on the gel's surface that one pixel spans (m).
  virtual double pixel_pitch() const = 0;
};

}  // namespace gripbench::hal
