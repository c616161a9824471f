// What is done with point clouds before a network sees them: sampling of surfaces, normalisation, augmentation.
//
// Everything random is drawn by counter (tensor/random.h) from a source and a name: the points of a mesh, and the change of a cloud, depend on the
// seed, the step, the name and the cloud's place in the batch only. All of it is a composition of table operations or fp64 arithmetic in a
// fixed order, so the result has the same bits everywhere. Clouds are [points, 3] or [clouds, points, 3], float32.
//
// Errors: shapes that do not fit, values out of range, a mesh without area or coordinates too large for float32 throw Error. Thread-safety: pure
// functions but for the RandomSource, which belongs to one thread.
//
// ```cpp
// const data::Mesh square = data::parse_off("OFF 4 1 0\n0 0 0\n2 0 0\n2 2 0\n0 2 0\n4 0 1 2 3\n", "square.off");
// RandomSource random(1);
// const Tensor points = data::sample_surface(square, 100, random, "square");
// const Tensor unit = data::normalize_points(points);
// assert(points.shape() == (Shape{100, 3}));
// assert(max(sum_squares(unit, {1})).item<float>() <= 1.000001F);
// const Tensor turned = data::augment_points(reshape(unit, {1, 100, 3}), {.rotate = true}, random, "turn");
// assert(turned.shape() == (Shape{1, 100, 3}));
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/data/mesh.h"
#include "tessera/tensor/random.h"

namespace tessera::data {

// `count` points [count, 3] on the triangles, each equally dense: a triangle is chosen in proportion to its area, a point on it by (1 - sqrt(u)) a +
// sqrt(u) (1 - v) b + sqrt(u) v c. Osada, Funkhouser, Chazelle and Dobkin, "Shape distributions", ACM TOG 21 (2002). The areas are added in fp64 in the
// file's order; point i takes the draws 3i, 3i + 1 and 3i + 2 of the name, so a longer sample begins with the shorter one.
Tensor sample_surface(const Mesh& mesh, std::int64_t count, RandomSource& random, const std::string& name);

// What is moved to the origin. The mean depends on the order of the points in its last bits, as each sum in floating point does; the middle
// of the bounding box does not.
enum class PointCentre : std::uint8_t { kMean, kBox };

// (points - centre) / (largest distance from the centre): each cloud into the unit sphere. A cloud whose points are all the same becomes zeros.
Tensor normalize_points(const Tensor& points, PointCentre centre = PointCentre::kMean);

// Changes of training clouds, in this order; the defaults change nothing.
struct PointAugmentation {
  bool rotate = false;  // by an angle uniform on (0, 2 pi) about the axis `up`
  int up = 2;           // the vertical axis: 0, 1 or 2 (x, y, z)
  double scale =
      0;  // multiplied by a number uniform on (1 - scale, 1 + scale), one for each cloud; in [0, 1)
  double jitter = 0;        // normal noise of this deviation on each coordinate, at least 0
  double jitter_limit = 0;  // the noise is cut to (-limit, limit); 0: three deviations
  double drop =
      0;  // each point is replaced by the first one with probability r, r uniform on (0, drop) for each cloud; in [0, 1)
};

// points [clouds, points, 3], where the first cloud is number `first_sample` of the step's batch. The draws are called NAME.rotate, NAME.scale, NAME.jitter,
// NAME.share and NAME.drop. As in Qi, Su, Mo and Guibas, "PointNet" (CVPR 2017) and "PointNet++" (NIPS 2017; the dropout).
Tensor augment_points(const Tensor& points, const PointAugmentation& augmentation, RandomSource& random,
                      const std::string& name, std::uint64_t first_sample = 0);

}  // namespace tessera::data
