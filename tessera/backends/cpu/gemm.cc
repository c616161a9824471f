#include "tessera/backends/cpu/gemm.h"

#include <algorithm>
#include <cstring>

#include "tessera/backends/cpu/scratch.h"

namespace tessera::backends {
namespace {

// Rows of A per block: 192 x 256 floats stay in the second-level cache while the panels of B go by.
constexpr std::int64_t kBlockRows = 192;

template <typename T>
class StridedSource : public PanelSource<T> {
 public:
  StridedSource(const GemmKernels<T>& kernels, MatrixView<const T> b, bool pack_pays)
      : kernels_(kernels), b_(b), pack_pays_(pack_pays) {}

  void pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns, T* panel,
            std::int64_t step) const override {
    const T* from = b_.data + k0 * b_.row + n0 * b_.column;
    if (b_.column == 1) return pack_rows(from, depth, columns, panel, step);
    if (b_.row == 1) {
      kernels_.pack_transposed(from, b_.column, depth, columns, panel, step);
    } else {
      for (std::int64_t k = 0; k < depth; ++k)
        for (std::int64_t j = 0; j < columns; ++j) panel[k * step + j] = from[k * b_.row + j * b_.column];
    }
    if (columns == step) return;
    for (std::int64_t k = 0; k < depth; ++k)
      std::fill(panel + k * step + columns, panel + (k + 1) * step, T(0));
  }

  const T* in_place(std::int64_t k0, std::int64_t n0, std::int64_t columns,
                    std::int64_t* step) const override {
    if (pack_pays_ || b_.column != 1 || columns == 0) return nullptr;
    *step = b_.row;
    return b_.data + k0 * b_.row + n0;
  }

  const T* rows(std::int64_t k0, std::int64_t n0, std::int64_t* step) const override {
    *step = b_.row;
    return b_.column == 1 ? b_.data + k0 * b_.row + n0 : nullptr;
  }

 private:
  void pack_rows(const T* from, std::int64_t depth, std::int64_t columns, T* panel, std::int64_t step) const {
    for (std::int64_t k = 0; k < depth; ++k, from += b_.row, panel += step) {
      std::memcpy(panel, from, static_cast<std::size_t>(columns) * sizeof(T));
      std::fill(panel + columns, panel + step, T(0));
    }
  }

  const GemmKernels<T>& kernels_;
  MatrixView<const T> b_;
  bool pack_pays_;
};

// The tiles of one panel: every row of the block against `columns` columns of B.
template <typename T>
struct Panel {
  const T* b;
  std::int64_t step;
  std::int64_t columns;
  int vectors;
};

template <typename T>
void store_scattered(const GemmKernels<T>& kernels, int rows, const Panel<T>& panel, TileArguments<T> tile,
                     MatrixView<T> c) {
  alignas(64) T sums[kTileRows * kTileVectors * 16];
  const std::int64_t width = panel.vectors * kernels.lanes;
  const bool accumulate = tile.accumulate;
  tile.c = sums;
  tile.c_row = width;
  tile.accumulate = false;
  kernels.tile[rows][panel.vectors](tile);
  for (int i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < panel.columns; ++j) {
      T& target = c.data[i * c.row + j * c.column];
      const T sum = sums[i * width + j];
      target = accumulate ? target + sum : sum;
    }
  }
}

// Takes the rows that one tile copies off the front of `all`.
template <typename T>
CopyAhead<T> take_rows(CopyAhead<T>& all, std::int64_t rows, std::int64_t width) {
  CopyAhead<T> taken = all;
  taken.rows = std::min(rows, all.rows);
  all.rows -= taken.rows;
  all.from += taken.rows * all.from_step;
  all.to += taken.rows * width;
  return taken;
}

template <typename T>
void multiply_panel(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t depth, MatrixView<const T> a,
                    const Panel<T>& panel, CopyAhead<T>& ahead, MatrixView<T> c, bool accumulate) {
  // Balanced panels of rows: 8 rows are 4 + 4 rather than 6 + 2.
  const std::int64_t groups = (m + kTileRows - 1) / kTileRows;
  const std::int64_t copied_rows = std::min(depth / kernels.vectors, (depth + groups - 1) / groups);
  std::int64_t row = 0;
  for (std::int64_t group = 0; group < groups; ++group) {
    const int rows = static_cast<int>((m - row + groups - group - 1) / (groups - group));
    TileArguments<T> tile{depth,      a.data + row * a.row, a.row, a.column,      panel.b,
                          panel.step, c.data + row * c.row, c.row, panel.columns, accumulate};
    if (ahead.rows > 0) tile.ahead = take_rows(ahead, copied_rows, kernels.vectors * kernels.lanes);
    if (c.column == 1) {
      kernels.tile[rows][panel.vectors](tile);
    } else {
      store_scattered(kernels, rows, panel, tile, {c.data + row * c.row, c.row, c.column});
    }
    row += rows;
  }
}

template <typename T>
void fill_zero(std::int64_t m, std::int64_t n, MatrixView<T> c) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) c.data[i * c.row + j * c.column] = T(0);
}

// A's chunk with its rows contiguous. Broadcasting from a transposed A touches another line, often another
// page, at each step, and would do so again for every panel of B.
template <typename T>
void pack_rows_of_a(std::int64_t m, std::int64_t depth, MatrixView<const T> a, T* packed) {
  for (std::int64_t i = 0; i < m; i += 16) {
    const std::int64_t end = std::min<std::int64_t>(i + 16, m);
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t r = i; r < end; ++r) packed[r * depth + k] = a.data[r * a.row + k * a.column];
  }
}

struct Sizes {
  std::int64_t m, n, k;
};

// What the tiles of panel (k0, n0) copy: the panel that follows, if it has the same size and there are register
// tiles enough to copy most of it.
template <typename T>
CopyAhead<T> copy_ahead(const GemmKernels<T>& kernels, const Sizes& sizes, const PanelSource<T>& b,
                        std::int64_t k0, std::int64_t n0, T* memory) {
  const std::int64_t width = kernels.lanes * kernels.vectors;
  if (sizes.m <= 2 * kTileRows || n0 + width > sizes.n) return {};
  const std::int64_t depth = std::min(kChunk, sizes.k - k0);
  n0 += width;
  if (n0 >= sizes.n) {
    n0 = 0;
    k0 += kChunk;
  }
  if (n0 + width > sizes.n || k0 + depth > sizes.k) return {};
  CopyAhead<T> ahead;
  ahead.from = b.rows(k0, n0, &ahead.from_step);
  ahead.to = memory;
  ahead.rows = ahead.from != nullptr ? depth : 0;
  return ahead;
}

template <typename T>
void copy_rows(const CopyAhead<T>& rows, std::int64_t width) {
  for (std::int64_t k = 0; k < rows.rows; ++k)
    std::memcpy(rows.to + k * width, rows.from + k * rows.from_step,
                static_cast<std::size_t>(width) * sizeof(T));
}

template <typename T>
void multiply_block(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                    MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c, T* panel_memory,
                    T* next_memory, T* a_memory) {
  bool copied = false;  // whether the tiles of the panel before have packed this one
  const std::int64_t width = kernels.lanes * kernels.vectors;
  for (std::int64_t k0 = 0; k0 < k; k0 += kChunk) {
    const std::int64_t depth = std::min(kChunk, k - k0);
    MatrixView<const T> chunk{a.data + k0 * a.column, a.row, a.column};
    if (a_memory != nullptr) {
      pack_rows_of_a(m, depth, chunk, a_memory);
      chunk = {a_memory, depth, 1};
    }
    for (std::int64_t n0 = 0; n0 < n; n0 += width) {
      Panel<T> panel{};
      panel.columns = std::min(width, n - n0);
      panel.vectors = static_cast<int>((panel.columns + kernels.lanes - 1) / kernels.lanes);
      const bool whole =
          panel.columns == panel.vectors * kernels.lanes;  // reading past the end is not allowed
      panel.b = whole ? b.in_place(k0, n0, panel.columns, &panel.step) : nullptr;
      CopyAhead<T> ahead;
      if (panel.b == nullptr) {
        panel.step = panel.vectors * kernels.lanes;
        if (!copied) b.pack(k0, depth, n0, panel.columns, panel_memory, panel.step);
        panel.b = panel_memory;
        ahead = copy_ahead(kernels, {m, n, k}, b, k0, n0, next_memory);
        std::swap(panel_memory, next_memory);
      }
      multiply_panel(kernels, m, depth, chunk, panel, ahead, {c.data + n0 * c.column, c.row, c.column},
                     k0 > 0);
      copied = ahead.from != nullptr;
      if (ahead.rows > 0) copy_rows(ahead, width);
    }
  }
}

}  // namespace

template <typename T>
void gemm_with_source(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                      MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c) {
  if (k == 0) return fill_zero(m, n, c);
  const std::int64_t width = kernels.lanes * kernels.vectors;
  ScratchScope scratch;
  T* panel_memory = scratch.allocate<T>(std::min(k, kChunk) * width);
  T* next_memory = scratch.allocate<T>(std::min(k, kChunk) * width);
  const bool pack_a = a.column != 1 && m > kTileRows && n > width;
  T* a_memory = pack_a ? scratch.allocate<T>(std::min(m, kBlockRows) * std::min(k, kChunk)) : nullptr;
  for (std::int64_t row = 0; row < m; row += kBlockRows)
    multiply_block(kernels, std::min(kBlockRows, m - row), n, k, {a.data + row * a.row, a.row, a.column}, b,
                   {c.data + row * c.row, c.row, c.column}, panel_memory, next_memory, a_memory);
}

template <typename T>
void gemm(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
          MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
  // c^T = b^T a^T has the same bits (a product does not depend on the order of its factors). Lanes then run
  // along m, which pays when n fills only a small part of a vector.
  const bool narrow = n * 4 <= kernels.lanes && m > n;
  const bool standing = n > 1 && c.column != 1 && c.row == 1;
  if (narrow || standing) {
    std::swap(m, n);
    const MatrixView<const T> left = a;
    a = {b.data, b.column, b.row};
    b = {left.data, left.column, left.row};
    c = {c.data, c.column, c.row};
  }
  const bool pack_pays = m > 2 * kTileRows;
  gemm_with_source(kernels, m, n, k, a, StridedSource<T>(kernels, b, pack_pays), c);
}

template void gemm_with_source<float>(const GemmKernels<float>&, std::int64_t, std::int64_t, std::int64_t,
                                      MatrixView<const float>, const PanelSource<float>&, MatrixView<float>);
template void gemm_with_source<double>(const GemmKernels<double>&, std::int64_t, std::int64_t, std::int64_t,
                                       MatrixView<const double>, const PanelSource<double>&,
                                       MatrixView<double>);
template void gemm<float>(const GemmKernels<float>&, std::int64_t, std::int64_t, std::int64_t,
                          MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void gemm<double>(const GemmKernels<double>&, std::int64_t, std::int64_t, std::int64_t,
                           MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace tessera::backends
