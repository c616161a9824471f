// Systems of equations by factorisation: LU for any regular matrix, Cholesky for a positive definite one (and to find out whether it is one),
// QR, and conjugate gradients where only products with the matrix are known. The determinant comes along.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  constexpr std::int64_t kN = 100;
  // Second differences: a string under load, fixed at both ends.
  std::vector<double> values(kN * kN);
  for (std::int64_t i = 0; i < kN; ++i) {
    values[static_cast<std::size_t>(i * kN + i)] = 2;
    if (i > 0)
      values[static_cast<std::size_t>(i * kN + i - 1)] = values[static_cast<std::size_t>((i - 1) * kN + i)] =
          -1;
  }
  const Tensor a = Tensor::from<double>(values, {kN, kN}), load = ones({kN}, DType::kFloat64);
  const Tensor by_lu = linalg::solve(a, load), l = linalg::cholesky(a);
  const linalg::Qr qr = linalg::qr(a);
  const Tensor by_qr =
      linalg::solve_triangular(qr.r, matmul(transpose(qr.q), load), {.triangle = linalg::Triangle::kUpper});
  const auto found = linalg::conjugate_gradients([&](const Tensor& x) { return matmul(a, x); }, load);
  const auto error = [&](const Tensor& x) {
    return max(absolute(matmul(a, x) - load)).item<double>() < 1e-9 ? "solves it" : "does not";
  };
  std::printf("deflection in the middle %.6f (exactly 50 * 51 / 2 = 1275)\n", by_lu.at<double>({50}));
  std::printf("LU %s, Cholesky %s, QR %s, conjugate gradients %s after %d steps\n", error(by_lu),
              error(linalg::cholesky_solve(l, load)), error(by_qr), error(found.solution), found.steps);
  std::printf("determinant %.6f (exactly %lld), condition %.1f\n", linalg::determinant(a),
              static_cast<long long>(kN + 1), linalg::condition_number(a));
  const linalg::CholeskyAttempt attempt = linalg::try_cholesky(a - 0.01 * linalg::matrix_power(a, 0));
  std::printf("a - 0.01 I: leading minor %lld is not positive\n",
              static_cast<long long>(attempt.failed_minor));
  const Tensor parts = linalg::symmetric_eigenvalues(a);
  std::printf("eigenvalues from %.6f to %.6f\n", parts.at<double>({0}), parts.at<double>({-1}));
}
