#include "tessera/linalg/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/selected_eigen.h"
#include "tessera/linalg/tridiagonal.h"
#include "tessera/tensor/ops.h"

namespace tessera::linalg {
namespace internal {

namespace {

// The lower triangle goes to the upper one where they differ by no more than the tolerance; false where one place does. In tiles, which stay in
// the cache with their mirror images.
bool mirror_lower(Matrix& a, double tolerance) {
  constexpr std::int64_t kTile = 32;
  bool within = true;
  for (std::int64_t i0 = 0; i0 < a.rows(); i0 += kTile)
    for (std::int64_t j0 = 0; j0 <= i0; j0 += kTile)
      for (std::int64_t i = i0; i < std::min(i0 + kTile, a.rows()); ++i)
        for (std::int64_t j = j0; j < std::min(j0 + kTile, i); ++j)
          if (std::abs(a(i, j) - a(j, i)) <= tolerance)
            a(j, i) = a(i, j);
          else
            within = false;
  return within;
}

}  // namespace

Matrix read_symmetric(const Tensor& a, std::string_view function) {
  Matrix matrix = read_square(a, function);
  const double tolerance = 0x1p-26 * largest(matrix.elements().data(), matrix.rows() * matrix.columns());
  if (mirror_lower(matrix, tolerance)) return matrix;
  for (std::int64_t i = 0; i < matrix.rows(); ++i)
    for (std::int64_t j = 0; j < i; ++j)
      if (std::abs(matrix(i, j) - matrix(j, i)) > tolerance)
        fail("{}: a is not symmetric: found {} at row {}, column {} and {} at row {}, column {}", function,
             matrix(i, j), i, j, matrix(j, i), j, i);
  return matrix;
}

bool turn_positive(double* line, std::int64_t n) {
  std::int64_t top = 0;
  for (std::int64_t i = 1; i < n; ++i)
    if (std::abs(line[i]) > std::abs(line[top])) top = i;
  if (!(line[top] < 0)) return false;
  for (std::int64_t i = 0; i < n; ++i) line[i] = 0 - line[i];
  return true;
}

std::vector<bool> negative_columns(const Matrix& a) {
  const auto columns = static_cast<std::size_t>(a.columns());
  std::vector<double> tops(columns);  // with their signs
  for (std::int64_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < columns; ++j)
      if (std::abs(a.row(i)[j]) > std::abs(tops[j])) tops[j] = a.row(i)[j];
  std::vector<bool> result;
  for (const double top : tops) result.push_back(top < 0);
  return result;
}

void turn_columns(Matrix& a, const std::vector<bool>& which) {
  for (std::int64_t i = 0; i < a.rows(); ++i)
    for (std::int64_t j = 0; j < a.columns(); ++j)
      if (which[static_cast<std::size_t>(j)]) a(i, j) = 0 - a(i, j);
}

namespace {

// From eigenvectors of the tridiagonal matrix, in rows, to those of the matrix itself, in columns.
SymmetricEigen pairs_of(std::vector<double> values, const Matrix& rows, Reflections& q, int exponent) {
  Matrix columns = transposed(rows);
  q.apply(columns.block());
  turn_columns(columns, negative_columns(columns));
  for (double& x : values) x = scaled(x, -exponent);
  return {to_tensor(values), to_tensor(columns)};
}

// With more than an eighth of the pairs the whole decomposition is as fast.
constexpr std::int64_t kFew = 8;

// The pairs of the places first ... first + count - 1, without the others; nothing where inverse iteration fails.
std::optional<SymmetricEigen> few_pairs(Matrix matrix, std::int64_t first, std::int64_t count) {
  const int exponent = scale_to_one(matrix);
  Tridiagonal t = tridiagonalise(std::move(matrix));
  std::vector<double> values = bisect_eigenvalues(t.diagonal, t.beside, first, count);
  const std::optional<Matrix> found = inverse_iteration(t.diagonal, t.beside, values);
  if (!found) return std::nullopt;
  return pairs_of(std::move(values), *found, t.q, exponent);
}

SymmetricEigen pairs_at_an_end(const Tensor& a, std::int64_t k, bool largest, std::string_view function) {
  Matrix matrix = read_symmetric(a, function);
  const std::int64_t n = matrix.rows(), first = largest ? n - k : 0;
  if (k < 0 || k > n) fail("{}: k is {}, expected 0 to {} for a matrix [{}, {}]", function, k, n, n, n);
  if (k == 0) return {zeros({0}, DType::kFloat64), zeros({n, 0}, DType::kFloat64)};
  if (kFew * k <= n)
    if (const std::optional<SymmetricEigen> found = few_pairs(std::move(matrix), first, k)) return *found;
  const SymmetricEigen all = symmetric_eigen(a);
  const Range places(first, first + k);
  return {copy(all.values.slice({places})), copy(all.vectors.slice({Range::all(), places}))};
}

}  // namespace
}  // namespace internal

SymmetricEigen largest_symmetric_eigen(const Tensor& a, std::int64_t k) {
  const FloatEnvironment contract;
  return internal::pairs_at_an_end(a, k, true, "largest_symmetric_eigen");
}

SymmetricEigen smallest_symmetric_eigen(const Tensor& a, std::int64_t k) {
  const FloatEnvironment contract;
  return internal::pairs_at_an_end(a, k, false, "smallest_symmetric_eigen");
}

SymmetricEigen symmetric_eigen(const Tensor& a) {
  using namespace internal;
  const FloatEnvironment contract;
  Matrix matrix = read_symmetric(a, "symmetric_eigen");
  const int exponent = scale_to_one(matrix);
  Tridiagonal t = tridiagonalise(std::move(matrix));
  const Spectrum spectrum = divide_tridiagonal(t.diagonal, t.beside, Frame::kWhole);
  const std::int64_t n = spectrum.rows.rows();
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](std::int64_t i) { return spectrum.values[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t i, std::int64_t j) { return value(i) < value(j); });
  Matrix sorted(n, n);
  for (std::int64_t i = 0; i < n; ++i)
    std::copy_n(spectrum.rows.row(order[static_cast<std::size_t>(i)]), n, sorted.row(i));
  return pairs_of(taken(spectrum.values, order), sorted, t.q, exponent);
}

Tensor symmetric_eigenvalues(const Tensor& a) {
  using namespace internal;
  const FloatEnvironment contract;
  Matrix matrix = read_symmetric(a, "symmetric_eigenvalues");
  const int exponent = scale_to_one(matrix);
  const Tridiagonal t = tridiagonalise(std::move(matrix));
  std::vector<double> values = divide_tridiagonal(t.diagonal, t.beside, Frame::kEnds).values;
  std::stable_sort(values.begin(), values.end());  // -0 and +0 are equal, but not the same bits
  for (double& x : values) x = scaled(x, -exponent);
  return to_tensor(values);
}

}  // namespace tessera::linalg
