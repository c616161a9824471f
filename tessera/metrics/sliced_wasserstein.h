// How far two sets of points, or of images, are apart: the sliced Wasserstein distance.
//
// Along one direction the Wasserstein distance of two sets is that of their sorted projections: the mean of |a(i) - b(i)|, or of its p-th
// power. The sliced distance is the mean over random directions, SW_p = (mean over directions of W_p^p)^(1/p). Rabin, Peyre, Delon & Bernot,
// "Wasserstein barycenter and its application to texture mixing", SSVM 2011; Bonneel, Rabin, Peyre & Pfister, JMIV 51 (2015). Sets may have
// different sizes: then the two step functions of quantiles are compared, which is exact.
//
// Images are compared level by level of their Laplacian pyramids, as Karras et al., "Progressive growing of GANs", ICLR 2018, section 5, do: from each image's
// level random patches of 7x7 pixels are taken, each channel of all patches of a set is brought to mean 0 and deviation 1 (a constant channel to
// 0), and the sets of patches are compared with p = 1. A small distance at 16 pixels says that the large structures are alike, one at the finest level that the
// details are. (The paper writes the distances times 1,000, of 16,384 images.) Image i of both sets is looked at in the same places, so equal sets have the distance 0.
//
// Directions and places are drawn from the seed: with equal settings, distances can be compared. Chance is in them: with 512 directions of 49 numbers about
// 3 in 100 of a distance.
//
// Errors: shapes that do not fit, empty sets, settings out of range. NaN gives NaN. Thread-safety: pure functions.
//
// ```cpp
// const Tensor a = Tensor::from<double>({0, 0, 2, 2}, {4, 1}), b = Tensor::from<double>({3, 1}, {2, 1});
// assert(metrics::sliced_wasserstein(a, b) == 1);  // on a line: 0 and 0 go to 1, 2 and 2 to 3
// const Tensor images = RandomSource(1).uniform("images", {20, 1, 32, 32});
// const auto levels = metrics::patch_distances(images, images * images);
// assert(levels.size() == 2 && levels[0].rows == 32 && levels[1].rows == 16 && levels[0].distance > 0);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

struct SlicedWassersteinSettings {
  std::int64_t projections = 512;
  int order = 1;  // p: 1 or 2
  std::uint64_t seed = 0;
};

// Points [N, D] and [M, D] of one floating dtype.
double sliced_wasserstein(const Tensor& a, const Tensor& b, const SlicedWassersteinSettings& settings = {});

struct PatchDistanceSettings {
  std::int64_t patch = 7;  // pixels a side
  std::int64_t patches_per_image = 128;
  std::int64_t projections = 512;
  std::int64_t smallest = 16;  // the last level has at least as many rows and columns
  std::uint64_t seed = 0;
};

struct LevelDistance {
  std::int64_t rows;  // of the level's images
  double distance;
};

// Images [N, C, H, W] and [M, C, H, W] of one floating dtype; the finest level first. Levels are added while the sides are even and half of them is at
// least `smallest`; smaller images have one level.
std::vector<LevelDistance> patch_distances(const Tensor& a, const Tensor& b,
                                           const PatchDistanceSettings& settings = {});
double mean_distance(const std::vector<LevelDistance>& levels);

}  // namespace tessera::metrics
