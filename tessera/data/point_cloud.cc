#include "tessera/data/point_cloud.h"

#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/float_environment.h"
#include "tessera/data/lines.h"
#include "tessera/data/npy.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

float coordinate(const Lines& lines, double value, std::int64_t point) {
  const auto rounded = static_cast<float>(value);
  if (std::isinf(rounded)) lines.reject("point {}: a coordinate is {}, beyond float32", point, value);
  return rounded;
}

Tensor points_of_npy(const std::string& path) {
  const Tensor array = read_npy(path);
  if (array.rank() < 2 || array.size(array.rank() - 1) != 3 ||
      (array.dtype() != DType::kFloat32 && array.dtype() != DType::kFloat64))
    fail("{}: the array is {} {}, expected points [..., 3] of floating numbers", path,
         dtype_name(array.dtype()), array.shape().to_string());
  return array.dtype() == DType::kFloat32 ? array : cast(array, DType::kFloat32);
}

}  // namespace

PointCloud parse_xyz(std::string_view text, const std::string& source) {
  const FloatEnvironment contract;  // for the rounding
  Lines lines(text, source);
  std::vector<float> points;
  std::vector<std::vector<double>> others;
  std::size_t columns = 0;
  std::int64_t count = 0;
  for (; lines.next(); ++count) {
    std::string line(lines.text());
    for (char& c : line)
      if (c == ',' || c == ';') c = ' ';
    const std::vector<std::string_view> words = split_at_blanks(line);
    if (count == 0) {
      columns = words.size();
      if (columns < 3) lines.reject("point 0 has {} numbers, expected at least 3", columns);
      others.resize(columns - 3);
    }
    if (words.size() != columns)
      lines.reject("point {} has {} numbers, expected {} as in the first line", count, words.size(), columns);
    const std::string what = fmt::format("point {}", count);
    for (std::size_t i = 0; i < columns; ++i) {
      const double value = finite_number(lines, words[i], what);
      if (i < 3)
        points.push_back(coordinate(lines, value, count));
      else
        others[i - 3].push_back(value);
    }
  }
  PointCloud cloud{Tensor::from<float>(points, {count, 3}), {}};
  for (std::size_t i = 0; i < others.size(); ++i)
    cloud.attributes[fmt::format("column_{}", i + 4)] = Tensor::from<double>(others[i], {count, 1});
  return cloud;
}

PointCloud read_xyz(const std::string& path) {
  return parse_xyz(read_file_maybe_gzip(path), path);
}

Tensor read_points(const std::string& path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".npy")) return points_of_npy(path);
  if (name.ends_with(".pcd")) return read_pcd(path).points;
  if (name.ends_with(".xyz") || name.ends_with(".txt") || name.ends_with(".pts"))
    return read_xyz(path).points;
  fail(
      "{}: the name does not say what the file is, expected .pcd, .xyz, .txt, .pts or .npy (.off is a mesh: "
      "read_off)",
      path);
}

Tensor finite_points(const Tensor& points) {
  if (points.rank() != 2 || points.size(1) != 3 || points.dtype() != DType::kFloat32)
    fail("finite_points: the points are {} {}, expected float32 [points, 3]", dtype_name(points.dtype()),
         points.shape().to_string());
  const std::vector<float> all = points.to_vector<float>();
  std::vector<float> kept;
  for (std::size_t i = 0; i < all.size(); i += 3)
    if (std::isfinite(all[i]) && std::isfinite(all[i + 1]) && std::isfinite(all[i + 2]))
      kept.insert(kept.end(), all.begin() + static_cast<std::ptrdiff_t>(i),
                  all.begin() + static_cast<std::ptrdiff_t>(i) + 3);
  return Tensor::from<float>(kept, {static_cast<std::int64_t>(kept.size()) / 3, 3});
}

}  // namespace tessera::data
