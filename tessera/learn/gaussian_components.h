// The normal distributions of a mixture: one E-step and one M-step over packed rows. Internal to this room; gaussian_mixture.h is the estimator.
//
// Shapes of covariances and of factors (upper triangular P with inverse(covariance) = P P^T; sklearn's precisions_cholesky_):
//   full [K, F, F], tied [F, F], diag [K, F], spherical [K]
//
// Errors: a covariance that is not positive definite: an Error that names the estimator and the component. Thread-safety: pure functions.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 2, 10, 12}, {4, 1});
// const learn::RowBlocks rows(x);
// const Tensor of = Tensor::from<double>({1, 0, 1, 0, 0, 1, 0, 1}, {4, 2});
// const learn::GaussianComponents model = learn::estimate_components(
//     rows, learn::packed_responsibilities(of), {.type = learn::CovarianceType::kFull, .components = 2, .reg_covar = 0}, "example");
// assert(std::abs(model.means.at<double>({0, 0}) - 1) < 1e-14 && std::abs(model.means.at<double>({1, 0}) - 11) < 1e-13);
// ```
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tessera/learn/mixture_kernels.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn {

enum class CovarianceType : std::uint8_t { kFull, kTied, kDiag, kSpherical };

struct ComponentSettings {
  CovarianceType type = CovarianceType::kFull;
  std::int64_t components = 1;
  double reg_covar = 1e-6;
};

struct GaussianComponents {
  Tensor weights, means;        // [K], [K, F]
  Tensor covariances, factors;  // as above
};

// [blocks, K, 16], 0 beyond the last row; responsibilities are float64 [N, K].
std::vector<double> packed_responsibilities(const Tensor& responsibilities);

struct Expectation {
  std::vector<double> responsibilities;  // packed
  std::vector<double> log_likelihoods;   // of each row
};
Expectation expect(const RowBlocks& rows, const GaussianComponents& model, CovarianceType type);

// Weights are sums of responsibilities (plus 10 * 2^-52) divided by `sum`, or by their own sum if it is 0.
GaussianComponents estimate_components(const RowBlocks& rows, const std::vector<double>& responsibilities,
                                       const ComponentSettings& settings, std::string_view owner,
                                       double sum = 0);
// P of each covariance.
Tensor precision_factors(const Tensor& covariances, const ComponentSettings& settings,
                         std::string_view owner);

}  // namespace tessera::learn
