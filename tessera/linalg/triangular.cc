#include "tessera/linalg/triangular.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/contract.h"

namespace tessera::linalg {
namespace internal {
namespace {

constexpr std::int64_t kLeaf = 16;            // triangles up to this size are solved by substitution
constexpr std::int64_t kColumnsOfTask = 128;  // right-hand sides that one task takes through a leaf
constexpr std::int64_t kRowsOfTask = 192;     // the same where they are rows, through the whole triangle
constexpr std::int64_t kStrip = 32;           // of them side by side in registers

// A triangle in the order in which its unknowns are found: the factors of those before, negated, and the pivots.
struct Leaf {
  std::int64_t size;
  bool unit_diagonal;
  double factors[kLeaf * kLeaf], pivots[kLeaf];
};

Leaf leaf_of(const Block& a, bool upper, bool unit_diagonal) {
  Leaf leaf{a.rows, unit_diagonal, {}, {}};
  const auto place = [&](std::int64_t i) { return upper ? a.rows - 1 - i : i; };
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t k = 0; k < i; ++k) leaf.factors[i * kLeaf + k] = -a(place(i), place(k));
    leaf.pivots[i] = a(place(i), place(i));
  }
  return leaf;
}

// `width` columns from b on, whose row i is row_step * i elements away.
TESSERA_INLINE void substitute_strip(const Leaf& leaf, double* b, std::int64_t row_step, std::int64_t width) {
  for (std::int64_t i = 0; i < leaf.size; ++i) {
    double sums[kStrip];
    for (std::int64_t l = 0; l < width; ++l) sums[l] = b[i * row_step + l];
    for (std::int64_t k = 0; k < i; ++k) {
      const double factor = leaf.factors[i * kLeaf + k];
      for (std::int64_t l = 0; l < width; ++l) sums[l] = __builtin_fma(factor, b[k * row_step + l], sums[l]);
    }
    if (!leaf.unit_diagonal)
      for (std::int64_t l = 0; l < width; ++l) sums[l] = sums[l] / leaf.pivots[i];
    for (std::int64_t l = 0; l < width; ++l) b[i * row_step + l] = sums[l];
  }
}

TESSERA_FMA_CLONES void substitute(const Leaf& leaf, double* b, std::int64_t row_step, std::int64_t columns) {
  std::int64_t j = 0;
  for (; j + kStrip <= columns; j += kStrip) substitute_strip(leaf, b + j, row_step, kStrip);
  if (j < columns) substitute_strip(leaf, b + j, row_step, columns - j);
}

void solve_leaf(const Block& a, const Block& b, bool upper, bool unit_diagonal) {
  const Leaf leaf = leaf_of(a, upper, unit_diagonal);
  double* first = upper ? b.row(b.rows - 1) : b.row(0);
  const std::int64_t tasks = (b.columns + kColumnsOfTask - 1) / kColumnsOfTask;
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t column = task * kColumnsOfTask;
    substitute(leaf, first + column, upper ? -b.row_stride : b.row_stride,
               std::min(kColumnsOfTask, b.columns - column));
  });
}

// A few columns of b, the leaf's, as lines in the first-level cache.
void solve_leaf_from_right(const Block& a, const Block& b) {
  const Leaf leaf = leaf_of(a, false, false);
  double lines[kLeaf * kColumnsOfTask];
  for (std::int64_t first = 0; first < b.rows; first += kColumnsOfTask) {
    const std::int64_t count = std::min(kColumnsOfTask, b.rows - first);
    const Block part = b.part(first, 0, count, b.columns);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < b.columns; ++j) lines[j * kColumnsOfTask + i] = part(i, j);
    substitute(leaf, lines, kColumnsOfTask, count);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < b.columns; ++j) part(i, j) = lines[j * kColumnsOfTask + i];
  }
}

// Where a triangle is cut in two: a multiple of the leaf.
std::int64_t half_of(std::int64_t n) {
  return std::max(kLeaf, n / 2 / kLeaf * kLeaf);
}

// On the calling thread.
void solve_rows_from_right(const Block& a, const Block& b) {
  if (a.rows <= kLeaf) return solve_leaf_from_right(a, b);
  const std::int64_t half = half_of(a.rows);
  const Block first = b.part(0, 0, b.rows, half), second = b.from(0, half);
  solve_rows_from_right(a.part(0, 0, half, half), first);
  subtract_product(second, first, a.part(half, 0, a.rows - half, half).transposed());
  solve_rows_from_right(a.from(half, half), second);
}

}  // namespace

void solve_lower_from_right(const Block& a, const Block& b) {
  const std::int64_t tasks = (b.rows + kRowsOfTask - 1) / kRowsOfTask;
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = task * b.rows / tasks, end = (task + 1) * b.rows / tasks;
    solve_rows_from_right(a, b.part(first, 0, end - first, b.columns));
  });
}

void solve_lower(const Block& a, const Block& b, bool unit_diagonal) {
  const std::int64_t n = a.rows;
  if (n <= kLeaf) return solve_leaf(a, b, false, unit_diagonal);
  const std::int64_t half = half_of(n);
  const Block first = b.part(0, 0, half, b.columns), second = b.from(half, 0);
  solve_lower(a.part(0, 0, half, half), first, unit_diagonal);
  subtract_product(second, a.part(half, 0, n - half, half), first);
  solve_lower(a.from(half, half), second, unit_diagonal);
}

void solve_upper(const Block& a, const Block& b, bool unit_diagonal) {
  const std::int64_t n = a.rows;
  if (n <= kLeaf) return solve_leaf(a, b, true, unit_diagonal);
  const std::int64_t half = half_of(n);
  const Block first = b.part(0, 0, half, b.columns), second = b.from(half, 0);
  solve_upper(a.from(half, half), second, unit_diagonal);
  subtract_product(first, a.part(0, half, half, n - half), second);
  solve_upper(a.part(0, 0, half, half), first, unit_diagonal);
}

}  // namespace internal

Tensor solve_triangular(const Tensor& a, const Tensor& b, const TriangularOptions& options) {
  using namespace internal;
  const FloatEnvironment contract;
  const Tensor kept = checked_square(a, "solve_triangular");
  const Block triangle = block_of(kept);
  Matrix x = read_right_side(b, triangle.rows, "solve_triangular");
  if (!options.unit_diagonal)
    for (std::int64_t i = 0; i < triangle.rows; ++i)
      if (triangle(i, i) == 0)
        fail("solve_triangular: element ({}, {}) of the diagonal is zero, so the matrix is singular", i, i);
  const Block view = options.transposed ? triangle.transposed() : triangle;
  if ((options.triangle == Triangle::kLower) != options.transposed)
    solve_lower(view, x.block(), options.unit_diagonal);
  else
    solve_upper(view, x.block(), options.unit_diagonal);
  return to_tensor(x, b.shape());
}

}  // namespace tessera::linalg
