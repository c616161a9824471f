#include "tessera/linalg/symmetric_product.h"

#include <algorithm>
#include <vector>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/contract.h"

namespace tessera::linalg::internal {
namespace {

constexpr std::int64_t kRowsOfProduct = 200;  // at least
constexpr std::int64_t kMostTasks = 8;
constexpr std::int64_t kDiagonalRows = 128;  // rows of a product on the diagonal

std::int64_t tasks_of(std::int64_t n) {
  return std::clamp<std::int64_t>(n / kRowsOfProduct, 1, kMostTasks);
}

// Two rows right of their square on the diagonal: their products with x, and what they add to y there.
TESSERA_FMA_CLONES void multiply_pair(const double* __restrict first, const double* __restrict second,
                                      const double* __restrict x, double x_first, double x_second,
                                      double* __restrict y, std::int64_t n, double* sums) {
  double one[kLanes] = {}, two[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t j = 0; j < kLanes; ++j) {
      one[j] = __builtin_fma(first[i + j], x[i + j], one[j]);
      two[j] = __builtin_fma(second[i + j], x[i + j], two[j]);
      y[i + j] = __builtin_fma(second[i + j], x_second, __builtin_fma(first[i + j], x_first, y[i + j]));
    }
  for (std::int64_t j = 0; i + j < n; ++j) {
    one[j] = __builtin_fma(first[i + j], x[i + j], one[j]);
    two[j] = __builtin_fma(second[i + j], x[i + j], two[j]);
    y[i + j] = __builtin_fma(second[i + j], x_second, __builtin_fma(first[i + j], x_first, y[i + j]));
  }
  sums[0] = sum_of_lanes(one);
  sums[1] = sum_of_lanes(two);
}

// Rows i and i + 1; the elements of y from i on are the list's.
void add_pair(const Block& a, std::int64_t i, const double* x, double* own, double* list) {
  const double corner = a(i, i), beside = a(i, i + 1), next = a(i + 1, i + 1);
  double sums[2];
  multiply_pair(a.row(i) + i + 2, a.row(i + 1) + i + 2, x + i + 2, x[i], x[i + 1], list + i + 2,
                a.rows - i - 2, sums);
  own[i] = corner * x[i] + beside * x[i + 1] + sums[0];
  own[i + 1] = beside * x[i] + next * x[i + 1] + sums[1];
}

}  // namespace

void multiply_upper(const Block& a, const double* x, double* y) {
  const std::int64_t n = a.rows, pairs = n / 2, tasks = tasks_of(n);
  std::vector<double> lists(static_cast<std::size_t>(tasks * n));
  parallel_for(tasks, [&](std::int64_t task) {
    for (std::int64_t p = task; p < pairs; p += tasks) add_pair(a, 2 * p, x, y, lists.data() + task * n);
  });
  if (n % 2 == 1) y[n - 1] = a(n - 1, n - 1) * x[n - 1];
  for (std::int64_t task = 0; task < tasks; ++task)
    for (std::int64_t i = 0; i < n; ++i) y[i] = y[i] + lists[static_cast<std::size_t>(task * n + i)];
}

void subtract_product_upper(const Block& c, const Block& a, const Block& b) {
  for (std::int64_t i = 0; i < c.rows; i += kDiagonalRows) {
    const std::int64_t rows = std::min(kDiagonalRows, c.rows - i), columns = c.columns - i;
    subtract_product(c.part(i, i, rows, columns), a.part(i, 0, rows, a.columns),
                     b.part(0, i, b.rows, columns));
  }
}

}  // namespace tessera::linalg::internal
