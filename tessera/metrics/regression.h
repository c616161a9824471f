// How far predicted numbers are from the true ones: root mean square error, mean absolute error and the coefficient of determination.
//
// R2 is 1 - sum (actual - predicted)^2 / sum (actual - mean(actual))^2: 1 for perfect predictions, 0 for those that always say the mean,
// below 0 for worse ones. Where all actual numbers are the same it is 1 if every prediction is right, else 0, as in scikit-learn. Everything is computed
// in fp64 in the contract's order. Errors: different shapes, or no number, throw Error. Thread-safety: pure function.
//
// ```cpp
// const metrics::RegressionErrors errors = metrics::regression_errors(
//     Tensor::from<float>({1, 2, 3, 5}, {4}), Tensor::from<float>({1, 2, 3, 4}, {4}));
// assert(errors.rmse == 0.5 && errors.mae == 0.25 && errors.r2 == 0.8);
// ```
#pragma once

#include <cstdint>

#include "tessera/tensor/tensor.h"

namespace tessera::metrics {

struct RegressionErrors {
  std::int64_t count = 0;
  double rmse = 0;  // in units of what is predicted, as is mae
  double mae = 0;
  double r2 = 0;
};

// Floating tensors of equal shape, at least one element.
RegressionErrors regression_errors(const Tensor& predicted, const Tensor& actual);

}  // namespace tessera::metrics
