#include "tessera/linalg/rotations.h"

#include <algorithm>

#include "tessera/base/thread_pool.h"
#include "tessera/linalg/wide_clones.h"
#include "tessera/numerics/contract.h"

namespace tessera::linalg::internal {
namespace {

constexpr std::int64_t kRotatedColumns = 32;  // columns
constexpr std::int64_t kLine = 8;  // elements of a line of the cache, which no vector should straddle
struct alignas(64) Line {
  double elements[kLine];
};

TESSERA_INLINE void rotate(double c, double s, double* __restrict x, double* __restrict y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double turned = __builtin_fma(c, x[i], s * y[i]);
    y[i] = __builtin_fma(c, y[i], -(s * x[i]));
    x[i] = turned;
  }
}

TESSERA_INLINE void reflect_two(const SmallReflection& h, double* __restrict x, double* __restrict y,
                                std::int64_t n) {
  const double v1 = h.v1, tau0 = h.tau, tau1 = h.tau * h.v1;
  for (std::int64_t i = 0; i < n; ++i) {
    const double sum = __builtin_fma(v1, y[i], x[i]);
    x[i] = __builtin_fma(-tau0, sum, x[i]);
    y[i] = __builtin_fma(-tau1, sum, y[i]);
  }
}

TESSERA_INLINE void reflect_three(const SmallReflection& h, double* __restrict x, double* __restrict y,
                                  double* __restrict z, std::int64_t n) {
  const double v1 = h.v1, v2 = h.v2, tau0 = h.tau, tau1 = h.tau * h.v1, tau2 = h.tau * h.v2;
  for (std::int64_t i = 0; i < n; ++i) {
    const double sum = __builtin_fma(v2, z[i], __builtin_fma(v1, y[i], x[i]));
    x[i] = __builtin_fma(-tau0, sum, x[i]);
    y[i] = __builtin_fma(-tau1, sum, y[i]);
    z[i] = __builtin_fma(-tau2, sum, z[i]);
  }
}

TESSERA_WIDE_CLONES void take_steps(double* strip, const Rotations::Step* steps, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Rotations::Step& step = steps[i];
    double *x = strip + step.first * kRotatedColumns, *y = strip + step.second * kRotatedColumns;
    if (step.third < 0)
      rotate(step.by.v1, step.by.v2, x, y, kRotatedColumns);
    else if (step.third == step.first)
      reflect_two(step.by, x, y, kRotatedColumns);
    else
      reflect_three(step.by, x, y, strip + step.third * kRotatedColumns, kRotatedColumns);
  }
}

TESSERA_FMA_CLONES void rotate_long(double c, double s, double* x, double* y, std::int64_t n) {
  rotate(c, s, x, y, n);
}
TESSERA_FMA_CLONES void reflect_two_long(const SmallReflection& h, double* x, double* y, std::int64_t n) {
  reflect_two(h, x, y, n);
}
TESSERA_FMA_CLONES void reflect_three_long(const SmallReflection& h, double* x, double* y, double* z,
                                           std::int64_t n) {
  reflect_three(h, x, y, z, n);
}

}  // namespace

void rotate_lines(double c, double s, double* x, double* y, std::int64_t n) {
  rotate_long(c, s, x, y, n);
}
void reflect_lines(const SmallReflection& h, double* x, double* y, std::int64_t n) {
  reflect_two_long(h, x, y, n);
}
void reflect_lines(const SmallReflection& h, double* x, double* y, double* z, std::int64_t n) {
  reflect_three_long(h, x, y, z, n);
}

void Rotations::flush() {
  if (waiting_.empty()) return;
  std::int64_t low = rows_->rows(), high = 0;  // the rows that take part
  for (const Step& step : waiting_) {
    low = std::min({low, step.first, step.second});
    high = std::max({high, step.first + 1, step.second + 1, step.third + 1});
  }
  for (Step& step : waiting_) {
    step.first -= low;
    step.second -= low;
    if (step.third >= 0) step.third -= low;
  }
  const std::int64_t columns = rows_->columns(), height = high - low;
  parallel_for((columns + kRotatedColumns - 1) / kRotatedColumns, [&](std::int64_t task) {
    const std::int64_t first = task * kRotatedColumns, width = std::min(kRotatedColumns, columns - first);
    std::vector<Line> lines(static_cast<std::size_t>(height * kRotatedColumns / kLine));
    double* const strip = reinterpret_cast<double*>(lines.data());
    for (std::int64_t i = 0; i < height; ++i)
      std::copy_n(rows_->row(low + i) + first, width, strip + i * kRotatedColumns);
    take_steps(strip, waiting_.data(), waiting_.size());
    for (std::int64_t i = 0; i < height; ++i)
      std::copy_n(strip + i * kRotatedColumns, width, rows_->row(low + i) + first);
  });
  waiting_.clear();
}

}  // namespace tessera::linalg::internal
