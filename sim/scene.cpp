#include "sim/scene.h"

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

constexpr char kSceneName[] = "scene.xml";

/// Copies a buffer into the file system. MuJoCo 2 fills a file that it made empty, MuJoCo 3 takes
/// the buffer; the calls depend on the argument's type so that only the one declared is looked up.
template <typename Vfs>
int add_buffer(Vfs* vfs, const char* name, const void* bytes, int size) {
  if constexpr (requires { mj_addBufferVFS(vfs, name, bytes, size); }) {
    return mj_addBufferVFS(vfs, name, bytes, size);
  } else {
    const int status = mj_makeEmptyFileVFS(vfs, name, size);
    if (status == 0) std::memcpy(vfs->filedata[mj_findFileVFS(vfs, name)], bytes, size);
    return status;
  }
}

/// MuJoCo's files in memory; the structure is too large for the stack in MuJoCo 2.
class MemoryFiles {
 public:
  MemoryFiles() : vfs_(std::make_unique<mjVFS>()) { mj_defaultVFS(vfs_.get()); }
  ~MemoryFiles() { mj_deleteVFS(vfs_.get()); }
  MemoryFiles(const MemoryFiles&) = delete;
  MemoryFiles& operator=(const MemoryFiles&) = delete;

  void add(const std::string& name, const void* bytes, std::size_t size) {
    if (add_buffer(vfs_.get(), name.c_str(), bytes, static_cast<int>(size)) != 0) {
      throw hal::InputError("scene: cannot hold the file '" + name +
                            "' in memory; is its name used twice?");
    }
  }
  const mjVFS* get() const { return vfs_.get(); }

 private:
  std::unique_ptr<mjVFS> vfs_;
};

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) throw hal::InputError(file.string() + ": cannot be read; is it the rig's MJCF file?");
  return text;
}

/// MJCF merges repeated sections, so the object's come as sections of their own at the end.
std::string with_object(const std::filesystem::path& file, std::string xml,
                        const ObjectAssets& object) {
  const std::size_t end = xml.rfind("</mujoco>");
  if (end == std::string::npos) {
    throw hal::InputError(file.string() + ": has no closing </mujoco>; is it an MJCF file?");
  }
  xml.insert(
      end, "<asset>" + object.asset_xml + "</asset><worldbody>" + object.body_xml + "</worldbody>");
  return xml;
}

}  // namespace

MujocoModel build_scene(const std::filesystem::path& rig_xml, const ObjectAssets* object,
                        double timestep) {
  if (!(timestep > 0.0)) throw std::invalid_argument("build_scene: the time step must be positive");
  install_mujoco_handlers();
  std::string xml = read_text(rig_xml);
  MemoryFiles files;
  if (object != nullptr) {
    xml = with_object(rig_xml, std::move(xml), *object);
    for (const auto& [name, bytes] : object->files) files.add(name, bytes.data(), bytes.size());
  }
  files.add(kSceneName, xml.data(), xml.size());
  std::array<char, 1000> message{};
  MujocoModel model(mj_loadXML(kSceneName, files.get(), message.data(), message.size()));
  if (!model) {
    std::string line(message.data());
    for (char& c : line) {
      if (c == '\n') c = ' ';
    }
    throw hal::InputError(rig_xml.string() + (object != nullptr ? " with an object" : "") +
                          ": does not compile: " + line);
  }
  model->opt.timestep = timestep;
  return model;
}

}  // namespace gripbench::sim
