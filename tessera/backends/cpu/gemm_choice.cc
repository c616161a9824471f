// Which way a product of two matrices under any strides goes: kernels for a row or a column, for few rows, or the tiles of gemm.h with
// the lanes along one factor or the other.

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/gemm_finish.h"
#include "tessera/backends/cpu/gemm_lines.h"
#include "tessera/backends/cpu/gemv.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/strided_source.h"

namespace tessera::backends {
namespace {

// Where B is read in place: few rows use a packed panel, its rows lie as close together as a panel's already, or a chunk of it stays in
// the second-level cache, which keeps up with the tiles.
template <typename T>
bool packing_pays(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t k,
                  const MatrixView<const T>& b) {
  constexpr std::int64_t kSmallChunk = std::int64_t{256} << 10;  // stays in the second-level cache
  const std::int64_t chunk_bytes = std::min(k, kChunk) * b.row * static_cast<std::int64_t>(sizeof(T));
  const bool panel = b.row >= 0 && b.row <= kernels.vectors * kernels.lanes;
  const bool small = b.row >= 0 && chunk_bytes <= kSmallChunk;
  return m > 2 * kernels.most_rows[kernels.vectors] && !panel && !small;
}

// About how many cycles a product takes with its lanes along n, beyond what is the same either way.
template <typename T>
double cost(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
            MatrixView<const T> b, MatrixView<T> c) {
  constexpr double kTransposedElement = 0.4, kGatheredElement = 2, kStandingResult = 0.4;
  const double multiplications = double(m) * double(round_up(n, kernels.lanes)) * double(k) / kernels.lanes;
  const double packed = double(n) * double(k);
  const double packing = b.column == 1 ? 0 : packed * (b.row == 1 ? kTransposedElement : kGatheredElement);
  const double chunks = double((k + kChunk - 1) / kChunk);
  const double results = double(m) * double(n) * chunks;
  const double storing = c.column == 1 ? 0 : results * (c.row == 1 ? kStandingResult : kGatheredElement);
  return multiplications + packing + storing;
}

template <typename T>
MatrixView<T> transposed(MatrixView<T> view) {
  return {view.data, view.column, view.row};
}

// Where one factor is a few rows (or columns) and the other lies in lines along k. A layer's few columns go this way only if lanes along them
// would idle.
template <typename T>
bool multiply_few(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                  MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
  if (m <= kMostFewRows && b.column != 1) return multiply_lines(kernels, m, n, k, a, b, c);
  const bool idle = 4 * n < 3 * round_up(n, kernels.lanes) || b.column != 1;
  if (n > kMostFewRows || !idle || a.column != 1) return false;
  return multiply_lines(kernels, n, m, k, transposed(b), transposed(a), transposed(c));
}

// A product whose lanes run along C's columns, those of one row far apart. Its results lie in rows first, where chunks of k are added to them; and they are
// put into C once, several of a line of memory at a time.
template <typename T>
void multiply_standing(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                       MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c,
                       const Epilogue<T>& epilogue) {
  constexpr std::int64_t kRows = 512,
                         kPutRows = 64;  // n is small: they stay in the second-level cache, and in the first
  ScratchScope scratch;
  T* const lying = scratch.allocate<T>(std::min(m, kRows) * n);
  for (std::int64_t first = 0; first < m; first += kRows) {
    const std::int64_t rows = std::min(kRows, m - first);
    Epilogue<T> here = epilogue;
    if (here.bias != nullptr && here.along_rows) here.bias += first;
    gemm_with_source(kernels, rows, n, k, {a.data + first * a.row, a.row, a.column}, b, {lying, n, 1}, here);
    for (std::int64_t i = 0; i < rows; i += kPutRows)
      kernels.store_transposed(lying + i * n, n, std::min(kPutRows, rows - i), n, false, c.data + first + i,
                               c.column);
  }
}

// Where one factor is a single row or column.
template <typename T>
bool multiply_vector(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<const T> a,
                     MatrixView<const T> b, MatrixView<T> c) {
  if (m == 1) return multiply_row(n, k, a.data, a.column, b, c.data, c.column);
  if (n == 1) return multiply_row(m, k, b.data, b.row, transposed(a), c.data, c.row);
  return false;
}

}  // namespace

template <typename T>
void gemm(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
          MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c, const Epilogue<T>& epilogue) {
  // A stride that is never used may say anything: what helps is that it says "side by side".
  if (n == 1) b.column = c.column = 1;
  if (m == 1) a.row = c.row = 1;
  if (multiply_vector(m, n, k, a, b, c) || multiply_few(kernels, m, n, k, a, b, c)) {
    if (epilogue.finish != nullptr) finish_block(epilogue, m, n, c, false);
    return;
  }
  // Without idle lanes and transpositions nothing is cheaper.
  const bool cheap = b.column == 1 && c.column == 1 && n % kernels.lanes == 0;
  if (!cheap && cost(kernels, n, m, k, transposed(a), transposed(c)) < cost(kernels, m, n, k, b, c)) {
    const StridedSource<T> columns(kernels, transposed(a), packing_pays(kernels, n, k, transposed(a)));
    if (c.column == 1 && k > kChunk / 4)
      return multiply_standing(kernels, n, m, k, transposed(b), columns, transposed(c), epilogue.turned());
    return gemm_with_source(kernels, n, m, k, transposed(b), columns, transposed(c), epilogue.turned());
  }
  const StridedSource<T> columns(kernels, b, packing_pays(kernels, m, k, b));
  gemm_with_source(kernels, m, n, k, a, columns, c, epilogue);
}

template void gemm<float>(const GemmKernels<float>&, std::int64_t, std::int64_t, std::int64_t,
                          MatrixView<const float>, MatrixView<const float>, MatrixView<float>,
                          const Epilogue<float>&);
template void gemm<double>(const GemmKernels<double>&, std::int64_t, std::int64_t, std::int64_t,
                           MatrixView<const double>, MatrixView<const double>, MatrixView<double>,
                           const Epilogue<double>&);

}  // namespace tessera::backends
