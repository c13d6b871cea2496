#pragma once

#include <memory>

namespace gripbench::sim {

/// An OpenGL context without a window or a display, through EGL.
///
/// Desktop OpenGL in its compatibility profile, as MuJoCo's renderer asks for; it has no default
/// framebuffer, so draw into framebuffer objects. A context belongs to no thread: whoever draws
/// holds a `Current` for as long as the drawing takes. Two contexts may be used by two threads at
/// once, one context by one thread at a time.
///
/// Tried in this order: Mesa's surfaceless platform, the first EGL device, the default display.
/// The EGL display is opened once per process and stays open, since EGL does not count its users.
class EglContext {
 public:
  /// @throws hal::DeviceError if no such context is to be had; names the packages to install.
  EglContext();
  ~EglContext();
  EglContext(EglContext&&) noexcept;
  EglContext& operator=(EglContext&&) noexcept;

  /// Makes the context the calling thread's while it lives, then leaves the thread without one.
  class Current {
   public:
    /// @throws hal::DeviceError if another thread is using the context.
    explicit Current(const EglContext& context);
    ~Current();
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;
  };

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace gripbench::sim
