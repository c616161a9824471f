// The largest singular values and their vectors of a big matrix, by random projection.
//
// A random normal matrix [n, k + oversampling] is multiplied by a, a few power iterations (with QR between them) sharpen what it caught, and the
// exact SVD of the small projection follows: O(m n k) instead of O(m n min(m, n)). Halko, Martinsson and Tropp, "Finding structure with
// randomness", SIAM Review 53, 2011, algorithms 4.4 and 5.1. Nearly exact where singular values fall off behind the k-th, otherwise an
// approximation from below.
//
// Random numbers are drawn by counter under `name`, so the result is a function of the matrix, the seed, the name and the step: the same bits
// everywhere. Signs as those of `svd`. Errors: k outside of 1 ... min(m, n), shapes, dtypes, NaN, infinities.
//
// ```cpp
// RandomSource random(1);
// Tensor a = matmul(random.normal("left", {60, 3}, DType::kFloat64), random.normal("right", {3, 40}, DType::kFloat64));
// linalg::Svd parts = linalg::randomized_svd(a, 3, random, "svd");
// assert(std::abs(parts.s.at<double>({2}) / linalg::svd(a).s.at<double>({2}) - 1) < 1e-12);
// ```
#pragma once

#include <string_view>

#include "tessera/linalg/svd.h"
#include "tessera/tensor/random.h"

namespace tessera::linalg {

struct RandomizedOptions {
  std::int64_t oversampling = 10;
  int power_iterations = 4;
};
// u [m, k], s [k], vt [k, n].
Svd randomized_svd(const Tensor& a, std::int64_t k, RandomSource& random, std::string_view name,
                   const RandomizedOptions& options = {});
// An orthonormal basis [m, k] of nearly the range of a: the first step of it.
Tensor randomized_range(const Tensor& a, std::int64_t k, RandomSource& random, std::string_view name,
                        int power_iterations = 4);

}  // namespace tessera::linalg
