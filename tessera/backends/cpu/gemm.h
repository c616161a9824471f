// Matrix products in the contract's order (rule 2): the register tiles of each SIMD level, and the loops
// around them.
//
// Every element of the result is one chain of fused multiply-adds per chunk of 256 steps of k, ascending,
// from +0; the first chunk's sum is stored, the next ones are added to it. Tiles, panels and threads only
// divide elements. The blocking follows Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication" (2008), with one panel of B packed at a time, where it can while the one before is multiplied.
#pragma once

#include <cstdint>

namespace tessera::backends {

inline constexpr std::int64_t kChunk = 256;  // contract rule 2
inline constexpr int kTileRows = 6;
inline constexpr int kTileVectors = 4;  // at most; AVX2 has registers for 2

// Rows of B's next panel that a tile copies beside its multiplications, one vector per step of k: the wait for
// memory then costs no time of its own. Only tiles of at least kCopyingRows rows and all vectors do it.
template <typename T>
struct CopyAhead {
  std::int64_t rows = 0;  // at most depth / vectors
  const T* from = nullptr;
  std::int64_t from_step = 0;
  T* to = nullptr;  // rows one behind the other
};
inline constexpr int kCopyingRows = 4;

// One tile: c[i][j] (+)= sum over k of a[i][k] b[k][j]; `depth` is at most kChunk. b has full vectors (padded
// panels); of c only `columns` per row are touched.
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
};

// Elements that lie side by side both where they are and where they go.
struct CopyRun {
  std::int64_t to, from, length;
};

template <typename T>
struct GemmKernels {
  using Tile = void (*)(const TileArguments<T>&);
  int lanes;                                   // elements per vector
  int vectors;                                 // vectors per full tile
  Tile tile[kTileRows + 1][kTileVectors + 1];  // [rows][vectors]
  // panel[k * step + j] = from[k + j * column] for k < depth, j < columns: a panel of a transposed matrix.
  void (*pack_transposed)(const T* from, std::int64_t column, std::int64_t depth, std::int64_t columns,
                          T* panel, std::int64_t step);
  // Row k of the panel takes the runs from `from + offsets[k]`, k < depth, and a vector of zeros behind
  // `columns`. Reads and writes up to a vector (64 bytes at most) behind the end of a run.
  void (*pack_runs)(const T* from, const std::int64_t* offsets, std::int64_t depth, const CopyRun* runs,
                    int count, std::int64_t columns, T* panel, std::int64_t step);
};

// The active SIMD level's tiles; null when there is none.
template <typename T>
const GemmKernels<T>* gemm_kernels();

template <typename T>
struct MatrixView {
  T* data;
  std::int64_t row, column;  // strides in elements, any sign
};

// Where a panel of B comes from: fills rows k0 .. k0+depth-1, columns n0 .. n0+columns-1 into `panel`, row k
// at panel + k * step. What stands in the rest of each row, up to `step`, is multiplied but not used.
template <typename T>
class PanelSource {
 public:
  virtual ~PanelSource() = default;
  virtual void pack(std::int64_t k0, std::int64_t depth, std::int64_t n0, std::int64_t columns, T* panel,
                    std::int64_t step) const = 0;
  // If rows k0 ... can be read in place with full vectors: their address and step; else null.
  virtual const T* in_place(std::int64_t, std::int64_t, std::int64_t, std::int64_t*) const { return nullptr; }
  // If packing row k0 + i is copying `columns` elements that lie side by side: where row k0 has them, and the
  // step from row to row; else null.
  virtual const T* rows(std::int64_t, std::int64_t, std::int64_t*) const { return nullptr; }
};

// c = a b on the calling thread. a: [m, k]; c: [m, n].
template <typename T>
void gemm_with_source(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                      MatrixView<const T> a, const PanelSource<T>& b, MatrixView<T> c);

// c = a b with every operand given by strides, on the calling thread. k = 0 gives +0.
template <typename T>
void gemm(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
          MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

}  // namespace tessera::backends
