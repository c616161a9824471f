#include "tessera/backends/cpu/gemm_symmetric.h"

#include <algorithm>

#include "tessera/backends/cpu/strided_source.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kLeastStrip = 32;
constexpr std::int64_t kLeastSide = 96, kMostSide = 384;  // of the blocks that are tasks
constexpr std::int64_t kSideStep = 4;
constexpr std::int64_t kMirrored = 32;        // side of a square that is turned at a time
constexpr std::int64_t kMirroredAlone = 256;  // up to here other threads would come too late

template <typename T>
MatrixView<const T> rows_from(MatrixView<const T> a, std::int64_t row) {
  return {a.data + row * a.row, a.row, a.column};
}

template <typename T>
MatrixView<const T> turned(MatrixView<const T> a) {
  return {a.data, a.column, a.row};
}

// A square on the diagonal, and those of its rows that lie to the left of it.
template <typename T>
void mirror_rows(const GemmKernels<T>& kernels, std::int64_t n, std::int64_t first, T* c) {
  const std::int64_t rows = std::min(kMirrored, n - first);
  for (std::int64_t column = 0; column < first; column += kMirrored)
    kernels.store_transposed(c + first * n + column, n, rows, kMirrored, false, c + column * n + first, n);
  for (std::int64_t i = first; i < first + rows; ++i)
    for (std::int64_t j = first; j < i; ++j) c[j * n + i] = c[i * n + j];
}

}  // namespace

SymmetricBlocks::SymmetricBlocks(std::int64_t n, std::int64_t threads) {
  const std::int64_t most = std::clamp(n / (4 * threads), kLeastSide, kMostSide);
  const std::int64_t balanced = (n + most - 1) / most;
  side = round_up((n + balanced - 1) / balanced, kSideStep);
  count = (n + side - 1) / side;  // with a rounded side fewer may do
}

template <typename T>
std::int64_t symmetric_strip(const GemmKernels<T>& kernels) {
  return std::max<std::int64_t>(kLeastStrip, kernels.lanes * kernels.vectors);
}

template <typename T>
void gemm_lower(const GemmKernels<T>& kernels, std::int64_t n, std::int64_t k, MatrixView<const T> a, T* c,
                std::int64_t c_row) {
  const std::int64_t strip = symmetric_strip(kernels);
  for (std::int64_t first = 0; first < n; first += strip) {
    const MatrixView<const T> rows = rows_from(a, first);
    gemm<T>(kernels, n - first, std::min(strip, n - first), k, rows, turned(rows),
            {c + first * c_row + first, c_row, 1});
  }
}

template <typename T>
void gemm_symmetric(const GemmKernels<T>& kernels, std::int64_t n, std::int64_t k, MatrixView<const T> a,
                    T* c) {
  const SymmetricBlocks cut(n, thread_count());
  const std::int64_t side = cut.side, blocks = cut.count;
  parallel_for(blocks * (blocks + 1) / 2, [&](std::int64_t task) {
    // The largest ones first: below the diagonal by rows of blocks, then those on the diagonal.
    const std::int64_t below = blocks * (blocks - 1) / 2;
    std::int64_t line = 0, column = 0;
    if (task < below) {
      for (line = 1, column = task; column >= line; ++line) column -= line;
    } else {
      line = column = task - below;
    }
    const std::int64_t first = line * side, rows = std::min(side, n - first);
    T* const to = c + first * n + column * side;
    if (line == column) return gemm_lower<T>(kernels, rows, k, rows_from(a, first), to, n);
    gemm<T>(kernels, rows, side, k, rows_from(a, first), turned(rows_from(a, column * side)), {to, n, 1});
  });
  mirror_lower(kernels, n, c);
}

template <typename T>
void mirror_lower(const GemmKernels<T>& kernels, std::int64_t n, T* c) {
  const std::int64_t squares = (n + kMirrored - 1) / kMirrored;
  const auto mirror = [&](std::int64_t i) { mirror_rows(kernels, n, (squares - 1 - i) * kMirrored, c); };
  if (n > kMirroredAlone) return parallel_for(squares, mirror);
  for (std::int64_t i = 0; i < squares; ++i) mirror(i);
}

#define TESSERA_INSTANTIATE(T)                                                                            \
  template std::int64_t symmetric_strip<T>(const GemmKernels<T>&);                                        \
  template void gemm_lower<T>(const GemmKernels<T>&, std::int64_t, std::int64_t, MatrixView<const T>, T*, \
                              std::int64_t);                                                              \
  template void gemm_symmetric<T>(const GemmKernels<T>&, std::int64_t, std::int64_t, MatrixView<const T>, \
                                  T*);                                                                    \
  template void mirror_lower<T>(const GemmKernels<T>&, std::int64_t, T*);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::backends
