// Rows as a linear image of a few normal variables plus noise: x = mean + z directions + noise, whose covariance is directions^T diag(strengths)
// directions + diag(noise). What PCA, probabilistic PCA and factor analysis share. Internal to this room.
//
// Errors: a covariance that is not positive definite. Thread-safety: pure functions.
//
// ```cpp
// const Tensor one = Tensor::from<double>({1}, {1});
// const Tensor covariance = learn::model_covariance({one, ones({1, 1}, DType::kFloat64), one * 3, one});
// assert(covariance.item<double>() == 4);
// const Tensor found = learn::log_likelihoods(Tensor::from<double>({1}, {1, 1}), one, covariance, "example");
// assert(std::abs(found.item<double>() + 0.5 * 1.8378770664093453 + 0.6931471805599453) < 1e-15);  // -log(2 pi)/2 - log 2
// ```
#pragma once

#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::learn {

inline constexpr double kLogTwoPi = 1.8378770664093454836;  // log(2 pi)

struct LatentNormal {
  Tensor mean, directions, strengths, noise;  // [F], [k, F], [k], [F]
};
Tensor model_covariance(const LatentNormal& model);  // [F, F]

// The normal log density of each row [N, F] -> [N], by the Cholesky factor of the covariance.
Tensor log_likelihoods(const Tensor& x, const Tensor& mean, const Tensor& covariance, std::string_view owner);

// What z is expected to be, row by row: a matrix [F, k] by which x - mean is multiplied. noise > 0.
Tensor posterior_mean_matrix(const LatentNormal& model);

}  // namespace tessera::learn
