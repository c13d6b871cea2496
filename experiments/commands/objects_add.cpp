#include <algorithm>
#include <cctype>
#include <memory>
#include <numbers>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/file_io.h"
#include "experiments/object_workshop.h"
#include "hal/errors.h"
#include "hal/objects.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

namespace {

struct AddOptions {
  fs::path mesh, out;
  std::string name, title;
  double mass = 0.0, scale = 1.0;
  std::optional<double> friction, friction_gel, friction_rubber, surface_stiffness;
  std::vector<double> rotate_deg = {0, 0, 0}, mass_centre, color = {0.5, 0.5, 0.5};
  double gloss = 0.2;
  int jobs = default_jobs();
  bool replace = false;
};

Eigen::Vector3d to_vector(const std::vector<double>& v) { return {v[0], v[1], v[2]}; }

void check_name(const std::string& name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::islower(c) || std::isdigit(c) || c == '_';
  });
  if (!plain) {
    throw hal::InputError(
        fmt::format("--name '{}': a name is made of small letters, digits and underscores", name));
  }
}

double friction_of(const AddOptions& options, const std::optional<double>& own, const char* flag) {
  if (own) return *own;
  if (options.friction) return *options.friction;
  throw hal::InputError(
      fmt::format("{} is missing; give it, or --friction for both fingers", flag));
}

/// A text as YAML's quoted scalar.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') continue;
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string list(const Eigen::Vector3d& v) {
  return fmt::format("[{:.9g}, {:.9g}, {:.9g}]", v.x(), v.y(), v.z());
}

std::string description(const AddOptions& options, const ImportedMesh& object,
                        const std::string& checksum) {
  std::string yaml = fmt::format("title: {}\n", quoted(options.title));
  yaml +=
      fmt::format("source: {}\n",
                  quoted(fmt::format("Mesh {}, scaled by {:g}; mass and friction as given when it "
                                     "was added",
                                     options.mesh.filename().string(), options.scale)));
  yaml += fmt::format("mass: {:.9g}\nmass_centre: {}\n", options.mass, list(object.mass_centre));
  yaml += fmt::format("friction: {{gel: {:.9g}, rubber: {:.9g}}}\n",
                      friction_of(options, options.friction_gel, "--friction-gel"),
                      friction_of(options, options.friction_rubber, "--friction-rubber"));
  if (options.surface_stiffness) {
    yaml += fmt::format("surface_stiffness: {:.9g}\n", *options.surface_stiffness);
  }
  yaml += fmt::format("parts:\n  - {{kind: mesh, file: {}.mesh, checksum: \"{}\", position: {}}}\n",
                      options.name, checksum, list(object.position));
  yaml += "texture: {kind: smooth}\n";
  yaml += fmt::format("appearance: {{print: plain, color: {}, gloss: {:.9g}}}\n",
                      list(to_vector(options.color)), options.gloss);
  return yaml;
}

/// Writes the three files of the object, all or none. What they replace is kept until they are
/// whole.
void write_object(const AddOptions& options, const ImportedMesh& object) {
  const std::string mesh = hal::encode_mesh_solid(object.solid);
  std::string ending = options.mesh.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  // Tried out in a folder of its own, whose name no catalogue takes for an object's.
  const FolderContent content = {
      {options.name + ".mesh", mesh},
      {options.name + ending, read_file(options.mesh)},
      {options.name + ".yaml", description(options, object, hal::mesh_checksum(mesh))}};
  const fs::path trial = options.out / (options.name + ".adding");
  write_folder(trial, content);
  try {
    hal::load_object(trial / (options.name + ".yaml"));
    // The description last: without it the others are no object.
    for (const std::string& part :
         {options.name + ending, options.name + ".mesh", options.name + ".yaml"}) {
      fs::rename(trial / part, options.out / part);
    }
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(trial);
    throw hal::StorageError(fmt::format("{}: {}", options.out.string(), error.code().message()));
  } catch (...) {
    fs::remove_all(trial);
    throw;
  }
  fs::remove_all(trial);
}

void add_object(const AddOptions& options) {
  check_name(options.name);
  const fs::path file = options.out / (options.name + ".yaml");
  if (fs::exists(file) && !options.replace) {
    throw hal::InputError(file.string() + ": is there already; give another --name, or --replace");
  }
  friction_of(options, options.friction_gel, "--friction-gel");
  friction_of(options, options.friction_rubber, "--friction-rubber");
  MeshImport wish{.file = options.mesh,
                  .scale = options.scale,
                  .rotation = to_vector(options.rotate_deg) * (std::numbers::pi / 180.0),
                  .mass = options.mass,
                  .mass_centre = std::nullopt,
                  .jobs = options.jobs};
  if (!options.mass_centre.empty()) wish.mass_centre = to_vector(options.mass_centre);
  const ImportedMesh object = import_mesh(wish);
  write_object(options, object);
  const Eigen::Vector3d extents = object.solid.bounds_max() - object.solid.bounds_min();
  for (const std::string& note : object.notes) fmt::print("note: {}\n", note);
  fmt::print(
      "{}: {:.1f} x {:.1f} x {:.1f} mm, {:.1f} cm^3, {} triangles; surface within {:.4f} mm\n",
      file.string(), 1e3 * extents.x(), 1e3 * extents.y(), 1e3 * extents.z(), 1e6 * object.volume,
      object.solid.triangles.size(), 1e3 * object.largest_error);
}

}  // namespace

void add_objects_add_command(CLI::App& objects) {
  auto options = std::make_shared<AddOptions>();
  options->out = assets_folder() / "objects";
  CLI::App* command = objects.add_subcommand("add", "Make a watertight OBJ or STL an object");
  command->add_option("FILE", options->mesh, "The mesh: .obj, .stl")->required();
  command->add_option("--name", options->name, "Name in the catalogue")->required();
  command->add_option("--mass", options->mass, "kg")->required()->check(CLI::Range(1e-3, 10.0));
  command->add_option("--friction", options->friction, "Static friction with both fingers")
      ->check(CLI::Range(0.0, 5.0));
  command->add_option("--friction-gel", options->friction_gel, "... with the gel's membrane")
      ->check(CLI::Range(0.0, 5.0));
  command->add_option("--friction-rubber", options->friction_rubber, "... with the plain finger")
      ->check(CLI::Range(0.0, 5.0));
  command
      ->add_option("--surface-stiffness", options->surface_stiffness,
                   "Of a soft object's surface (N/m^3); without it the object is rigid")
      ->check(CLI::PositiveNumber);
  command->add_option("--scale", options->scale, "Metres per unit of the file; 0.001 for mm")
      ->check(CLI::Range(1e-9, 1e9))
      ->capture_default_str();
  const auto three = [&](const char* flag, std::vector<double>& into, const char* help) {
    return command->add_option(flag, into, help)->delimiter(',')->expected(3);
  };
  three("--rotate", options->rotate_deg, "Turns about x, then y, then z, so that z is up (degrees)")
      ->check(CLI::Range(-360.0, 360.0));
  three("--mass-centre", options->mass_centre,
        "From the middle of the footprint (m); without it that of one density");
  three("--color", options->color, "Red, green, blue, 0 to 1")->check(CLI::Range(0.0, 1.0));
  command->add_option("--gloss", options->gloss, "0 matt to 1 mirror-like")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--title", options->title, "What a person calls it");
  command->add_option("--out", options->out, "Folder of the catalogue")->capture_default_str();
  command->add_flag("--replace", options->replace, "Replace an object of this name");
  add_jobs_option(*command, options->jobs);
  command->footer(
      "Example:\n  gripbench objects add mug.stl --name mug --scale 0.001 --mass 0.31 --friction "
      "0.5");
  command->callback([options] {
    if (options->title.empty()) options->title = options->name;
    add_object(*options);
  });
}

}  // namespace gripbench::experiments
