#include "tessera/linalg/svd.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/float_environment.h"
#include "tessera/linalg/bidiagonal.h"
#include "tessera/linalg/symmetric_eigen.h"

namespace tessera::linalg {
namespace {

using namespace internal;

// In rows: left[i] belongs to values[i], as right[i] does.
struct Parts {
  std::vector<double> values;
  Matrix left, right;
};

enum class Wanted { kValues, kLeft, kRight, kThin, kFull };

Parts sorted(Parts parts) {
  std::vector<std::int64_t> order(parts.values.size());
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](std::int64_t i) { return parts.values[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t i, std::int64_t j) { return value(i) > value(j); });
  Parts result{{}, parts.left, parts.right};
  for (std::size_t i = 0; i < order.size(); ++i) {
    result.values.push_back(value(order[i]));
    const auto row = static_cast<std::int64_t>(i);
    if (parts.left.rows() > row)
      std::copy_n(parts.left.row(order[i]), parts.left.columns(), result.left.row(row));
    if (parts.right.rows() > row)
      std::copy_n(parts.right.row(order[i]), parts.right.columns(), result.right.row(row));
  }
  return result;
}

// a has at least as many rows as columns.
Parts decompose(Matrix a, Wanted wanted) {
  const std::int64_t m = a.rows(), n = a.columns();
  const bool with_left = wanted != Wanted::kValues && wanted != Wanted::kRight;
  const bool with_right = wanted != Wanted::kValues && wanted != Wanted::kLeft;
  Bidiagonal b = bidiagonalise(std::move(a));
  Parts parts;
  if (with_left) parts.left = transposed(b.q.form(wanted == Wanted::kFull ? m : n));
  if (with_right) parts.right = transposed(b.p.form(n));
  std::vector<bool> turned;
  {
    Rotations left(with_left ? &parts.left : nullptr), right(with_right ? &parts.right : nullptr);
    turned = iterate_qr(b.diagonal, b.above, left, right);
  }
  for (std::int64_t i = 0; with_right && i < n; ++i)
    if (turned[static_cast<std::size_t>(i)])
      for (std::int64_t j = 0; j < n; ++j) parts.right(i, j) = 0 - parts.right(i, j);
  parts.values = std::move(b.diagonal);
  return sorted(std::move(parts));
}

// The same, by way of R where a has many more rows.
Parts decompose_tall(Matrix a, Wanted wanted) {
  const std::int64_t m = a.rows(), n = a.columns();
  if (m < n + n / 2 + n / 8) return decompose(std::move(a), wanted);
  QrFactors factors = factor_qr(std::move(a));
  Parts parts = decompose(std::move(factors.r), wanted == Wanted::kFull ? Wanted::kThin : wanted);
  if (wanted == Wanted::kValues || wanted == Wanted::kRight) return parts;
  Matrix left = Matrix::identity(m, wanted == Wanted::kFull ? m : n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) left(i, j) = parts.left(j, i);
  factors.q.apply(left.block());
  parts.left = transposed(left);
  return parts;
}

Parts decomposed(const Tensor& a, Wanted wanted, const char* function) {
  Matrix matrix = read_matrix(a, function);
  const int exponent = scale_to_one(matrix);
  const bool wide = matrix.rows() < matrix.columns();
  if (wide && wanted == Wanted::kRight) wanted = Wanted::kLeft;
  Parts parts = decompose_tall(wide ? transposed(matrix) : std::move(matrix), wanted);
  if (wide) std::swap(parts.left, parts.right);
  for (double& value : parts.values) value = scaled(value, -exponent);
  const auto count = static_cast<std::int64_t>(parts.values.size());
  for (std::int64_t i = 0; i < parts.left.rows(); ++i)
    if (turn_positive(parts.left.row(i), parts.left.columns()) && i < count)
      for (std::int64_t j = 0; j < parts.right.columns(); ++j) parts.right(i, j) = 0 - parts.right(i, j);
  for (std::int64_t i = parts.left.rows() == 0 ? 0 : count; i < parts.right.rows(); ++i)
    turn_positive(parts.right.row(i), parts.right.columns());
  return parts;
}

}  // namespace

Svd svd(const Tensor& a, Size size) {
  const FloatEnvironment contract;
  const Parts parts = decomposed(a, size == Size::kFull ? Wanted::kFull : Wanted::kThin, "svd");
  return {to_tensor(transposed(parts.left)), to_tensor(parts.values), to_tensor(parts.right)};
}

RightSingularVectors right_singular_vectors(const Tensor& a) {
  const FloatEnvironment contract;
  const Parts parts = decomposed(a, Wanted::kRight, "right_singular_vectors");
  return {to_tensor(parts.values), to_tensor(parts.right)};
}

Tensor singular_values(const Tensor& a) {
  const FloatEnvironment contract;
  return to_tensor(decomposed(a, Wanted::kValues, "singular_values").values);
}

Tensor pseudoinverse(const Tensor& a, double tolerance) {
  const FloatEnvironment contract;
  Parts parts = decomposed(a, Wanted::kThin, "pseudoinverse");
  const double least = rank_tolerance_or_default(tolerance, a.size(0), a.size(1)) * parts.values.front();
  std::int64_t rank = 0;
  for (const double value : parts.values) rank += value > least ? 1 : 0;
  for (std::int64_t i = 0; i < rank; ++i)
    for (std::int64_t j = 0; j < parts.left.columns(); ++j)
      parts.left(i, j) = parts.left(i, j) / parts.values[static_cast<std::size_t>(i)];
  const Block left = parts.left.block().part(0, 0, rank, parts.left.columns());
  const Block right = parts.right.block().part(0, 0, rank, parts.right.columns());
  return to_tensor(multiply(right.transposed(), left));
}

}  // namespace tessera::linalg
