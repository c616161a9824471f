#include "tessera/linalg/eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/base/float_environment.h"
#include "tessera/linalg/hessenberg.h"
#include "tessera/linalg/matrix.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg {
namespace {

using namespace internal;

// Row i of the matrix times 2^-exponents[i], column i times 2^exponents[i]: rows and columns get like norms.
std::vector<int> balance(Matrix& a) {
  const std::int64_t n = a.rows();
  std::vector<int> exponents(static_cast<std::size_t>(n));
  for (bool changed = true; changed;) {
    changed = false;
    for (std::int64_t i = 0; i < n; ++i) {
      double column = 0, row = 0;
      for (std::int64_t j = 0; j < n; ++j)
        if (j != i) {
          column = column + std::abs(a(j, i));
          row = row + std::abs(a(i, j));
        }
      if (column == 0 || row == 0) continue;
      // The power of two f that makes column f and row / f closest.
      int exponent = 0;
      double scaled_column = column;
      for (; scaled_column < row / 2; scaled_column *= 4) ++exponent;
      for (; scaled_column >= row * 2; scaled_column /= 4) --exponent;
      if (exponent == 0 || std::abs(exponents[static_cast<std::size_t>(i)] + exponent) > 200) continue;
      if (scaled(column, exponent) + scaled(row, -exponent) >= 0.95 * (column + row)) continue;
      for (std::int64_t j = 0; j < n; ++j) a(i, j) = scaled(a(i, j), -exponent);
      for (std::int64_t j = 0; j < n; ++j) a(j, i) = scaled(a(j, i), exponent);
      exponents[static_cast<std::size_t>(i)] += exponent;
      changed = true;
    }
  }
  return exponents;
}

// Rows of length 1 (a pair: its two rows together) whose component of the largest modulus is real and positive.
void normalise_real(double* line, std::int64_t n) {
  scale(1 / largest(line, n), line, n);
  scale(1 / norm(line, n), line, n);
  turn_positive(line, n);
}

void normalise_pair(double* real, double* imaginary, std::int64_t n) {
  const double top = std::max(largest(real, n), largest(imaginary, n));
  scale(1 / top, real, n);
  scale(1 / top, imaginary, n);
  std::int64_t best = 0;
  double best_size = -1;
  for (std::int64_t i = 0; i < n; ++i)
    if (const double size = length_of(real[i], imaginary[i]); size > best_size) {
      best = i;
      best_size = size;
    }
  const double length = numerics::sqrt(dot(real, real, n) + dot(imaginary, imaginary, n)) * best_size;
  const double c = real[best] / length, s = imaginary[best] / length;
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = real[i], y = imaginary[i];
    real[i] = x * c + y * s;
    imaginary[i] = y * c - x * s;
  }
  imaginary[best] = 0;
}

struct Values {
  std::vector<ComplexValue> values;
  Matrix vectors;  // rows as of quasi_triangular_vectors
};

Values values_of(const Tensor& a, bool with_vectors, const char* function) {
  Matrix h = read_square(a, function);
  const int exponent = scale_to_one(h);
  const std::int64_t n = h.rows();
  const std::vector<int> balanced = balance(h);
  Reflections q = reduce_to_hessenberg(h);
  Values result;
  if (!with_vectors) {
    Rotations none(nullptr);
    result.values = iterate_francis(h, none, false);
  } else {
    Matrix turned = transposed(q.form(n));
    {
      Rotations rotations(&turned);
      result.values = iterate_francis(h, rotations, true);
    }
    Matrix in_schur_basis = quasi_triangular_vectors(h, result.values);
    result.vectors = multiply(in_schur_basis.block(), turned.block());
    for (std::int64_t k = 0; k < n; ++k)
      for (std::int64_t i = 0; i < n; ++i)
        result.vectors(k, i) = scaled(result.vectors(k, i), balanced[static_cast<std::size_t>(i)]);
  }
  for (ComplexValue& value : result.values)
    value = {scaled(value.real, -exponent), scaled(value.imaginary, -exponent)};
  return result;
}

std::vector<std::size_t> order_of(const std::vector<ComplexValue>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    const ComplexValue &a = values[i], &b = values[j];
    if (a.real != b.real) return a.real < b.real;
    if (std::abs(a.imaginary) != std::abs(b.imaginary)) return std::abs(a.imaginary) < std::abs(b.imaginary);
    return a.imaginary > b.imaginary;
  });
  // Two equal pairs would stand as ++--: each second one belongs behind its first.
  for (std::size_t at = 0; at + 1 < order.size(); ++at)
    if (values[order[at]].imaginary > 0) {
      const auto partner =
          std::find(order.begin() + static_cast<std::ptrdiff_t>(at), order.end(), order[at] + 1);
      std::rotate(order.begin() + static_cast<std::ptrdiff_t>(at) + 1, partner, partner + 1);
      ++at;
    }
  return order;
}

Eigen listed(const std::vector<ComplexValue>& values, const std::vector<std::size_t>& order) {
  std::vector<double> real, imaginary;
  for (const std::size_t i : order) {
    real.push_back(values[i].real + 0.0);
    imaginary.push_back(values[i].imaginary + 0.0);
  }
  return {to_tensor(real), to_tensor(imaginary), {}, {}};
}

}  // namespace

bool Eigen::all_real() const {
  const std::vector<double> parts = imaginary.to_vector<double>();
  return std::all_of(parts.begin(), parts.end(), [](double x) { return x == 0; });
}

Eigen eigen(const Tensor& a) {
  const FloatEnvironment contract;
  Values found = values_of(a, true, "eigen");
  const std::int64_t n = found.vectors.rows();
  const std::vector<std::size_t> order = order_of(found.values);
  Eigen result = listed(found.values, order);
  for (std::int64_t k = 0; k < n; ++k)
    if (found.values[static_cast<std::size_t>(k)].imaginary == 0)
      normalise_real(found.vectors.row(k), n);
    else if (found.values[static_cast<std::size_t>(k)].imaginary > 0)
      normalise_pair(found.vectors.row(k), found.vectors.row(k + 1), n);
  Matrix real(n, n), imaginary(n, n);  // rows
  for (std::int64_t at = 0; at < n; ++at) {
    const auto k = static_cast<std::int64_t>(order[static_cast<std::size_t>(at)]);
    const double part = found.values[static_cast<std::size_t>(k)].imaginary;
    std::copy_n(found.vectors.row(part < 0 ? k - 1 : k), n, real.row(at));
    if (part != 0) std::copy_n(found.vectors.row(part < 0 ? k : k + 1), n, imaginary.row(at));
    if (part < 0)
      for (std::int64_t i = 0; i < n; ++i) imaginary(at, i) = 0 - imaginary(at, i);
  }
  result.vectors_real = to_tensor(transposed(real));
  result.vectors_imaginary = to_tensor(transposed(imaginary));
  return result;
}

Eigen eigenvalues(const Tensor& a) {
  const FloatEnvironment contract;
  const std::vector<ComplexValue> values = values_of(a, false, "eigenvalues").values;
  return listed(values, order_of(values));
}

double spectral_radius(const Tensor& a) {
  const FloatEnvironment contract;
  double radius = 0;
  for (const ComplexValue& value : values_of(a, false, "spectral_radius").values)
    radius = std::max(radius, length_of(value.real, value.imaginary));
  return radius;
}

}  // namespace tessera::linalg
