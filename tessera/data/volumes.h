// Point clouds on a grid, for convolutions: voxels and depth images.
//
// The cube [-extent, extent]^3 is cut into resolution^3 cells; cell i of an axis holds the coordinates in [-extent + i w, -extent + (i + 1) w), w = 2 extent /
// resolution, and the last one its upper bound as well. Points outside are left out. What a cell gets does not depend on the order of the points: not by a bit.
// Clouds are [clouds, points, 3], float32; results are float32. Errors: other shapes, a coordinate that is NaN, sizes out of range throw Error.
// Thread-safety: pure functions.
//
// ```cpp
// const Tensor points = Tensor::from<float>({-1, -1, -1, 0.9F, 0.9F, 0.9F}, {1, 2, 3});
// const Tensor voxels = data::voxelise(points, {.resolution = 4});
// assert(voxels.shape() == (Shape{1, 1, 4, 4, 4}) && sum(voxels).item<float>() == 2);
// const Tensor images = data::project_views(points, {.resolution = 4});
// assert(images.shape() == (Shape{1, 6, 4, 4}));
// ```
#pragma once

#include <cstdint>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

struct VoxelSettings {
  std::int64_t resolution = 32;  // from 1 to 256
  double extent = 1;             // positive; 1 fits normalize_points (points.h)
  bool count = false;            // the number of points in a cell; otherwise 1 where there is any (occupancy)
};

// [clouds, 1, z, y, x]: what VoxNet reads (Maturana and Scherer, "VoxNet", IROS 2015).
Tensor voxelise(const Tensor& points, const VoxelSettings& settings = {});

struct ViewSettings {
  std::int64_t resolution = 32;  // from 1 to 1024
  double extent = 1;
};

// [clouds, 6, rows, columns]: depth images by parallel projection, seen from +x, -x, +y, -y, +z, -z; each pixel has the nearness of the nearest point,
// from 0 at the back of the cube (and where there is no point) to 1 at its front. Seen along x the columns are y and the rows z; along y they are x and z,
// along z they are x and y; rows and columns ascend with the coordinate. After the views of Su et al., "Multi-view convolutional neural networks", ICCV 2015, and of
// the projections of MV3D (Chen et al., CVPR 2017).
Tensor project_views(const Tensor& points, const ViewSettings& settings = {});

}  // namespace tessera::data
