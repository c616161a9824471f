#include "tessera/metrics/regression.h"

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/tensor/ops.h"

namespace tessera::metrics {

RegressionErrors regression_errors(const Tensor& predicted, const Tensor& actual) {
  if (predicted.shape() != actual.shape() || actual.elements() == 0)
    fail(
        "regression errors: found predictions of shape {} for numbers of shape {}, expected the same shape "
        "and "
        "at least one number",
        predicted.shape().to_string(), actual.shape().to_string());
  const FloatEnvironment contract;
  const Tensor truth = actual.to(DType::kFloat64), error = predicted.to(DType::kFloat64) - truth;
  const Tensor from_mean = truth - mean(truth);
  const double squares = sum(error * error).item<double>(),
               variation = sum(from_mean * from_mean).item<double>();
  RegressionErrors errors;
  errors.count = truth.elements();
  errors.rmse = std::sqrt(squares / static_cast<double>(errors.count));
  errors.mae = mean(absolute(error)).item<double>();
  // Equal numbers are not always their mean to the last bit.
  const bool varies = max(truth).item<double>() > min(truth).item<double>();
  errors.r2 = varies ? 1 - squares / variation : squares == 0 ? 1 : 0;
  return errors;
}

}  // namespace tessera::metrics
