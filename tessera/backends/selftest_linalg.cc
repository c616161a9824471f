// The selftest's cases for the linalg room: one digest per method, over matrices larger than its panels.
#include "tessera/backends/selftest_cases.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/eigen.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/lu.h"
#include "tessera/linalg/matrix_power.h"
#include "tessera/linalg/nonlinear_least_squares.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/tensor/ops.h"

namespace tessera::selftest {
namespace {

Tensor input(std::uint64_t number, const Shape& shape) {
  return make_input(numerics::stream_key(number, "selftest/linalg"), shape, DType::kFloat64,
                    Values::kOrdinary);
}

Tensor joined(const std::vector<Tensor>& parts) {
  std::vector<Tensor> lines;
  for (const Tensor& part : parts) lines.push_back(reshape(part, {-1}));
  return concatenate(lines, 0);
}

constexpr std::int64_t kSize = 70;  // two panels of 32 and a piece

Tensor square() {
  return input(1, {kSize, kSize});
}
Tensor symmetric() {
  return square() + transpose(square());
}
Tensor definite() {
  const Tensor tall = input(2, {2 * kSize, kSize});
  return matmul(transpose(tall), tall);
}

}  // namespace

std::vector<Case> linalg_cases() {
  using namespace linalg;
  std::vector<Case> cases;
  const auto add = [&](const char* method, const char* name, std::function<Tensor()> compute) {
    cases.push_back({std::string("linalg.") + method, name, std::move(compute)});
  };
  add("cholesky", "factor", [] { return cholesky(definite()); });
  add("lu", "factors", [] { return lu(square()).factors; });
  add("lu", "solution", [] { return solve(square(), input(3, {kSize, 3})); });
  add("qr", "full", [] {
    const Qr parts = qr(input(4, {2 * kSize, kSize}), Size::kFull);
    return joined({parts.q, parts.r});
  });
  add("qr", "pivoted", [] {
    const PivotedQr parts = pivoted_qr(matmul(input(5, {kSize, 20}), input(6, {20, kSize})));
    return joined({parts.q, parts.r});
  });
  add("least_squares", "refined", [] {
    return least_squares(input(7, {kSize, 20}), input(8, {kSize}),
                         {.rank_tolerance = -1, .refine = true, .covariance = false})
        .solution;
  });
  add("least_squares", "shortest", [] {
    return least_squares(matmul(input(5, {kSize, 20}), input(6, {20, kSize})), input(8, {kSize})).solution;
  });
  add("nonlinear_least_squares", "solution and covariance", [] {
    const Tensor x = input(10, {kSize, 4}), y = input(11, {kSize});
    const VectorFunction residuals = [&](const Tensor& p) {
      const Tensor line = reshape(matmul(x, reshape(p, {4, 1})), {kSize});
      return line + tanh(line) - y;
    };
    const NonlinearLeastSquares fit =
        nonlinear_least_squares(residuals, numerical_jacobian(residuals), zeros({4}, DType::kFloat64));
    return joined({fit.solution, fit.covariance});
  });
  add("symmetric_eigen", "values and vectors", [] {
    const SymmetricEigen parts = symmetric_eigen(symmetric());
    return joined({parts.values, parts.vectors});
  });
  add("symmetric_eigen", "largest and smallest", [] {
    const SymmetricEigen largest = largest_symmetric_eigen(symmetric(), 8),
                         smallest = smallest_symmetric_eigen(symmetric(), 3);
    return joined({largest.values, largest.vectors, smallest.values, smallest.vectors});
  });
  add("eigen", "values and vectors", [] {
    const Eigen parts = eigen(square());
    return joined({parts.real, parts.imaginary, parts.vectors_real, parts.vectors_imaginary});
  });
  add("svd", "full", [] {
    const Svd parts = svd(input(9, {kSize, kSize / 2}), Size::kFull);
    return joined({parts.u, parts.s, parts.vt});
  });
  add("svd", "thin", [] {
    const Svd parts = svd(square());
    return joined({parts.u, parts.s, parts.vt});
  });
  add("svd", "right vectors", [] {
    const RightSingularVectors tall = right_singular_vectors(input(9, {kSize, kSize / 2})),
                               wide = right_singular_vectors(input(12, {kSize / 2, kSize}));
    return joined({tall.vt, wide.s, wide.vt});
  });
  add("powers", "by the eigenbasis", [] { return EigenbasisPowers(square() * 0.001).power(5); });
  return cases;
}

}  // namespace tessera::selftest
