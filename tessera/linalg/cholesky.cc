#include "tessera/linalg/cholesky.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/triangular.h"
#include "tessera/numerics/contract.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/op.h"

namespace tessera::linalg {
namespace {

using namespace internal;

constexpr std::int64_t kLeafRows = 32;  // matrices up to this size are factored column by column
constexpr std::int64_t kSquare = 128;   // squares on the diagonal that are updated as a whole

struct Failure {
  std::int64_t minor = 0;
  double pivot = 0;
};

std::int64_t half_of(std::int64_t n, std::int64_t leaf) {
  return std::max(leaf, n / 2 / leaf * leaf);
}

// The lower triangle of c - a a^T, and of the upper one what its squares on the diagonal hold.
void subtract_square(const Block& c, const Block& a) {
  if (c.rows <= kSquare) return subtract_product(c, a, a.transposed());
  const std::int64_t half = half_of(c.rows, kSquare);
  const Block top = a.part(0, 0, half, a.columns), bottom = a.from(half, 0);
  subtract_square(c.part(0, 0, half, half), top);
  subtract_product(c.part(half, 0, c.rows - half, half), bottom, top.transposed());
  subtract_square(c.from(half, half), bottom);
}

// rest = rest - (the columns before j, which are rows of kLeafRows) times their elements in row j; all of kLeafRows rows, of which those before j do not count.
TESSERA_FMA_CLONES void subtract_columns(const double* columns, std::int64_t j, double* __restrict rest) {
  double sums[kLeafRows];
  std::copy_n(rest, kLeafRows, sums);
  for (std::int64_t k = 0; k < j; ++k) {
    const double factor = columns[k * kLeafRows + j];
    for (std::int64_t i = 0; i < kLeafRows; ++i)
      sums[i] = __builtin_fma(-columns[k * kLeafRows + i], factor, sums[i]);
  }
  std::copy_n(sums, kLeafRows, rest);
}

Failure factor_leaf(const Block& a) {
  double columns[kLeafRows * kLeafRows] = {};
  for (std::int64_t j = 0; j < a.rows; ++j) {
    double rest[kLeafRows] = {};
    for (std::int64_t i = j; i < a.rows; ++i) rest[i] = a(i, j);
    subtract_columns(columns, j, rest);
    if (!(rest[j] > 0)) return {j + 1, rest[j]};
    const double pivot = numerics::sqrt(rest[j]);
    a(j, j) = columns[j * kLeafRows + j] = pivot;
    for (std::int64_t i = j + 1; i < a.rows; ++i) a(i, j) = columns[j * kLeafRows + i] = rest[i] / pivot;
  }
  return {};
}

Failure factor(const Block& a) {
  if (a.rows <= kLeafRows) return factor_leaf(a);
  const std::int64_t half = half_of(a.rows, kLeafRows);
  const Block corner = a.part(0, 0, half, half), below = a.part(half, 0, a.rows - half, half);
  if (const Failure failure = factor(corner); failure.minor != 0) return failure;
  solve_lower_from_right(corner, below);
  subtract_square(a.from(half, half), below);
  const Failure failure = factor(a.from(half, half));
  return failure.minor == 0 ? failure : Failure{failure.minor + half, failure.pivot};
}

}  // namespace

CholeskyAttempt try_cholesky(Tensor a) {
  const FloatEnvironment contract;
  Tensor l = checked_square(a, "cholesky");
  a = {};
  if (!l.sole_owner()) l = own_elements(l);
  const Block block = block_of(l);
  const Failure failure = factor(block);
  if (failure.minor != 0) return {Tensor{}, failure.minor, failure.pivot};
  for (std::int64_t i = 0; i < block.rows; ++i)
    std::fill(block.row(i) + i + 1, block.row(i) + block.columns, 0.0);
  tessera::internal::tell_of_host_tensor(l, SourceLocation::current());
  return {l, 0, 0};
}

Tensor cholesky(const Tensor& a) {
  CholeskyAttempt attempt = try_cholesky(a);
  if (attempt.failed_minor != 0)
    fail(
        "cholesky: the leading minor of order {} is not positive definite (found pivot {}, expected a "
        "positive number)",
        attempt.failed_minor, attempt.pivot);
  return attempt.factor;
}

Tensor cholesky_solve(const Tensor& factor, const Tensor& b) {
  const Tensor y = solve_triangular(factor, b);
  return solve_triangular(factor, y,
                          {.triangle = Triangle::kLower, .transposed = true, .unit_diagonal = false});
}

double cholesky_log_determinant(const Tensor& factor) {
  const FloatEnvironment contract;
  const Matrix l = read_square(factor, "cholesky_log_determinant", "factor");
  std::vector<double> logs;
  for (std::int64_t i = 0; i < l.rows(); ++i) {
    if (!(l(i, i) > 0))
      fail(
          "cholesky_log_determinant: found {} on the diagonal at {}, expected the positive diagonal of a "
          "factor",
          l(i, i), i);
    logs.push_back(numerics::log(l(i, i)));
  }
  return 2 * numerics::sum(std::span<const double>(logs));
}

}  // namespace tessera::linalg
