#include "tessera/data/points.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

using Vector = std::array<double, 3>;

Vector minus(const Vector& a, const Vector& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

double area(const Vector& a, const Vector& b, const Vector& c) {
  const Vector u = minus(b, a), v = minus(c, a);
  const Vector cross = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
  return std::sqrt(cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]) / 2;
}

struct Triangles {
  explicit Triangles(const Mesh& mesh)
      : coordinates(mesh.vertices.to_vector<double>()), corners(mesh.triangles.to_vector<std::int64_t>()) {}

  std::size_t size() const { return corners.size() / 3; }
  Vector corner(std::size_t triangle, std::size_t which) const {
    const double* at = coordinates.data() + 3 * corners[3 * triangle + which];
    return {at[0], at[1], at[2]};
  }

  std::vector<double> coordinates;
  std::vector<std::int64_t> corners;
};

// The sums of the areas of triangles 0, ..., i, in the file's order.
std::vector<double> running_areas(const Triangles& triangles) {
  std::vector<double> sums(triangles.size());
  double sum = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sum = sum + area(triangles.corner(i, 0), triangles.corner(i, 1), triangles.corner(i, 2));
    sums[i] = sum;
  }
  if (!(sum > 0) || !std::isfinite(sum))
    fail("sample_surface: the mesh has {} triangles with an area of {}, expected a positive one",
         triangles.size(), sum);
  return sums;
}

void check_cloud(const char* function, const Tensor& points, int lowest_rank) {
  if (points.rank() < lowest_rank || points.rank() > 3 || points.size(points.rank() - 1) != 3 ||
      points.dtype() != DType::kFloat32)
    fail("{}: the points are {} {}, expected float32 {}", function, dtype_name(points.dtype()),
         points.shape().to_string(),
         lowest_rank == 3 ? "[clouds, points, 3]" : "[points, 3] or [clouds, points, 3]");
}

void check_share(const char* what, double value) {
  if (!(value >= 0 && value < 1))
    fail("augment_points: {} is {}, expected at least 0 and below 1", what, value);
}

// [clouds, 3, 3], to be multiplied from the right; the angles are [clouds, 1].
Tensor rotations(const Tensor& angles, int up) {
  const Tensor c = cos(angles), s = sin(angles), none = zeros(angles.shape()), one = ones(angles.shape());
  const int first = (up + 1) % 3, second = (up + 2) % 3;
  std::vector<Tensor> entries(9, none);
  const auto at = [&](int row, int column) -> Tensor& {
    return entries[static_cast<std::size_t>(3 * row + column)];
  };
  at(up, up) = one;
  at(first, first) = at(second, second) = c;
  at(first, second) = s;
  at(second, first) = -s;
  return reshape(concatenate(entries, 1), {angles.size(0), 3, 3});
}

}  // namespace

Tensor sample_surface(const Mesh& mesh, std::int64_t count, RandomSource& random, const std::string& name) {
  if (count < 1) fail("sample_surface: the number of points is {}, expected at least 1", count);
  const std::vector<double> draws = random.uniform(name, {count, 3}, DType::kFloat64).to_vector<double>();
  const FloatEnvironment contract;
  const Triangles triangles(mesh);
  const std::vector<double> areas = running_areas(triangles);
  std::vector<float> points(static_cast<std::size_t>(count) * 3);
  for (std::size_t i = 0; i < points.size(); i += 3) {
    const auto place = std::upper_bound(areas.begin(), areas.end(), draws[i] * areas.back());
    const auto triangle = static_cast<std::size_t>(std::min(place, areas.end() - 1) - areas.begin());
    const Vector a = triangles.corner(triangle, 0), b = triangles.corner(triangle, 1),
                 c = triangles.corner(triangle, 2);
    const double root = std::sqrt(draws[i + 1]), v = draws[i + 2];
    for (std::size_t j = 0; j < 3; ++j) {
      points[i + j] = static_cast<float>((1 - root) * a[j] + root * (1 - v) * b[j] + root * v * c[j]);
      if (!std::isfinite(points[i + j]))
        fail("sample_surface: a coordinate of triangle {} is beyond float32", triangle);
    }
  }
  return Tensor::from<float>(points, {count, 3});
}

Tensor normalize_points(const Tensor& points, PointCentre centre) {
  check_cloud("normalize_points", points, 2);
  const std::int64_t axis = points.rank() - 2;
  if (points.size(static_cast<int>(axis)) == 0)
    fail("normalize_points: the cloud has no points, {}", points.shape().to_string());
  const Tensor middle = centre == PointCentre::kMean
                            ? mean(points, {axis}, true)
                            : (max(points, {axis}, true) + min(points, {axis}, true)) * 0.5;
  const Tensor moved = points - middle;
  const Tensor radius = sqrt(max(sum_squares(moved, {axis + 1}, true), {axis}, true));
  return moved / select(equal(radius, 0), 1, radius);
}

Tensor augment_points(const Tensor& points, const PointAugmentation& augmentation, RandomSource& random,
                      const std::string& name, std::uint64_t first_sample) {
  check_cloud("augment_points", points, 3);
  check_share("scale", augmentation.scale);
  check_share("drop", augmentation.drop);
  if (augmentation.up < 0 || augmentation.up > 2)
    fail("augment_points: up is {}, expected 0, 1 or 2 (x, y or z)", augmentation.up);
  if (!(augmentation.jitter >= 0) || !(augmentation.jitter_limit >= 0))
    fail("augment_points: jitter is {} and jitter_limit {}, expected at least 0", augmentation.jitter,
         augmentation.jitter_limit);
  const std::int64_t clouds = points.size(0), count = points.size(1);
  if (points.elements() == 0) return points;
  const auto each = static_cast<std::uint64_t>(count);
  Tensor changed = points;
  if (augmentation.rotate) {
    const Tensor turn = random.uniform(name + ".rotate", {clouds, 1}, DType::kFloat32, first_sample);
    changed = matmul(changed, rotations(turn * 6.283185307179586, augmentation.up));
  }
  if (augmentation.scale > 0) {
    const Tensor u = random.uniform(name + ".scale", {clouds, 1, 1}, DType::kFloat32, first_sample);
    changed = changed * ((u * 2 - 1) * augmentation.scale + 1);
  }
  if (augmentation.jitter > 0) {
    const FloatEnvironment contract;
    const double limit = augmentation.jitter_limit > 0 ? augmentation.jitter_limit : 3 * augmentation.jitter;
    const Tensor noise =
        random.normal(name + ".jitter", changed.shape(), DType::kFloat32, first_sample * each * 3);
    changed = changed + maximum(minimum(noise * augmentation.jitter, limit), -limit);
  }
  if (augmentation.drop > 0) {
    const Tensor share = random.uniform(name + ".share", {clouds, 1, 1}, DType::kFloat32, first_sample);
    const Tensor draws =
        random.uniform(name + ".drop", {clouds, count, 1}, DType::kFloat32, first_sample * each);
    changed =
        select(less(draws, share * augmentation.drop), slice(changed, {Range::all(), Range(0, 1)}), changed);
  }
  return changed;
}

}  // namespace tessera::data
