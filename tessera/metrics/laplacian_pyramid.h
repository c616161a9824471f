// Images taken apart by scale. Burt & Adelson, "The Laplacian pyramid as a compact image code", IEEE Transactions on Communications 31 (1983).
//
// An image is blurred with the binomial filter (1, 4, 6, 4, 1) / 16 along rows and columns and every other pixel is kept; what the smaller image, brought
// back to size with the same filter, does not explain is the level's detail. Beyond the edge lies the image mirrored at its last pixel (d c b | a b c d).
// These are cv2.pyrDown and cv2.pyrUp.
//
//   laplacian_pyramid(x, L)   levels 0 ... L-2: details, the finest first; level L-1: the image that is left. [N, C, H, W] each
//   from_pyramid              brings the details back: x again, but for rounding
//
// Errors: images of another rank; sides that cannot be halved so often, or that get below 3 pixels. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = arange(2 * 3 * 8 * 8, DType::kFloat64).reshape({2, 3, 8, 8});
// const std::vector<Tensor> pyramid = metrics::laplacian_pyramid(x, 2);
// assert(pyramid[0].shape() == x.shape() && pyramid[1].shape() == (Shape{2, 3, 4, 4}));
// assert(max(absolute(metrics::from_pyramid(pyramid) - x)).item<double>() < 1e-12);
// ```
#pragma once

#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

std::vector<Tensor> laplacian_pyramid(const Tensor& images, int levels);
Tensor from_pyramid(const std::vector<Tensor>& pyramid);

// One step down and up: [N, C, H, W] to half the sides (even) and to twice the sides.
Tensor pyramid_down(const Tensor& images);
Tensor pyramid_up(const Tensor& images);

}  // namespace tessera::metrics
