#include "experiments/object_workshop.h"

#include <utility>

#include "sim/mesh_object.h"
#include "sim/object_portrait.h"

namespace gripbench::experiments {

struct PortraitStudio::Renderer {
  sim::ObjectPortraits portraits;
};

PortraitStudio::PortraitStudio(const std::filesystem::path& assets, int width_px, int height_px)
    : renderer_(new Renderer{{assets / "mjcf" / "studio.xml", width_px, height_px}}) {}

PortraitStudio::~PortraitStudio() = default;

cv::Mat PortraitStudio::portrait(const hal::ObjectDescription& object) {
  return renderer_->portraits.draw(object);
}

ImportedMesh import_mesh(const MeshImport& wish) {
  sim::MeshObjectOptions options;
  options.scale = wish.scale;
  options.rotation = wish.rotation;
  options.mass = wish.mass;
  options.mass_centre = wish.mass_centre;
  options.sampling.jobs = wish.jobs;
  sim::MeshObject object = sim::make_mesh_object(wish.file, options);
  return {.solid = std::move(object.solid),
          .position = object.position,
          .mass_centre = object.mass_centre,
          .volume = object.volume,
          .largest_error = object.error.largest,
          .notes = std::move(object.notes)};
}

}  // namespace gripbench::experiments
