#include "sim/egl_context.h"

#include <cstring>
#include <string>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

constexpr char kDevice[] = "renderer";

[[noreturn]] void fail(const std::string& what) {
  throw hal::DeviceError(kDevice,
                         what + "; install the packages libegl1, libgl1 and libgl1-mesa-dri");
}

bool has_extension(const char* list, const char* name) {
  const std::string padded = fmt::format(" {} ", list ? list : "");
  return padded.find(fmt::format(" {} ", name)) != std::string::npos;
}

EGLDisplay initialized(EGLDisplay display) {
  if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr)) {
    return EGL_NO_DISPLAY;
  }
  // Without this extension a context needs a surface, and we have none.
  const char* extensions = eglQueryString(display, EGL_EXTENSIONS);
  const bool usable =
      has_extension(extensions, "EGL_KHR_surfaceless_context") && eglBindAPI(EGL_OPENGL_API);
  return usable ? display : EGL_NO_DISPLAY;
}

EGLDisplay open_surfaceless(const char* client_extensions) {
  if (!has_extension(client_extensions, "EGL_MESA_platform_surfaceless")) return EGL_NO_DISPLAY;
  return initialized(
      eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr));
}

EGLDisplay open_first_device(const char* client_extensions) {
  if (!has_extension(client_extensions, "EGL_EXT_platform_device")) return EGL_NO_DISPLAY;
  const auto query_devices =
      reinterpret_cast<PFNEGLQUERYDEVICESEXTPROC>(eglGetProcAddress("eglQueryDevicesEXT"));
  EGLDeviceEXT devices[16];
  EGLint count = 0;
  if (!query_devices || !query_devices(16, devices, &count)) return EGL_NO_DISPLAY;
  for (EGLint i = 0; i < count; ++i) {
    const EGLDisplay display =
        initialized(eglGetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, devices[i], nullptr));
    if (display != EGL_NO_DISPLAY) return display;
  }
  return EGL_NO_DISPLAY;
}

EGLDisplay open_display() {
  // MuJoCo looks its OpenGL functions up in libGL and ends the process when there is none, and
  // closes the library again afterwards; so it is looked for, and kept, here.
  if (!dlopen("libGL.so.1", RTLD_LAZY | RTLD_LOCAL) && !dlopen("libGL.so", RTLD_LAZY)) {
    fail("no OpenGL library (libGL.so.1)");
  }
  const char* client_extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
  EGLDisplay display = open_surfaceless(client_extensions);
  if (display == EGL_NO_DISPLAY) display = open_first_device(client_extensions);
  if (display == EGL_NO_DISPLAY) display = initialized(eglGetDisplay(EGL_DEFAULT_DISPLAY));
  if (display == EGL_NO_DISPLAY) fail("no EGL display that can draw desktop OpenGL off-screen");
  return display;
}

EGLDisplay process_display() {
  static const EGLDisplay display = open_display();
  return display;
}

}  // namespace

struct EglContext::Handle {
  EGLDisplay display = EGL_NO_DISPLAY;
  EGLContext context = EGL_NO_CONTEXT;

  ~Handle() {
    if (context != EGL_NO_CONTEXT) eglDestroyContext(display, context);
  }
};

EglContext::EglContext() : handle_(std::make_unique<Handle>()) {
  handle_->display = process_display();
  // The choice of API is each thread's own.
  eglBindAPI(EGL_OPENGL_API);
  const EGLint wanted[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0, EGL_NONE};
  EGLConfig config = nullptr;
  EGLint count = 0;
  if (!eglChooseConfig(handle_->display, wanted, &config, 1, &count) || count == 0) {
    fail("EGL offers no configuration with desktop OpenGL");
  }
  // No version is asked for: EGL then gives the highest compatible with OpenGL 1.0, that is, with
  // the fixed-function pipeline that MuJoCo draws with.
  handle_->context = eglCreateContext(handle_->display, config, EGL_NO_CONTEXT, nullptr);
  if (handle_->context == EGL_NO_CONTEXT) {
    fail(fmt::format("EGL cannot make an OpenGL context (error 0x{:x})", eglGetError()));
  }
}

EglContext::~EglContext() = default;
EglContext::EglContext(EglContext&&) noexcept = default;
EglContext& EglContext::operator=(EglContext&&) noexcept = default;

EglContext::Current::Current(const EglContext& context) {
  eglBindAPI(EGL_OPENGL_API);
  const Handle& handle = *context.handle_;
  if (!eglMakeCurrent(handle.display, EGL_NO_SURFACE, EGL_NO_SURFACE, handle.context)) {
    throw hal::DeviceError(
        kDevice, fmt::format("cannot use the OpenGL context (EGL error 0x{:x}); is another thread "
                             "drawing with the same one?",
                             eglGetError()));
  }
}

EglContext::Current::~Current() {
  eglMakeCurrent(process_display(), EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
}

}  // namespace gripbench::sim
