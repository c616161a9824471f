#include "tessera/linalg/triangular.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"

namespace tessera::linalg {
namespace internal {
namespace {

constexpr std::int64_t kLeaf = 16;            // triangles up to this size are solved by substitution
constexpr std::int64_t kColumnsOfTask = 128;  // right-hand sides that one task takes through a leaf
constexpr std::int64_t kRowsOfTask = 192;     // the same where they are rows, through the whole triangle

void divide_row(const Block& b, std::int64_t i, double by) {
  double* line = b.row(i);
  for (std::int64_t j = 0; j < b.columns; ++j) line[j] = line[j] / by;
}

void substitute_lower(const Block& a, const Block& b, bool unit_diagonal) {
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t k = 0; k < i; ++k) add_scaled(-a(i, k), b.row(k), b.row(i), b.columns);
    if (!unit_diagonal) divide_row(b, i, a(i, i));
  }
}

void substitute_upper(const Block& a, const Block& b, bool unit_diagonal) {
  for (std::int64_t i = a.rows - 1; i >= 0; --i) {
    for (std::int64_t k = a.rows - 1; k > i; --k) add_scaled(-a(i, k), b.row(k), b.row(i), b.columns);
    if (!unit_diagonal) divide_row(b, i, a(i, i));
  }
}

template <typename Substitute>
void solve_leaf(const Block& b, const Substitute& substitute) {
  const std::int64_t tasks = (b.columns + kColumnsOfTask - 1) / kColumnsOfTask;
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = task * kColumnsOfTask;
    substitute(b.part(0, first, b.rows, std::min(kColumnsOfTask, b.columns - first)));
  });
}

// A few columns of b, the leaf's, as lines in the first-level cache.
void solve_leaf_from_right(const Block& a, const Block& b) {
  double lines[kLeaf * kColumnsOfTask];
  for (std::int64_t first = 0; first < b.rows; first += kColumnsOfTask) {
    const std::int64_t count = std::min(kColumnsOfTask, b.rows - first);
    const Block part = b.part(first, 0, count, b.columns);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < b.columns; ++j) lines[j * kColumnsOfTask + i] = part(i, j);
    substitute_lower(a, {lines, b.columns, count, kColumnsOfTask, 1}, false);
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
  if (n <= kLeaf) return solve_leaf(b, [&](const Block& part) { substitute_lower(a, part, unit_diagonal); });
  const std::int64_t half = half_of(n);
  const Block first = b.part(0, 0, half, b.columns), second = b.from(half, 0);
  solve_lower(a.part(0, 0, half, half), first, unit_diagonal);
  subtract_product(second, a.part(half, 0, n - half, half), first);
  solve_lower(a.from(half, half), second, unit_diagonal);
}

void solve_upper(const Block& a, const Block& b, bool unit_diagonal) {
  const std::int64_t n = a.rows;
  if (n <= kLeaf) return solve_leaf(b, [&](const Block& part) { substitute_upper(a, part, unit_diagonal); });
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
