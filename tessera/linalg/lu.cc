#include "tessera/linalg/lu.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/triangular.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::linalg {
namespace {

using namespace internal;

constexpr std::int64_t kLeafColumns = 8;  // columns that are eliminated one by one

using Pivots = std::vector<std::int64_t>;  // row k was exchanged with row pivots[k] >= k

void exchange_rows(const Block& a, std::int64_t first, const std::int64_t* pivots, std::int64_t count) {
  for (std::int64_t k = first; k < first + count; ++k)
    if (pivots[k] != k) std::swap_ranges(a.row(k), a.row(k) + a.columns, a.row(pivots[k]));
}

std::int64_t pivot_row(const Block& a, std::int64_t column) {
  std::int64_t best = column;
  for (std::int64_t i = column + 1; i < a.rows; ++i)
    if (std::abs(a(i, column)) > std::abs(a(best, column))) best = i;
  return best;
}

void eliminate(const Block& a, std::int64_t k) {
  const double pivot = a(k, k);
  if (pivot == 0) return;  // the whole column is zero
  const double* line = a.row(k);
  for (std::int64_t i = k + 1; i < a.rows; ++i) {
    double* to = a.row(i);
    const double factor = to[k] / pivot;
    to[k] = factor;
    for (std::int64_t j = k + 1; j < a.columns; ++j) to[j] = to[j] - factor * line[j];
  }
}

// a has at least as many rows as columns; pivots[k] for its columns.
void factor(const Block& a, std::int64_t* pivots) {
  const std::int64_t n = a.columns;
  if (n <= kLeafColumns) {
    for (std::int64_t k = 0; k < n; ++k) {
      pivots[k] = pivot_row(a, k);
      exchange_rows(a, k, pivots, 1);
      eliminate(a, k);
    }
    return;
  }
  const std::int64_t half = std::max(kLeafColumns, n / 2 / kLeafColumns * kLeafColumns);
  const Block left = a.part(0, 0, a.rows, half), right = a.from(0, half);
  factor(left, pivots);
  exchange_rows(right, 0, pivots, half);
  const Block top = right.part(0, 0, half, n - half), rest = right.from(half, 0);
  solve_lower(left.part(0, 0, half, half), top, true);
  subtract_product(rest, left.from(half, 0), top);
  factor(rest, pivots + half);
  exchange_rows(left.from(half, 0), 0, pivots + half, n - half);
  for (std::int64_t k = half; k < n; ++k) pivots[k] += half;
}

Matrix permuted_rows(const Matrix& b, const std::vector<std::int64_t>& permutation) {
  Matrix result(b.rows(), b.columns());
  for (std::int64_t i = 0; i < b.rows(); ++i) {
    const double* from = b.row(permutation[static_cast<std::size_t>(i)]);
    std::copy(from, from + b.columns(), result.row(i));
  }
  return result;
}

Tensor solved(const Lu& factors, const Matrix& b, const Shape& shape, std::string_view function) {
  if (factors.first_zero_pivot >= 0)
    fail("{}: the matrix is singular: column {} depends on those before it", function,
         factors.first_zero_pivot);
  Matrix lu = read_square(factors.factors, function, "factors");
  Matrix x = permuted_rows(b, factors.permutation);
  solve_lower(lu.block(), x.block(), true);
  solve_upper(lu.block(), x.block(), false);
  return to_tensor(x, shape);
}

Lu factored(const Tensor& a, std::string_view function) {
  const FloatEnvironment contract;
  Matrix lu = read_square(a, function);
  const std::int64_t n = lu.rows();
  Pivots pivots(static_cast<std::size_t>(n));
  factor(lu.block(), pivots.data());
  Lu result;
  result.permutation.resize(pivots.size());
  std::iota(result.permutation.begin(), result.permutation.end(), 0);
  for (std::size_t k = 0; k < pivots.size(); ++k)
    if (pivots[k] != static_cast<std::int64_t>(k)) {
      std::swap(result.permutation[k], result.permutation[static_cast<std::size_t>(pivots[k])]);
      result.sign = -result.sign;
    }
  for (std::int64_t k = n - 1; k >= 0; --k)
    if (lu(k, k) == 0) result.first_zero_pivot = k;
  for (const double x : lu.elements())
    if (!std::isfinite(x))
      fail("{}: elements became too large for float64; scale the matrix first", function);
  result.factors = to_tensor(lu);
  return result;
}

Tensor triangle_of(const Tensor& factors, bool lower) {
  Matrix part = read_square(factors, "lu", "factors");
  for (std::int64_t i = 0; i < part.rows(); ++i)
    for (std::int64_t j = 0; j < part.columns(); ++j) {
      if (lower ? j > i : j < i) part(i, j) = 0;
      if (lower && i == j) part(i, j) = 1;
    }
  return to_tensor(part);
}

}  // namespace

Tensor Lu::lower() const {
  return triangle_of(factors, true);
}
Tensor Lu::upper() const {
  return triangle_of(factors, false);
}

Lu lu(const Tensor& a) {
  return factored(a, "lu");
}

Tensor solve(const Lu& factors, const Tensor& b) {
  const FloatEnvironment contract;
  const Matrix right = read_right_side(b, static_cast<std::int64_t>(factors.permutation.size()), "solve");
  return solved(factors, right, b.shape(), "solve");
}

Tensor solve(const Tensor& a, const Tensor& b) {
  const FloatEnvironment contract;
  read_right_side(b, read_square(a, "solve").rows(), "solve");  // before the work
  return solve(factored(a, "solve"), b);
}

Tensor inverse(const Tensor& a) {
  const FloatEnvironment contract;
  const Lu factors = factored(a, "inverse");
  const std::int64_t n = a.size(0);
  return solved(factors, Matrix::identity(n, n), a.shape(), "inverse");
}

double determinant(const Tensor& a) {
  const FloatEnvironment contract;
  const Lu factors = factored(a, "determinant");
  const Matrix lu = read_square(factors.factors, "determinant");
  // Significand and exponent apart: a product of a thousand pivots leaves the range of float64 long before its value does.
  double significand = factors.sign;
  std::int64_t exponent = 0;
  for (std::int64_t i = 0; i < lu.rows(); ++i) {
    int of_pivot = 0, of_product = 0;
    significand = std::frexp(significand * std::frexp(lu(i, i), &of_pivot), &of_product);
    exponent += of_pivot + of_product;
  }
  constexpr std::int64_t kBeyond = 5000;
  return scaled(significand, static_cast<int>(std::clamp(exponent, -kBeyond, kBeyond)));
}

LogDeterminant log_determinant(const Lu& factors) {
  const FloatEnvironment contract;
  if (factors.first_zero_pivot >= 0) return {0, -std::numeric_limits<double>::infinity()};
  const Matrix lu = read_square(factors.factors, "log_determinant", "factors");
  LogDeterminant result{factors.sign, 0};
  std::vector<double> logs;
  for (std::int64_t i = 0; i < lu.rows(); ++i) {
    if (lu(i, i) < 0) result.sign = -result.sign;
    logs.push_back(numerics::log(std::abs(lu(i, i))));
  }
  result.logarithm = numerics::sum(std::span<const double>(logs));
  return result;
}

LogDeterminant log_determinant(const Tensor& a) {
  return log_determinant(factored(a, "log_determinant"));
}

}  // namespace tessera::linalg
