#include "tessera/linalg/qr.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/float_environment.h"

namespace tessera::linalg {
namespace internal {
namespace {

// Columns first ... first + count of a become reflections; what they leave above and on the diagonal goes back to a.
void factor_panel(Matrix& a, Reflections& q, std::int64_t first, std::int64_t count) {
  const std::int64_t m = a.rows(), last = first + count;
  for (std::int64_t p = first; p < last; ++p)
    for (std::int64_t i = first; i < m; ++i) q.vectors(p, i) = a(i, p);
  for (std::int64_t p = first; p < last; ++p) {
    double* v = q.vectors.row(p);
    for (std::int64_t i = first; i < p; ++i) {
      a(i, p) = v[i];
      v[i] = 0;
    }
    const Reflection made = make_reflection(v + p, m - p);
    a(p, p) = made.beta;
    q.tau[static_cast<std::size_t>(p)] = made.tau;
    for (std::int64_t other = p + 1; other < last; ++other)
      reflect(v + p, made.tau, q.vectors.row(other) + p, m - p);
  }
}

Matrix upper_part(const Matrix& a, std::int64_t rows) {
  Matrix r(rows, a.columns());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = i; j < a.columns(); ++j) r(i, j) = a(i, j);
  return r;
}

}  // namespace

QrFactors factor_qr(Matrix a) {
  const std::int64_t m = a.rows(), n = a.columns(), k = std::min(m, n);
  QrFactors factors{Reflections(k, m), {}, {}};
  for (std::int64_t first = 0; first < k; first += Reflections::kWidth) {
    const std::int64_t count = std::min(Reflections::kWidth, k - first), next = first + count;
    factor_panel(a, factors.q, first, count);
    factors.q.apply_block_transposed(first, count, a.block().part(first, next, m - first, n - next));
  }
  factors.r = upper_part(a, k);
  return factors;
}

double rank_tolerance_or_default(double tolerance, std::int64_t rows, std::int64_t columns) {
  return tolerance >= 0 ? tolerance : static_cast<double>(std::max(rows, columns)) * 0x1p-52;
}

std::int64_t rank_of(const QrFactors& factors, double tolerance) {
  const Matrix& r = factors.r;
  std::int64_t rank = 0;
  while (rank < r.rows() && std::abs(r(rank, rank)) > tolerance * std::abs(r(0, 0))) ++rank;
  return rank;
}

namespace {

// R with a diagonal >= 0, in `rows` lines.
Matrix positive_triangle(const QrFactors& factors, std::int64_t rows, int exponent) {
  Matrix r(rows, factors.r.columns());
  for (std::int64_t i = 0; i < factors.r.rows(); ++i) {
    const bool turn = factors.r(i, i) < 0;
    for (std::int64_t j = i; j < r.columns(); ++j)
      r(i, j) = scaled(turn ? 0 - factors.r(i, j) : factors.r(i, j), -exponent);
  }
  return r;
}

// Rows of R and columns of Q change their signs together.
Qr with_signs(QrFactors& factors, Size size, int exponent) {
  const std::int64_t m = factors.q.length(), k = factors.r.rows(), columns = size == Size::kFull ? m : k;
  Matrix q = factors.q.form(columns);
  for (std::int64_t i = 0; i < k; ++i)
    if (factors.r(i, i) < 0)
      for (std::int64_t row = 0; row < m; ++row) q(row, i) = 0 - q(row, i);
  return {to_tensor(q), to_tensor(positive_triangle(factors, columns, exponent))};
}

}  // namespace
}  // namespace internal

Qr qr(const Tensor& a, Size size) {
  using namespace internal;
  const FloatEnvironment contract;
  Matrix matrix = read_matrix(a, "qr");
  const int exponent = scale_to_one(matrix);
  QrFactors factors = factor_qr(std::move(matrix));
  return with_signs(factors, size, exponent);
}

Tensor triangular_factor(const Tensor& a) {
  using namespace internal;
  const FloatEnvironment contract;
  Matrix matrix = read_matrix(a, "triangular_factor");
  const int exponent = scale_to_one(matrix);
  const QrFactors factors = factor_qr(std::move(matrix));
  return to_tensor(positive_triangle(factors, factors.r.rows(), exponent));
}

PivotedQr pivoted_qr(const Tensor& a, Size size, double rank_tolerance) {
  using namespace internal;
  const FloatEnvironment contract;
  Matrix matrix = read_matrix(a, "pivoted_qr");
  const int exponent = scale_to_one(matrix);
  QrFactors factors = factor_pivoted_qr(matrix);
  const double tolerance = rank_tolerance_or_default(rank_tolerance, matrix.rows(), matrix.columns());
  const Qr signs = with_signs(factors, size, exponent);
  return {signs.q, signs.r, factors.permutation, rank_of(factors, tolerance)};
}

}  // namespace tessera::linalg
