// How alike two images are to the eye: structural similarity, at one scale and at several.
//
//   SSIM      at each place of a Gaussian window (11x11, deviation 1.5, wholly inside the image): l cs,
//             l = (2 ma mb + C1) / (ma^2 + mb^2 + C1), cs = (2 sab + C2) / (sa^2 + sb^2 + C2), C1 = (0.01 range)^2, C2 = (0.03 range)^2;
//             the mean over places and channels. Wang, Bovik, Sheikh & Simoncelli, IEEE Transactions on Image Processing 13 (2004)
//   MS-SSIM   scale after scale the image is halved (means of 2x2); of each scale the mean of cs, of the last one that of l cs, to the powers 0.0448, 0.2856,
//             0.3001, 0.2363, 0.1333, multiplied; the mean over channels. A negative mean counts as 0. Wang, Simoncelli & Bovik,
//             "Multi-scale structural similarity for image quality assessment", Asilomar 2003
//
// 1 for equal images, near 0 for unrelated ones. The smallest scale must hold the window, so images of fewer than 176 pixels have fewer scales than five:
// 4 from 88 pixels on, 3 from 44, 2 from 22, 1 from 11; the powers of the scales that there are then are divided by their sum, so that they add to
// 1. Such values are not to be compared with those of five scales. An odd last row or column is left out of the halving.
//
// How varied generated images are: the mean MS-SSIM of random pairs of them (Odena, Olah & Shlens, ICML 2017); the closer to that of real
// images the better, and a generator that makes one image has 1.
//
// Computed in float64 whatever the images are. Errors: shapes or types that differ, images smaller than the window, a range that is not positive.
// Thread-safety: pure functions.
//
// ```cpp
// const Tensor a = RandomSource(1).uniform("a", {3, 1, 32, 32});
// const Tensor b = slice(a, {Range::all(), Range::all(), Range::step(-1)});
// assert(metrics::ms_ssim_scales(32, 32) == 2 && metrics::ms_ssim(a, b).shape() == (Shape{3}));
// assert(metrics::ssim(a, a).to_vector<double>() == (std::vector<double>{1, 1, 1}));
// assert(metrics::ms_ssim(a, b).at<double>({0}) < 0.5);
// ```
#pragma once

#include <cstdint>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

// Of images [N, C, H, W] with [N, C, H, W], one by one: float64 [N]. `range` is that of possible values: 255 for bytes, 2 for -1 to 1.
Tensor ssim(const Tensor& a, const Tensor& b, double range = 1);
Tensor ms_ssim(const Tensor& a, const Tensor& b, double range = 1);
// Scales of images with these sides: 1 to 5, 0 when the window does not fit.
int ms_ssim_scales(std::int64_t rows, std::int64_t columns);

// The mean MS-SSIM of `pairs` random pairs of different images of the set [N, C, H, W], N at least 2.
double similarity_of_pairs(const Tensor& images, std::int64_t pairs, double range = 1,
                           std::uint64_t seed = 0);

}  // namespace tessera::metrics
