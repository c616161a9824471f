#include "tessera/data/volumes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

class Grid {
 public:
  Grid(const char* function, const Tensor& points, std::int64_t resolution, std::int64_t largest,
       double extent)
      : resolution_(resolution), extent_(extent) {
    if (points.rank() != 3 || points.size(2) != 3 || points.dtype() != DType::kFloat32)
      fail("{}: the points are {} {}, expected float32 [clouds, points, 3]", function,
           dtype_name(points.dtype()), points.shape().to_string());
    if (resolution < 1 || resolution > largest)
      fail("{}: resolution is {}, expected an integer from 1 to {}", function, resolution, largest);
    if (!(extent > 0) || !std::isfinite(extent))
      fail("{}: extent is {}, expected a positive number", function, extent);
    values_ = points.to_vector<float>();
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (std::isnan(values_[i]))
        fail("{}: a coordinate of point {} is NaN, expected a number", function, i / 3);
  }

  // Calls visit(cloud, coordinates, cells) for every point inside the cube.
  using Visit = std::function<void(std::size_t, const float*, const std::array<std::size_t, 3>&)>;
  void for_points(std::size_t points_per_cloud, const Visit& visit) const {
    std::array<std::size_t, 3> cells{};
    for (std::size_t i = 0; i < values_.size(); i += 3)
      if (cells_of(values_.data() + i, cells)) visit(i / 3 / points_per_cloud, values_.data() + i, cells);
  }

 private:
  bool cells_of(const float* point, std::array<std::size_t, 3>& cells) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double x = point[axis];
      if (x < -extent_ || x > extent_) return false;
      const double place = std::floor((x + extent_) / (2 * extent_) * static_cast<double>(resolution_));
      cells[axis] = static_cast<std::size_t>(std::min(static_cast<std::int64_t>(place), resolution_ - 1));
    }
    return true;
  }

  std::int64_t resolution_;
  double extent_;
  std::vector<float> values_;
};

}  // namespace

namespace {

// The number of each point's cell, x fastest, int64 [clouds, points]; points outside of the cube have one cell more. By operations, so that a network that begins
// with it can be written down as operations.
Tensor cells_of_points(const Tensor& points, std::int64_t resolution, double extent) {
  const Tensor x = cast(points, DType::kFloat64);
  const Tensor places = cast((x + extent) / (2 * extent) * static_cast<double>(resolution),
                             DType::kInt64);  // none is below 0 inside
  const Tensor cells = minimum(places, resolution - 1);
  const auto axis = [&](std::int64_t i) { return slice(cells, {Range::all(), Range::all(), i}); };
  const Tensor inside = equal(sum(cast(less_equal(absolute(x), extent), DType::kInt64), {2}), 3);
  return select(inside, (axis(2) * resolution + axis(1)) * resolution + axis(0),
                resolution * resolution * resolution);
}

}  // namespace

Tensor voxelise(const Tensor& points, const VoxelSettings& settings) {
  const Grid grid("voxelise", points, settings.resolution, 256, settings.extent);  // checks
  const std::int64_t n = settings.resolution, clouds = points.size(0), outside = n * n * n;
  const Tensor cell = cells_of_points(points, n, settings.extent);
  const Tensor counts = slice(scatter_add(zeros({clouds, outside + 1}), cell, ones(cell.shape()), 1),
                              {Range::all(), Range(0, outside)});
  return reshape(settings.count ? counts : cast(greater(counts, 0), DType::kFloat32), {clouds, 1, n, n, n});
}

Tensor project_views(const Tensor& points, const ViewSettings& settings) {
  const FloatEnvironment contract;
  const Grid grid("project_views", points, settings.resolution, 1024, settings.extent);
  constexpr std::array<std::array<std::size_t, 2>, 3> kAxes = {{{2, 1}, {2, 0}, {1, 0}}};  // rows, columns
  const auto side = static_cast<std::size_t>(settings.resolution);
  std::vector<float> images(static_cast<std::size_t>(points.size(0)) * 6 * side * side);
  grid.for_points(
      static_cast<std::size_t>(points.size(1)), [&](std::size_t cloud, const float* point, const auto& cell) {
        for (std::size_t view = 0; view < 6; ++view) {
          const std::size_t axis = view / 2;
          const double x = view % 2 == 0 ? double{point[axis]} : -double{point[axis]};
          const auto nearness = static_cast<float>((x + settings.extent) / (2 * settings.extent));
          const std::array<std::size_t, 2>& axes = kAxes[axis];
          float& pixel = images[((cloud * 6 + view) * side + cell[axes[0]]) * side + cell[axes[1]]];
          pixel = std::max(pixel, nearness);
        }
      });
  const std::int64_t n = settings.resolution;
  return Tensor::from<float>(images, {points.size(0), 6, n, n});
}

}  // namespace tessera::data
