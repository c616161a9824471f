// Matrix products in the contract's order (rule 2): the register tiles of each SIMD level, and the loops
// around them.
//
// Every element of the result is one chain of fused multiply-adds per chunk of 256 steps of k, ascending,
// from +0; the first chunk's sum is stored, the next ones are added to it. Tiles, panels and threads only
// divide elements, so everything below is free of consequences for the bits.
//
// The blocking follows Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008):
//
//     for a block of columns of C        so many that B's chunk of them fills half of the second-level cache
//       for a chunk of k                 256 steps
//         for a block of rows of C       some tiles: A's chunk of them stays in the second-level cache, too
//           for a panel of B             64 columns (AVX-512, fp32) or 16 (AVX2): as wide as a tile
//             for a tile of the block    6 rows: sums in registers through the chunk; equal tiles in one call
//
// A panel is packed (its rows one behind the other) when the first block of rows needs it, while the panels before it are multiplied
// if it lies in rows; so packing waits for memory only once per chunk. It is used from there by all other blocks of rows.
// Where a chunk of B stays in the second-level cache or few rows use it, it is read in place. A is broadcast element by element and may lie
// anywhere; its block is packed if many panels go by.
//
// Which of both factors the lanes run over is free, too (c^T = b^T a^T has the same bits), and decided by what it costs: idle
// lanes, elements to transpose while packing, results to transpose while storing (gemm_choice.cc). A single row or column goes through gemv.h, a
// few of them beside lines along k through gemm_lines.h.
//
// A thread does a task of this shape alone: no barriers, nothing shared. Packing is repeated per task, which tasks of a few
// hundred rows and columns make cheap.
#pragma once

#include <cstdint>

#include "tessera/backends/cpu/finish_kernels.h"

namespace tessera::backends {

inline constexpr std::int64_t kChunk = 256;  // contract rule 2
inline constexpr int kTileRows = 12;         // at most, as are
inline constexpr int kTileVectors = 4;

// Rows of B's next panels that tiles copy beside their multiplications, one every few steps of k: the wait for memory
// then costs no time of its own. Several panels at once, since short pieces of rows that are far apart are slow to read.
// Only tiles of at least kCopyingRows rows and a packed panel's width do it.
template <typename T>
struct CopyAhead {
  std::int64_t rows = 0;   // by all tiles of a series together
  std::int64_t share = 0;  // rows of each of them; the last ones may find fewer left
  std::int64_t steps = 1;  // from row to row; share * steps is at most the depth
  int panels = 0;          // side by side in `from`
  const T* from = nullptr;
  std::int64_t from_step = 0;
  T* to = nullptr;  // the rows of a panel, `width` elements, one behind the other
  std::int64_t panel_step = 0;

  // These rows have been copied.
  void take(std::int64_t taken, std::int64_t width) {
    rows -= taken;
    from += taken * from_step;
    to += taken * width;
  }
};
inline constexpr int kCopyingRows = 4;

// A series of equal tiles, one below the other: c[i][j] (+)= sum over k of a[i][k] b[k][j]; `depth` is at most kChunk. b has full
// vectors (padded panels); of c only `columns` per row are touched. Between two tiles of a series there are so few instructions
// that the processor multiplies for the next one while it still stores the results of the last (of 64 x 64 x 64, tiles that are called
// one by one cost 5 % more).
template <typename T>
struct TileArguments {
  std::int64_t depth;
  const T* a;
  std::int64_t a_row, a_step;  // in elements
  const T* b;
  std::int64_t b_step;
  T* c;
  std::int64_t c_row;
  std::int64_t columns;
  bool accumulate;  // add the chunk's sum to c; otherwise store it
  CopyAhead<T> ahead = {};
  // Rows of A, as many as the series has, whose first `depth` elements are to be fetched for what comes after; or null.
  const T* next_a = nullptr;
  std::int64_t next_a_row = 0;
  // What is added to the tile's columns, or to its rows, when this chunk is the last one; or null.
  const T* column_bias = nullptr;
  const T* row_bias = nullptr;
  std::int64_t tiles = 1;  // of the series
};

template <typename T>
struct GemmKernels {
  using Tile = void (*)(const TileArguments<T>&);
  int lanes;                                   // elements per vector
  int vectors;                                 // vectors per packed panel
  int most_rows[kTileVectors + 1];             // of a tile, by its vectors
  Tile tile[kTileRows + 1][kTileVectors + 1];  // [rows][vectors]
  // to[i * to_step + j] = from[i * from_step + j] for i < rows, j < columns. Writes whole vectors, up to a vector behind
  // the end of each row, rows in ascending order.
  void (*pack_rows)(const T* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns, T* to,
                    std::int64_t to_step);
  // panel[k * step + j] = from[k + j * column] for k < depth, j < columns: a panel of a transposed matrix.
  void (*pack_transposed)(const T* from, std::int64_t column, std::int64_t depth, std::int64_t columns,
                          T* panel, std::int64_t step);
  // c[i + j * column] (+)= from[i * from_step + j] for i < rows, j < columns.
  void (*store_transposed)(const T* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns,
                           bool accumulate, T* c, std::int64_t column);
};

// The active SIMD level's tiles; null when there is none.
template <typename T>
const GemmKernels<T>* gemm_kernels();

template <typename T>
struct MatrixView {
  T* data;
  std::int64_t row, column;  // strides in elements, any sign
};

// What becomes of an element of C behind its last chunk, one rounding each: it takes the bias of its column (or row), then the activation.
// A tile adds the bias before it stores its sums; the activation follows while the tile is in the first-level cache.
template <typename T>
struct Epilogue {
  const T* bias = nullptr;
  bool along_rows = false;         // bias[i] belongs to row i rather than to column i
  bool activates = false;          // `finish` has an activation
  FinishLoop<T> finish = nullptr;  // null where there is neither

  Epilogue turned() const { return {bias, !along_rows, activates, finish}; }
};

// Where a panel of B comes from: fills rows k0 .. k0+depth-1, columns n0 .. n0+columns-1 into `panel`, row k
// at panel + k * step. What stands in the rest of each row, up to `step`, is multiplied but not used.
template <typename T>
class PanelSource {
 public:
  virtual ~PanelSource() = default;
  virtual void pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns, T* panel,
                    std::int64_t step) const = 0;
  // If rows k0 ... of that panel can be read where they are, in whole vectors (what stands behind `columns` may be anything, but
  // must be readable): their address and step; else null.
  virtual const T* in_place(std::int64_t, std::int64_t, std::int64_t, std::int64_t*) const { return nullptr; }
  // If packing row k0 + i is copying `columns` elements that lie side by side: where row k0 has them, and the
  // step from row to row; else null.
  virtual const T* rows(std::int64_t, std::int64_t, std::int64_t*) const { return nullptr; }
};

// c = a b on the calling thread. a: [m, k]; c: [m, n].
template <typename T>
void gemm_with_source(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                      MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c,
                      const Epilogue<T>& epilogue = {});

// c = a b with every operand given by strides, on the calling thread. k = 0 gives +0.
template <typename T>
void gemm(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
          MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c, const Epilogue<T>& epilogue = {});

}  // namespace tessera::backends
