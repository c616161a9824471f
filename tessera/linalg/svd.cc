#include "tessera/linalg/svd.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/float_environment.h"
#include "tessera/linalg/bidiagonal.h"
#include "tessera/linalg/symmetric_eigen.h"

namespace tessera::linalg {
namespace {

using namespace internal;

struct Parts {
  std::vector<double> values;
  Matrix left, right;  // columns; those that belong to no value stand behind
  int exponent = 0;    // values and matrix were scaled by 2^exponent
  Tensor singular_values() const {
    std::vector<double> result = values;
    for (double& value : result) value = std::abs(scaled(value, -exponent));  // never -0
    return to_tensor(result);
  }
};

enum class Wanted { kValues, kLeft, kRight, kThin, kFull };

// Vectors of B, in rows, to those of the matrix: `columns` of them, as Q or P has them behind those of B.
Matrix vectors_of(const Matrix& rows, const std::vector<std::int64_t>& order, Reflections& reflections,
                  std::int64_t columns) {
  Matrix sorted(rows.rows(), rows.columns());
  for (std::int64_t i = 0; i < rows.rows(); ++i)
    std::copy_n(rows.row(order[static_cast<std::size_t>(i)]), rows.columns(), sorted.row(i));
  const Matrix of_b = transposed(sorted);
  Matrix result = Matrix::identity(reflections.length(), columns);
  for (std::int64_t i = 0; i < of_b.rows(); ++i) std::copy_n(of_b.row(i), of_b.columns(), result.row(i));
  reflections.apply(result.block());
  return result;
}

// a has at least as many rows as columns.
Parts decompose(Matrix a, Wanted wanted) {
  const std::int64_t m = a.rows(), n = a.columns();
  const bool with_left = wanted != Wanted::kValues && wanted != Wanted::kRight;
  const bool with_right = wanted != Wanted::kValues && wanted != Wanted::kLeft;
  Bidiagonal b = bidiagonalise(std::move(a));
  const BidiagonalSvd found = divide_bidiagonal(b, with_right ? Frame::kWhole : Frame::kEnds, with_left);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](std::int64_t i) { return found.values[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t i, std::int64_t j) { return value(i) > value(j); });
  Parts parts{taken(found.values, order), {}, {}, 0};
  if (with_left) parts.left = vectors_of(found.left, order, b.q, wanted == Wanted::kFull ? m : n);
  if (with_right) parts.right = vectors_of(found.right, order, b.p, n);
  return parts;
}

// The same, by way of R where a has many more rows.
Parts decompose_tall(Matrix a, Wanted wanted) {
  const std::int64_t m = a.rows(), n = a.columns();
  if (m < n + n / 2 + n / 8) return decompose(std::move(a), wanted);
  QrFactors factors = factor_qr(std::move(a));
  Parts parts = decompose(std::move(factors.r), wanted == Wanted::kFull ? Wanted::kThin : wanted);
  if (wanted == Wanted::kValues || wanted == Wanted::kRight) return parts;
  Matrix left = Matrix::identity(m, wanted == Wanted::kFull ? m : n);
  for (std::int64_t i = 0; i < n; ++i) std::copy_n(parts.left.row(i), n, left.row(i));
  factors.q.apply(left.block());
  parts.left = std::move(left);
  return parts;
}

Parts decomposed(const Tensor& a, Wanted wanted, const char* function) {
  Matrix matrix = read_matrix(a, function);
  const int exponent = scale_to_one(matrix);
  const bool wide = matrix.rows() < matrix.columns();
  if (wide && wanted == Wanted::kRight) wanted = Wanted::kLeft;
  Parts parts = decompose_tall(wide ? transposed(matrix) : std::move(matrix), wanted);
  if (wide) std::swap(parts.left, parts.right);
  parts.exponent = exponent;
  const std::vector<bool> of_left = negative_columns(parts.left);
  std::vector<bool> of_right = negative_columns(parts.right);
  if (!of_left.empty() && !of_right.empty())
    std::copy_n(of_left.begin(), parts.values.size(), of_right.begin());  // each pair as its left vector
  turn_columns(parts.left, of_left);
  turn_columns(parts.right, of_right);
  return parts;
}

}  // namespace

Svd svd(const Tensor& a, Size size) {
  const FloatEnvironment contract;
  const Parts parts = decomposed(a, size == Size::kFull ? Wanted::kFull : Wanted::kThin, "svd");
  return {to_tensor(parts.left), parts.singular_values(), to_tensor(transposed(parts.right))};
}

RightSingularVectors right_singular_vectors(const Tensor& a) {
  const FloatEnvironment contract;
  const Parts parts = decomposed(a, Wanted::kRight, "right_singular_vectors");
  return {parts.singular_values(), to_tensor(transposed(parts.right))};
}

Tensor singular_values(const Tensor& a) {
  const FloatEnvironment contract;
  return decomposed(a, Wanted::kValues, "singular_values").singular_values();
}

Tensor pseudoinverse(const Tensor& a, double tolerance) {
  const FloatEnvironment contract;
  Parts parts = decomposed(a, Wanted::kThin, "pseudoinverse");
  const double least = rank_tolerance_or_default(tolerance, a.size(0), a.size(1)) * parts.values.front();
  std::int64_t rank = 0;
  for (const double value : parts.values) rank += value > least ? 1 : 0;
  for (std::int64_t i = 0; i < parts.left.rows(); ++i)
    for (std::int64_t j = 0; j < rank; ++j)
      parts.left(i, j) = parts.left(i, j) / parts.values[static_cast<std::size_t>(j)];
  const Block left = parts.left.block().part(0, 0, parts.left.rows(), rank);
  const Block right = parts.right.block().part(0, 0, parts.right.rows(), rank);
  Matrix inverse = multiply(right, left.transposed());
  if (parts.exponent != 0)
    for (double& x : inverse.elements()) x = scaled(x, parts.exponent);
  return to_tensor(inverse);
}

}  // namespace tessera::linalg
