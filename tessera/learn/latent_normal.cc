#include "tessera/learn/latent_normal.h"

#include <vector>

#include "tessera/base/error.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/triangular.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

Tensor diagonal(const Tensor& values) {
  const std::int64_t n = values.size(0);
  const Tensor place = arange(n);
  return select(equal(reshape(place, {n, 1}), reshape(place, {1, n})), reshape(values, {1, n}), 0.0);
}

}  // namespace

Tensor model_covariance(const LatentNormal& model) {
  const Tensor scaled = model.directions * reshape(model.strengths, {-1, 1});
  return matmul(transpose(model.directions), scaled) + diagonal(model.noise);
}

Tensor log_likelihoods(const Tensor& x, const Tensor& mean, const Tensor& covariance,
                       std::string_view owner) {
  const linalg::CholeskyAttempt attempt = linalg::try_cholesky(covariance);
  if (attempt.failed_minor != 0)
    fail(
        "{}: the likelihood needs a covariance that is positive definite, found a pivot of {:.3g}; "
        "take fewer components, so that noise is left",
        owner, attempt.pivot);
  const std::int64_t features = x.size(1);
  const Tensor inverse =
      linalg::solve_triangular(attempt.factor, diagonal(ones({features}, DType::kFloat64)));
  const Tensor scaled = matmul(x - mean, transpose(inverse));
  const double constant =
      static_cast<double>(features) * kLogTwoPi + linalg::cholesky_log_determinant(attempt.factor);
  return (sum_squares(scaled, {1}) + constant) * -0.5;
}

Tensor posterior_mean_matrix(const LatentNormal& model) {
  const Tensor root = sqrt(reshape(model.strengths, {-1, 1}));
  const Tensor loadings = model.directions * root;  // [k, F]
  const Tensor weighted = loadings / reshape(model.noise, {1, -1});
  const Tensor inner =
      matmul(weighted, transpose(loadings)) + diagonal(ones({loadings.size(0)}, DType::kFloat64));
  return transpose(linalg::cholesky_solve(linalg::cholesky((inner + transpose(inner)) * 0.5), weighted));
}

}  // namespace tessera::learn
