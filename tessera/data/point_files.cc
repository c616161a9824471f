#include "tessera/data/point_files.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/data/class_labels.h"
#include "tessera/data/csv.h"
#include "tessera/data/npy.h"
#include "tessera/data/point_cloud.h"
#include "tessera/data/points.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

struct PointFile {
  std::string name, path, label;  // name: as the set has it
};

std::string_view unpacked_name(std::string_view name) {
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return name;
}

bool is_point_file(std::string_view name) {
  const std::string_view plain = unpacked_name(name);
  for (const char* end : {".off", ".pcd", ".xyz", ".txt", ".pts", ".npy"})
    if (plain.ends_with(end)) return !name.starts_with('.');
  return false;
}

bool is_point_table(std::string_view path) {
  return unpacked_name(path).ends_with(".csv");
}

// Files below `folder`, in the order of their names.
void add_files(const std::string& folder, const std::string& prefix, const std::string& label,
               std::vector<PointFile>& files) {
  for (const std::string& name : names_in_folder(folder)) {
    const std::string path = folder + "/" + name;
    if (name.starts_with('.')) continue;
    if (is_folder(path))
      add_files(path, prefix + name + "/", label, files);
    else if (is_point_file(name))
      files.push_back({prefix + name, path, label});
  }
}

std::vector<PointFile> files_of_folder(const std::string& folder, bool labelled) {
  std::vector<PointFile> files;
  if (!labelled) {
    add_files(folder, "", "", files);
    return files;
  }
  for (const std::string& name : names_in_folder(folder)) {
    const std::string path = folder + "/" + name;
    if (is_folder(path) && !name.starts_with('.'))
      add_files(path, name + "/", name, files);
    else if (is_point_file(name))
      fail(
          "{}: found a file beside the folders of the classes, expected CLASS/FILE (or a table with the "
          "columns "
          "'file' and 'label')",
          path);
  }
  return files;
}

std::vector<PointFile> files_of_table(const std::string& path, bool labelled) {
  const Table table = parse_csv(read_file_maybe_gzip(path), path, {.text_columns = {"file", "label"}});
  const Column& names = table.column("file");
  const Column* labels = labelled ? &table.column("label") : nullptr;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  std::vector<PointFile> files;
  for (std::size_t i = 0; i < names.texts.size(); ++i) {
    const std::string& name = names.texts[i];
    if (!is_point_file(name.substr(name.rfind('/') + 1)))
      fail("{}:{}: column 'file': found '{}', expected a file .off, .pcd, .xyz, .txt, .pts or .npy", path,
           table.lines[i], name);
    if (labels && labels->texts[i].empty())
      fail("{}:{}: column 'label': found an empty field, expected a label", path, table.lines[i]);
    files.push_back({name, name.starts_with('/') ? name : folder + name, labels ? labels->texts[i] : ""});
  }
  return files;
}

std::vector<PointFile> list_files(const std::string& path, bool labelled) {
  if (!exists(path)) fail("{}: there is no such file or folder, expected meshes or clouds", path);
  std::vector<PointFile> files;
  if (is_folder(path))
    files = files_of_folder(path, labelled);
  else if (is_point_table(path))
    files = files_of_table(path, labelled);
  else if (labelled)
    fail(
        "{}: found a file, expected a folder with one folder for each class, or a table with the columns "
        "'file' "
        "and 'label'",
        path);
  else
    files.push_back({path.substr(path.rfind('/') + 1), path, ""});
  if (files.empty())
    fail("{}: there is no file .off, .pcd, .xyz, .txt, .pts or .npy{}, expected at least one", path,
         labelled ? " in a folder of a class" : "");
  return files;
}

// A mesh or a cloud, by the name.
struct Shape3d {
  std::optional<Mesh> mesh;
  Tensor points;  // float32 [points, 3]
};

Shape3d parse_file(const std::string& bytes, const std::string& path) {
  const std::string text = unpack_maybe_gzip(bytes, path);
  const std::string_view name = unpacked_name(path);
  if (name.ends_with(".off")) return {parse_off(text, path), {}};
  if (name.ends_with(".pcd")) return {std::nullopt, parse_pcd(text, path).points};
  if (!name.ends_with(".npy")) return {std::nullopt, parse_xyz(text, path).points};
  const Tensor array = parse_npy(text, path);
  if (array.rank() != 2 || array.size(1) != 3 || !is_floating(array.dtype()))
    fail("{}: the array is {} {}, expected floating numbers [points, 3]", path, dtype_name(array.dtype()),
         array.shape().to_string());
  return {std::nullopt, array.to(DType::kFloat32)};
}

// `count` of the points in their order, chosen by random keys; or all of them, over and over.
Tensor chosen_points(const Tensor& points, std::int64_t count, RandomSource& random,
                     const std::string& name) {
  const std::int64_t found = points.size(0);
  std::vector<std::int64_t> positions;
  if (found > count) {
    positions = random.permutation(name, found).to_vector<std::int64_t>();
    positions.resize(static_cast<std::size_t>(count));
    std::sort(positions.begin(), positions.end());
  } else {
    for (std::int64_t i = 0; i < count; ++i) positions.push_back(i % found);
  }
  return take_samples(points, positions);
}

Tensor points_of(const std::string& bytes, const std::string& path, const DatasetSource& source) {
  const Shape3d shape = parse_file(bytes, path);
  RandomSource random(source.seed);
  const std::string stream = "points/" + to_hex(sha256(bytes));
  Tensor points;
  if (shape.mesh) {
    points = sample_surface(*shape.mesh, source.points, random, stream);
  } else {
    const Tensor finite = finite_points(shape.points);
    if (finite.size(0) == 0)
      fail("{}: there is no point with finite coordinates, expected at least one", path);
    points = chosen_points(finite, source.points, random, stream);
  }
  return source.scale == 1 ? points : points / source.scale;
}

void check_finite(const Tensor& points, const std::string& path, double scale) {
  for (const float value : points.to_vector<float>())
    if (!std::isfinite(value))
      fail("{}: a coordinate divided by the scale {} is too large, expected at most {} (float32)", path,
           scale, std::numeric_limits<float>::max());
}

void add_file(Sha256& digest, const std::string& bytes, const PointFile& file) {
  digest.add_item(to_hex(sha256(bytes))).add_item(file.label).add_item(file.name);
}

}  // namespace

std::string point_files_digest(const std::string& path) {
  Sha256 digest;
  for (const PointFile& file : list_files(path, true)) add_file(digest, read_file(file.path), file);
  return to_hex(digest.finish());
}

Dataset read_point_files(const DatasetSource& source) {
  if (source.points < 1) fail("the number of points is {}, expected at least 1", source.points);
  const std::vector<PointFile> files = list_files(source.features, source.read_labels);
  Dataset dataset;
  Sha256 digest;
  std::vector<Tensor> clouds;
  std::vector<std::string> labels;
  for (const PointFile& file : files) {
    const std::string bytes = read_file(file.path);
    add_file(digest, bytes, file);
    const Tensor points = points_of(bytes, file.path, source);
    check_finite(points, file.path, source.scale);
    clouds.push_back(reshape(points, {1, source.points, 3}));
    labels.push_back(file.label);
    dataset.names.push_back(file.name);
  }
  dataset.features = concatenate(clouds, 0);
  const std::string found = to_hex(digest.finish());
  dataset.inputs.push_back({"features", source.features, found, found});
  if (!source.read_labels) return dataset;
  dataset.classes = source.classes.empty() ? sorted_classes(labels) : source.classes;
  const std::vector<std::int64_t> positions =
      label_positions(labels, dataset.classes, [&](std::size_t i) { return files[i].path; });
  dataset.labels = Tensor::from<std::int64_t>(positions, {static_cast<std::int64_t>(positions.size())});
  return dataset;
}

}  // namespace tessera::data
