#include "tessera/backends/cpu/gemm.h"

#include <algorithm>
#include <cstdlib>

#include "tessera/backends/cpu/gemm_finish.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/strided_source.h"

namespace tessera::backends {
namespace {

// Bytes of B's packed chunk: half of the second-level cache of most processors.
constexpr std::int64_t kPackedBytes = std::int64_t{512} << 10;
constexpr std::int64_t kStripBytes = 256;    // of a row of B that is copied at a time
constexpr std::int64_t kSingleBlock = 32;    // so many tiles, or fewer, are one block of rows
constexpr std::int64_t kBlockTiles = 8;      // of a block, where there are more
constexpr std::int64_t kManyPanels = 8;      // that make packing a row of A pay
constexpr std::int64_t kActivatedTiles = 8;  // of a series that an activation follows

template <typename T>
MatrixView<T> moved(MatrixView<T> view, std::int64_t rows, std::int64_t columns) {
  return {view.data + rows * view.row + columns * view.column, view.row, view.column};
}

// The loops of gemm.h around the tiles, on one thread.
template <typename T>
class BlockedProduct {
 public:
  BlockedProduct(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                 MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c, const Epilogue<T>& epilogue)
      : kernels_(kernels), m_(m), n_(n), k_(k), a_(a), b_(b), c_(c), epilogue_(epilogue) {
    vectors_ = panel_vectors();
    width_ = vectors_ * kernels.lanes;
    most_rows_ = kernels.most_rows[vectors_];
    groups_ = (m + most_rows_ - 1) / most_rows_;
    low_rows_ = m / groups_;
    high_groups_ = m % groups_;
    strip_ = std::max<std::int64_t>(1, kStripBytes / (width_ * static_cast<std::int64_t>(sizeof(T))));
    block_tiles_ = groups_ <= kSingleBlock ? groups_ : kBlockTiles;
    set_columns();
    const std::int64_t depth = std::min(k, kChunk);
    panels_ = scratch_.allocate<T>(depth * kept_panels_ * width_);
    pack_a_ = packing_a_pays();
    if (pack_a_) packed_a_ = scratch_.allocate<T>(block_tiles_ * most_rows_ * depth);
  }

  void run() {
    for (std::int64_t n0 = 0; n0 < n_; n0 += block_columns_) {
      const std::int64_t columns = std::min(block_columns_, n_ - n0);
      for (std::int64_t k0 = 0; k0 < k_; k0 += kChunk) multiply_chunk(n0, columns, k0);
    }
  }

 private:
  struct Panel {
    std::int64_t n0, columns;
    int vectors;
    T* packed;  // where it is packed, or would be
    const T* data;
    std::int64_t step;
    bool last;  // of the block
  };

  // Rows begin ... end of C against a chunk.
  struct RowBlock {
    std::int64_t first_group, last_group;
    MatrixView<const T> a;  // row 0 is row `begin` of A, column 0 the chunk's first
    std::int64_t begin;
  };

  // A single block of rows needs no panel twice: the panels in use and those that are being copied are kept. Otherwise
  // all of a block of columns are.
  void set_columns() {
    block_columns_ = n_;
    kept_panels_ = 2 * strip_;
    if (block_tiles_ == groups_) return;
    const std::int64_t fitting = kPackedBytes / (kChunk * static_cast<std::int64_t>(sizeof(T)));
    const std::int64_t blocks = (n_ + fitting - 1) / fitting;
    block_columns_ = round_up((n_ + blocks - 1) / blocks, width_);
    kept_panels_ = block_columns_ / width_ + strip_;
  }

  // Strips begin behind the first panel and must not be cut.
  T* place(std::int64_t column, std::int64_t depth) const {
    return panels_ + (column / width_ + strip_ - 1) % kept_panels_ * width_ * depth;
  }

  // Few rows: more columns at a time, so that there are chains enough to fill the arithmetic units. Balanced: six vectors are 3 + 3 rather
  // than 4 + 2.
  int panel_vectors() const {
    int vectors = kTileVectors;
    while (vectors > kernels_.vectors && kernels_.most_rows[vectors] < m_) --vectors;
    const std::int64_t needed = (n_ + kernels_.lanes - 1) / kernels_.lanes;
    const std::int64_t panels = (needed + vectors - 1) / vectors;
    return static_cast<int>((needed + panels - 1) / panels);
  }

  bool packing_a_pays() const {
    const std::int64_t panels = (std::min(block_columns_, n_) + width_ - 1) / width_;
    // Rows a power of two apart meet in the same few places of a cache.
    const std::int64_t row_bytes = std::abs(a_.row) * static_cast<std::int64_t>(sizeof(T));
    const bool meeting = row_bytes % 1024 == 0 && row_bytes >= 2048;
    if (a_.column == 1) return panels >= kManyPanels || (meeting && panels > 1 && m_ >= most_rows_);
    return panels > 2;
  }

  // Balanced: 14 rows are 7 + 7 rather than 12 + 2. The first groups have a row more than the last ones.
  std::int64_t group_row(std::int64_t group) const {
    return group * low_rows_ + std::min(group, high_groups_);
  }

  // Where a series of equal tiles ends that begins with `group`.
  std::int64_t series_end(std::int64_t group, std::int64_t last) const {
    const std::int64_t equal = group < high_groups_ ? std::min(high_groups_, last) : last;
    if (c_.column != 1) return group + 1;
    // An activation follows while the results are in the first-level cache.
    return epilogue_.activates ? std::min(equal, group + kActivatedTiles) : equal;
  }

  void multiply_chunk(std::int64_t n0, std::int64_t columns, std::int64_t k0) {
    const std::int64_t depth = std::min(kChunk, k_ - k0);
    packed_columns_ = 0;
    ahead_ = {};
    for (std::int64_t group = 0; group < groups_; group += block_tiles_) {
      RowBlock rows{group, std::min<std::int64_t>(group + block_tiles_, groups_), {}, group_row(group)};
      rows.a = moved(a_, rows.begin, k0);
      if (pack_a_) rows.a = pack_a(rows.a, group_row(rows.last_group) - rows.begin, depth);
      for (std::int64_t column = 0; column < columns; column += width_) {
        Panel panel = panel_at(n0, column, columns, k0, depth);
        for (std::int64_t tile = rows.first_group; tile < rows.last_group;) {
          const std::int64_t end = series_end(tile, rows.last_group);
          multiply_series(rows, tile, end - tile, panel, k0, depth);
          tile = end;
        }
      }
    }
  }

  // Packs the panel unless that is done or not needed.
  Panel panel_at(std::int64_t n0, std::int64_t column, std::int64_t all_columns, std::int64_t k0,
                 std::int64_t depth) {
    Panel panel{};
    panel.n0 = n0 + column;
    panel.columns = std::min(width_, all_columns - column);
    panel.last = column + width_ >= all_columns;
    panel.vectors = static_cast<int>((panel.columns + kernels_.lanes - 1) / kernels_.lanes);
    panel.data = b_.in_place(k0, panel.n0, panel.columns, &panel.step);
    if (panel.data != nullptr) return panel;
    T* const packed = place(column, depth);
    panel.data = packed;
    panel.step = panel.vectors * kernels_.lanes;
    if (column < packed_columns_) return panel;
    if (ahead_.panels > 0) {
      copy_rest();
      packed_columns_ = column + ahead_.panels * width_;
    } else {
      b_.pack(k0, depth, panel.n0, panel.columns, packed, panel.step);
      packed_columns_ = column + panel.columns;
    }
    start_copy(n0, all_columns, k0, depth);
    return panel;
  }

  // From now on the tiles copy the panels behind those that are packed.
  void start_copy(std::int64_t n0, std::int64_t all_columns, std::int64_t k0, std::int64_t depth) {
    ahead_ = {};
    const std::int64_t panels = std::min(strip_, (all_columns - packed_columns_) / width_);
    if (panels < 1 || vectors_ < 2 || m_ < kCopyingRows) return;
    ahead_.from = b_.rows(k0, n0 + packed_columns_, &ahead_.from_step);
    if (ahead_.from == nullptr) return;
    ahead_.to = place(packed_columns_, depth);
    ahead_.panel_step = width_ * depth;
    ahead_.panels = static_cast<int>(panels);
    ahead_.rows = depth;
  }

  // The shares of the next tiles, so many of all those of a block: the last tile before the panels are needed finds nothing left.
  CopyAhead<T> take_copies(std::int64_t depth, std::int64_t tiles, std::int64_t block_tiles) {
    CopyAhead<T> taken = ahead_;
    taken.share = (depth + block_tiles * ahead_.panels - 1) / (block_tiles * ahead_.panels);
    taken.steps = depth / taken.share;
    taken.rows = std::min(ahead_.rows, taken.share * tiles);
    ahead_.take(taken.rows, width_);
    return taken;
  }

  void copy_rest() {
    for (int panel = 0; panel < ahead_.panels; ++panel)
      kernels_.pack_rows(ahead_.from + panel * width_, ahead_.from_step, ahead_.rows, width_,
                         ahead_.to + panel * ahead_.panel_step, width_);
  }

  // What a series has fetched: the rows of the tile that comes after each, or A's next block for packing it.
  void set_fetch(const RowBlock& block, std::int64_t group, const Panel& panel, std::int64_t k0,
                 TileArguments<T>& tile) const {
    if (a_.column != 1) return;
    std::int64_t next = group + 1;
    if (panel.last) {
      next = group + (block.last_group - block.first_group);
      if (next >= groups_) {
        next -= groups_;
        k0 += kChunk;
      }
      if (k0 + kChunk > k_) return;
    } else if (pack_a_ || next >= block.last_group) {
      return;
    }
    if (next >= groups_) return;
    tile.next_a = moved(a_, group_row(next), k0).data;
    tile.next_a_row = a_.row;
  }

  // Equal tiles one below the other.
  void multiply_series(const RowBlock& block, std::int64_t group, std::int64_t tiles, Panel& panel,
                       std::int64_t k0, std::int64_t depth) {
    const std::int64_t row = group_row(group);
    const int rows = static_cast<int>(group_row(group + 1) - row);
    const MatrixView<const T> a = moved(block.a, row - block.begin, 0);
    const MatrixView<T> c = moved(c_, row, panel.n0);
    TileArguments<T> tile{depth,  a.data, a.row,         a.column, panel.data, panel.step,
                          c.data, c.row,  panel.columns, k0 > 0,   {}};
    tile.tiles = tiles;
    if (ahead_.rows > 0 && rows >= kCopyingRows && panel.vectors == vectors_)
      tile.ahead = take_copies(depth, tiles, block.last_group - block.first_group);
    set_fetch(block, group, panel, k0, tile);
    const bool last = epilogue_.finish != nullptr && k0 + depth == k_;
    // A standing tile is added to C behind the tile's kernel, and the bias then comes later.
    const bool biased = last && (c.column == 1 || k0 == 0);
    if (biased && epilogue_.bias != nullptr) set_bias(row, panel.n0, tile);
    if (c.column == 1)
      kernels_.tile[rows][panel.vectors](tile);
    else
      store_standing(rows, panel, tile, c);
    if (!last || (biased && !epilogue_.activates)) return;
    Epilogue<T> here = epilogue_;
    if (here.bias != nullptr) here.bias += here.along_rows ? row : panel.n0;
    finish_block<T>(here, rows * tiles, panel.columns, c, biased);
  }

  void set_bias(std::int64_t row, std::int64_t column, TileArguments<T>& tile) const {
    if (epilogue_.along_rows)
      tile.row_bias = epilogue_.bias + row;
    else
      tile.column_bias = epilogue_.bias + column;
  }

  // Through a buffer into a result whose columns are not side by side.
  void store_standing(int rows, const Panel& panel, TileArguments<T> tile, MatrixView<T> c) const {
    alignas(64) T sums[kTileRows * kTileVectors * 16];
    const std::int64_t width = panel.vectors * kernels_.lanes;
    const bool accumulate = tile.accumulate;
    tile.c = sums;
    tile.c_row = width;
    // A bias has no elements behind the columns.
    tile.columns = tile.column_bias == nullptr ? width : panel.columns;
    tile.accumulate = false;
    kernels_.tile[rows][panel.vectors](tile);
    if (c.row == 1)
      return kernels_.store_transposed(sums, width, rows, panel.columns, accumulate, c.data, c.column);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < panel.columns; ++j) {
        T& target = c.data[i * c.row + j * c.column];
        target = accumulate ? target + sums[i * width + j] : sums[i * width + j];
      }
    }
  }

  // A's block with its elements close together, in rows or, if A lies in columns, in columns.
  MatrixView<const T> pack_a(MatrixView<const T> a, std::int64_t rows, std::int64_t depth) const {
    if (a.column == 1) {
      kernels_.pack_rows(a.data, a.row, rows, depth, packed_a_, depth);
      return {packed_a_, depth, 1};
    }
    if (a.row == 1) {
      kernels_.pack_rows(a.data, a.column, depth, rows, packed_a_, rows);
    } else {
      for (std::int64_t k = 0; k < depth; ++k)
        for (std::int64_t i = 0; i < rows; ++i) packed_a_[k * rows + i] = a.data[i * a.row + k * a.column];
    }
    return {packed_a_, 1, rows};
  }

  const GemmKernels<T>& kernels_;
  const std::int64_t m_, n_, k_;
  const MatrixView<const T> a_;
  const PanelSource<T>& b_;
  const MatrixView<T> c_;
  const Epilogue<T> epilogue_;
  ScratchScope scratch_;
  int vectors_;                      // of a panel
  std::int64_t width_;               // columns of a panel
  std::int64_t most_rows_;           // of a tile
  std::int64_t groups_;              // tiles from the first row to the last
  std::int64_t low_rows_;            // rows of the last ones
  std::int64_t high_groups_;         // so many have a row more
  std::int64_t block_tiles_;         // tiles of a block of rows
  std::int64_t strip_;               // panels copied at a time
  std::int64_t kept_panels_;         // places for packed panels
  std::int64_t block_columns_;       // columns of a block
  std::int64_t packed_columns_ = 0;  // of this block and chunk
  CopyAhead<T> ahead_;               // the panels behind those
  T* panels_;
  bool pack_a_;
  T* packed_a_ = nullptr;
};

template <typename T>
void fill_zero(std::int64_t m, std::int64_t n, MatrixView<T> c) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) c.data[i * c.row + j * c.column] = T(0);
}

}  // namespace

template <typename T>
void gemm_with_source(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                      MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c,
                      const Epilogue<T>& epilogue) {
  if (m == 0 || n == 0) return;
  if (k > 0) return BlockedProduct<T>(kernels, m, n, k, a, b, c, epilogue).run();
  fill_zero(m, n, c);
  if (epilogue.finish != nullptr) finish_block(epilogue, m, n, c, false);
}

template void gemm_with_source<float>(const GemmKernels<float>&, std::int64_t, std::int64_t, std::int64_t,
                                      MatrixView<const float>, const PanelSource<float>&, MatrixView<float>,
                                      const Epilogue<float>&);
template void gemm_with_source<double>(const GemmKernels<double>&, std::int64_t, std::int64_t, std::int64_t,
                                       MatrixView<const double>, const PanelSource<double>&,
                                       MatrixView<double>, const Epilogue<double>&);

}  // namespace tessera::backends
