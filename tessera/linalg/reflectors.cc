#include "tessera/linalg/reflectors.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/numerics/contract.h"

namespace tessera::linalg::internal {

namespace {

// The sum over k = i ... j - 1 of t(i, k) gram(k, j) for each i < j: column j of T, but for its factor.
TESSERA_FMA_CLONES void multiply_triangle(const double* t, const double* gram, std::int64_t width,
                                          std::int64_t j, double* sums) {
  for (std::int64_t i = 0; i < j; ++i) {
    double sum = 0;
    for (std::int64_t k = i; k < j; ++k) sum = __builtin_fma(t[i * width + k], gram[k * width + j], sum);
    sums[i] = sum;
  }
}

// `tail` is the norm of the elements after the first.
Reflection reflection_of(double* x, std::int64_t n, double tail) {
  const double alpha = x[0], length = length_of(alpha, tail), beta = alpha > 0 ? -length : length;
  x[0] = 1;
  scale(1 / (alpha - beta), x + 1, n - 1);
  return {beta, (beta - alpha) / beta};
}

}  // namespace

Reflection make_reflection(double* x, std::int64_t n) {
  constexpr double kSmall = 0x1p-480, kUp = 0x1p600;
  const double tail = norm(x + 1, n - 1);
  if (tail >= kSmall) return reflection_of(x, n, tail);
  if (largest(x + 1, n - 1) == 0) return {std::exchange(x[0], 1), 0};
  if (std::abs(x[0]) > 1 / kSmall) return reflection_of(x, n, tail);  // beside it they are nothing
  // Squares of such elements lose digits or vanish: the same with all of them larger by a power of two.
  scale(kUp, x, n);
  const Reflection made = reflection_of(x, n, norm(x + 1, n - 1));
  return {made.beta / kUp, made.tau};
}

void reflect(const double* v, double tau, double* y, std::int64_t n) {
  if (tau != 0) add_scaled(-tau * dot(v, y, n), v, y, n);
}

Block Reflections::lines(std::int64_t first, std::int64_t count) {
  return vectors.block().part(first, first + offset_, count, length() - first - offset_);
}

// H_0 ... H_j = I - V^T T V: column j of T is -tau_j T (V v_j), then tau_j.
Matrix Reflections::triangle(std::int64_t first, std::int64_t count) {
  const Block v = lines(first, count);
  const Matrix gram = multiply(v, v.transposed());
  Matrix t(count, count);
  std::vector<double> sums(static_cast<std::size_t>(count));
  for (std::int64_t j = 0; j < count; ++j) {
    const double factor = tau[static_cast<std::size_t>(first + j)];
    multiply_triangle(t.row(0), gram.row(0), count, j, sums.data());
    for (std::int64_t i = 0; i < j; ++i) t(i, j) = -factor * sums[static_cast<std::size_t>(i)];
    t(j, j) = factor;
  }
  return t;
}

void Reflections::apply_block_transposed(std::int64_t first, std::int64_t count, const Block& c) {
  if (c.rows == 0 || c.columns == 0) return;
  const Block v = lines(first, count);
  Matrix t = triangle(first, count), product = multiply(v, c);
  Matrix turned = multiply(t.block().transposed(), product.block());
  subtract_product(c, v.transposed(), turned.block());
}

void Reflections::apply_transposed(const Block& c) {
  for (std::int64_t first = 0; first < count(); first += kWidth)
    apply_block_transposed(first, std::min(kWidth, count() - first), c.from(first + offset_, 0));
}

void Reflections::apply(const Block& c) {
  for (std::int64_t block = (count() - 1) / kWidth; block >= 0 && count() > 0; --block) {
    const std::int64_t first = block * kWidth, width = std::min(kWidth, count() - first);
    const Block v = lines(first, width), rows = c.from(first + offset_, 0);
    if (rows.columns == 0) continue;
    Matrix t = triangle(first, width), product = multiply(v, rows);
    Matrix turned = multiply(t.block(), product.block());
    subtract_product(rows, v.transposed(), turned.block());
  }
}

// Of the identity, the blocks that come later have changed nothing to the left of them.
Matrix Reflections::form(std::int64_t columns) {
  Matrix q = Matrix::identity(length(), columns);
  for (std::int64_t block = (count() - 1) / kWidth; block >= 0 && count() > 0; --block) {
    const std::int64_t first = block * kWidth, width = std::min(kWidth, count() - first);
    const std::int64_t start = first + offset_;
    if (start >= columns) continue;
    const Block v = lines(first, width), part = q.block().from(start, start);
    Matrix t = triangle(first, width), product = multiply(v, part);
    Matrix turned = multiply(t.block(), product.block());
    subtract_product(part, v.transposed(), turned.block());
  }
  return q;
}

}  // namespace tessera::linalg::internal
