#include "tessera/linalg/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/linalg/tridiagonal.h"

namespace tessera::linalg {
namespace internal {

Matrix read_symmetric(const Tensor& a, std::string_view function) {
  Matrix matrix = read_square(a, function);
  const double tolerance = 0x1p-26 * largest(matrix.elements().data(), matrix.rows() * matrix.columns());
  for (std::int64_t i = 0; i < matrix.rows(); ++i)
    for (std::int64_t j = 0; j < i; ++j) {
      if (std::abs(matrix(i, j) - matrix(j, i)) > tolerance)
        fail("{}: a is not symmetric: found {} at row {}, column {} and {} at row {}, column {}", function,
             matrix(i, j), i, j, matrix(j, i), j, i);
      matrix(j, i) = matrix(i, j);
    }
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

namespace {

struct Spectrum {
  std::vector<double> values;
  Matrix vectors;  // rows, if they were asked for
};

Spectrum spectrum_of(const Tensor& a, bool with_vectors, std::string_view function) {
  Matrix matrix = read_symmetric(a, function);
  const int exponent = scale_to_one(matrix);
  Tridiagonal t = tridiagonalise(std::move(matrix));
  const auto n = static_cast<std::int64_t>(t.diagonal.size());
  Spectrum spectrum;
  if (with_vectors) spectrum.vectors = transposed(t.q.form(n));
  // The iteration begins at the first row and keeps small eigenvalues best where the matrix grows downwards.
  if (std::abs(t.diagonal.front()) > std::abs(t.diagonal.back())) {
    std::reverse(t.diagonal.begin(), t.diagonal.end());
    std::reverse(t.beside.begin(), t.beside.end() - 1);
    for (std::int64_t i = 0; with_vectors && i < n / 2; ++i)
      std::swap_ranges(spectrum.vectors.row(i), spectrum.vectors.row(i) + n, spectrum.vectors.row(n - 1 - i));
  }
  {
    Rotations rotations(with_vectors ? &spectrum.vectors : nullptr);
    iterate_ql(t.diagonal, t.beside, rotations);
  }
  for (double& x : t.diagonal) x = scaled(x, -exponent);
  spectrum.values = std::move(t.diagonal);
  return spectrum;
}

}  // namespace
}  // namespace internal

SymmetricEigen symmetric_eigen(const Tensor& a) {
  using namespace internal;
  const FloatEnvironment contract;
  Spectrum spectrum = spectrum_of(a, true, "symmetric_eigen");
  const std::int64_t n = spectrum.vectors.rows();
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](std::int64_t i) { return spectrum.values[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t i, std::int64_t j) { return value(i) < value(j); });
  Matrix sorted(n, n);
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t from = order[static_cast<std::size_t>(i)];
    values.push_back(value(from));
    std::copy_n(spectrum.vectors.row(from), n, sorted.row(i));
    turn_positive(sorted.row(i), n);
  }
  return {to_tensor(values), to_tensor(transposed(sorted))};
}

Tensor symmetric_eigenvalues(const Tensor& a) {
  using namespace internal;
  const FloatEnvironment contract;
  std::vector<double> values = spectrum_of(a, false, "symmetric_eigenvalues").values;
  std::sort(values.begin(), values.end());
  return to_tensor(values);
}

}  // namespace tessera::linalg
