// The register tiles: rows x vectors accumulators, one step of k at a time. a is broadcast element by
// element, so it may have any strides; b is read in whole vectors.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/gemm_tiles.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/backends/cpu/transpose-inl.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How many rows a tile of so many vectors may have. The sums, a row of B and one factor have to fit into the registers, 16
// with AVX2 and 32 with AVX-512. Tall tiles read least of B, wide ones least of A.
#if HWY_TARGET == HWY_AVX2
constexpr int kMostRows[kTileVectors + 1] = {0, 12, 6, 4, 2};
#else
constexpr int kMostRows[kTileVectors + 1] = {0, 12, 12, 8, 6};
#endif
constexpr int kVectors = HWY_TARGET == HWY_AVX2 ? 2 : 4;  // of a packed panel

constexpr std::int64_t kFetchedRows = 16;         // how far the next panel is fetched before it is copied
constexpr std::int64_t kLeastFetchingDepth = 32;  // shorter tiles end before what they fetch arrives

#define TESSERA_UNROLL _Pragma("GCC unroll 16")

template <typename T, int kRows, int kColumns>
struct Tile {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  static constexpr std::int64_t kLine = 64 / sizeof(T);
  static constexpr int kQuads = (kRows + 3) / 4;

  // Rows of A are reached from every fourth one: an address is then a register and a multiple of one step.
  struct Factors {
    const T* HWY_RESTRICT quad[kQuads];
    std::int64_t row, step;

    explicit Factors(const TileArguments<T>& arguments) : row(arguments.a_row), step(arguments.a_step) {
      TESSERA_UNROLL
      for (int q = 0; q < kQuads; ++q) quad[q] = arguments.a + 4 * q * row;
    }
    HWY_INLINE T operator[](int i) const { return quad[i / 4][i % 4 * row]; }
    HWY_INLINE void advance() {
      TESSERA_UNROLL
      for (int q = 0; q < kQuads; ++q) quad[q] += step;
    }
  };

  // One step of k: every accumulator takes one fused multiply-add.
  static HWY_INLINE void step(Factors& a, const T* HWY_RESTRICT b, V (&sums)[kRows][kColumns]) {
    const D d;
    V columns[kColumns];
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) columns[j] = hn::LoadU(d, b + j * kLanes);
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V factor = hn::Set(d, a[i]);
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::MulAdd(factor, columns[j], sums[i][j]);
    }
    a.advance();
  }

  // One row of the sums takes the elements at `from`. `whole`: the last vector has no idle lanes.
  static HWY_INLINE void add_row(const T* HWY_RESTRICT from, bool whole, hn::Mask<D> mask,
                                 V (&sums)[kColumns]) {
    const D d;
    TESSERA_UNROLL
    for (int j = 0; j + 1 < kColumns; ++j) sums[j] = hn::Add(sums[j], hn::LoadU(d, from + j * kLanes));
    const T* last = from + (kColumns - 1) * kLanes;
    sums[kColumns - 1] =
        hn::Add(sums[kColumns - 1], whole ? hn::LoadU(d, last) : hn::MaskedLoad(mask, d, last));
  }

  // Onto the sums of a last chunk.
  static HWY_INLINE void add_bias(const TileArguments<T>& arguments, bool whole, hn::Mask<D> mask,
                                  V (&sums)[kRows][kColumns]) {
    if (arguments.column_bias != nullptr) {
      TESSERA_UNROLL
      for (int i = 0; i < kRows; ++i) add_row(arguments.column_bias, whole, mask, sums[i]);
      return;
    }
    const D d;
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V bias = hn::Set(d, arguments.row_bias[i]);
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::Add(sums[i][j], bias);
    }
  }

  static HWY_INLINE void store_row(T* HWY_RESTRICT c, bool whole, hn::Mask<D> mask, V (&sums)[kColumns]) {
    const D d;
    TESSERA_UNROLL
    for (int j = 0; j + 1 < kColumns; ++j) hn::StoreU(sums[j], d, c + j * kLanes);
    T* last = c + (kColumns - 1) * kLanes;
    if (whole)
      hn::StoreU(sums[kColumns - 1], d, last);
    else
      hn::BlendedStore(sums[kColumns - 1], mask, d, last);
  }

  // The sums on their way to memory. One question for all rows: tiles of a small k end often.
  static HWY_INLINE void finish(const TileArguments<T>& arguments, V (&sums)[kRows][kColumns]) {
    const std::int64_t last = arguments.columns - (kColumns - 1) * kLanes;
    const bool whole = last == kLanes;
    const auto mask = hn::FirstN(D(), static_cast<std::size_t>(last));
    if (arguments.accumulate) {
      TESSERA_UNROLL
      for (int i = 0; i < kRows; ++i) add_row(arguments.c + i * arguments.c_row, whole, mask, sums[i]);
    }
    if (arguments.column_bias != nullptr || arguments.row_bias != nullptr)
      add_bias(arguments, whole, mask, sums);
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) store_row(arguments.c + i * arguments.c_row, whole, mask, sums[i]);
  }

  // As an integer: the address may lie behind the matrix.
  static HWY_INLINE void fetch(const T* from, std::int64_t elements) {
    const std::intptr_t distance = elements * static_cast<std::int64_t>(sizeof(T));
    hwy::Prefetch(reinterpret_cast<const T*>(reinterpret_cast<std::intptr_t>(from) + distance));
  }

  // A row of c. The sums are needed there only at the end: by then its lines have come.
  static HWY_INLINE void fetch_row(const T* c) {
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) fetch(c, j * kLanes);
  }

  static HWY_INLINE void fetch_factors(const TileArguments<T>& arguments, std::int64_t k) {
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) fetch(arguments.next_a, i * arguments.next_a_row + k);
  }

  static HWY_INLINE void copy_row(const CopyAhead<T>& ahead, std::int64_t row) {
    const D d;
    const T* from = ahead.from + row * ahead.from_step;
    T* to = ahead.to + row * kColumns * kLanes;
    for (int panel = 0; panel < ahead.panels; ++panel, from += kColumns * kLanes, to += ahead.panel_step) {
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        fetch(from + j * kLanes, kFetchedRows * ahead.from_step);
        hn::StoreU(hn::LoadU(d, from + j * kLanes), d, to + j * kLanes);
      }
    }
  }

  static HWY_INLINE void run_one(const TileArguments<T>& arguments) {
    const D d;
    V sums[kRows][kColumns];
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::Zero(d);
    }
    Factors a(arguments);
    const T* HWY_RESTRICT b = arguments.b;
    const std::int64_t b_step = arguments.b_step;
    std::int64_t k = 0;
    if constexpr (kRows >= kCopyingRows && kColumns > 1) {
      const CopyAhead<T>& ahead = arguments.ahead;
      const std::int64_t rows = std::min(ahead.rows, ahead.share);
      for (std::int64_t row = 0; row < rows; ++row) {
        copy_row(ahead, row);
        for (std::int64_t i = 0; i < ahead.steps; ++i, b += b_step) step(a, b, sums);
      }
      k = rows * ahead.steps;
    }
    if (arguments.depth - k >= kLeastFetchingDepth) {
      // A row at a step: all at once they would keep the processor from the first multiplications.
      const T* row = arguments.c;
      for (int i = 0; i < kRows; ++i, b += b_step, row += arguments.c_row) {
        fetch_row(row);
        step(a, b, sums);
      }
      k += kRows;
    }
    if (arguments.next_a != nullptr) {
      for (; k + kLine <= arguments.depth; k += kLine) {
        fetch_factors(arguments, k);
        for (std::int64_t i = 0; i < kLine; ++i, b += b_step) step(a, b, sums);
      }
    }
    for (; k < arguments.depth; ++k, b += b_step) step(a, b, sums);
    finish(arguments, sums);
  }

  static void run(const TileArguments<T>& arguments) {
    TileArguments<T> tile = arguments;
    for (;;) {
      run_one(tile);
      if (--tile.tiles == 0) return;
      tile.a += kRows * tile.a_row;
      tile.c += kRows * tile.c_row;
      if (tile.next_a != nullptr) tile.next_a += kRows * tile.next_a_row;
      if (tile.row_bias != nullptr) tile.row_bias += kRows;
      tile.ahead.take(std::min(tile.ahead.rows, tile.ahead.share), kColumns * kLanes);
    }
  }
};

template <typename T, int kColumns, int kRows = 1>
void fill_column(GemmKernels<T>& kernels) {
  kernels.tile[kRows][kColumns] = &Tile<T, kRows, kColumns>::run;
  if constexpr (kRows < kMostRows[kColumns]) fill_column<T, kColumns, kRows + 1>(kernels);
}

// ---- Packing ----

template <typename T>
void pack_transposed(const T* HWY_RESTRICT from, std::int64_t column, std::int64_t depth,
                     std::int64_t columns, T* HWY_RESTRICT panel, std::int64_t step) {
  constexpr int kSide = 16 / sizeof(T);
  const hn::ScalableTag<T> d;
  const hn::FixedTag<T, kSide> block;
  constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
  const std::int64_t whole_depth = depth - depth % kSide, whole_columns = columns - columns % kSide;
  std::int64_t j = 0;
  const auto take = [&](auto tag) {
    for (std::int64_t k = 0; k < whole_depth; k += kSide) {
      hn::Vec<decltype(tag)> vectors[kSide];
      load_transposed(tag, from + k + j * column, column, vectors);
      TESSERA_UNROLL
      for (int r = 0; r < kSide; ++r) hn::StoreU(vectors[r], tag, panel + (k + r) * step + j);
    }
  };
  for (; j + kLanes <= columns; j += kLanes) take(d);
  for (; j < whole_columns; j += kSide) take(block);
  for (std::int64_t k = 0; k < depth; ++k)
    for (std::int64_t rest = k < whole_depth ? whole_columns : 0; rest < columns; ++rest)
      panel[k * step + rest] = from[k + rest * column];
}

template <typename T>
void pack_rows(const T* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns, T* to,
               std::int64_t to_step) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(d)), whole = columns - columns % lanes;
  const auto rest = hn::FirstN(d, static_cast<std::size_t>(columns - whole));
  for (std::int64_t k = 0; k < rows; ++k, from += from_step, to += to_step) {
    for (std::int64_t j = 0; j < whole; j += lanes) hn::StoreU(hn::LoadU(d, from + j), d, to + j);
    if (whole < columns) hn::StoreU(hn::MaskedLoad(rest, d, from + whole), d, to + whole);
  }
}

template <typename T>
void store_transposed(const T* HWY_RESTRICT from, std::int64_t from_step, std::int64_t rows,
                      std::int64_t columns, bool accumulate, T* HWY_RESTRICT c, std::int64_t column) {
  constexpr int kSide = 16 / sizeof(T);
  const hn::FixedTag<T, kSide> d;
  const std::int64_t whole_rows = rows - rows % kSide, whole_columns = columns - columns % kSide;
  for (std::int64_t j = 0; j < whole_columns; j += kSide) {
    for (std::int64_t i = 0; i < whole_rows; i += kSide) {
      hn::Vec<decltype(d)> square[kSide];
      load_transposed(d, from + i * from_step + j, from_step, square);
      TESSERA_UNROLL
      for (int r = 0; r < kSide; ++r) {
        T* target = c + i + (j + r) * column;
        if (accumulate) square[r] = hn::Add(hn::LoadU(d, target), square[r]);
        hn::StoreU(square[r], d, target);
      }
    }
  }
  for (std::int64_t j = 0; j < columns; ++j) {
    for (std::int64_t i = j < whole_columns ? whole_rows : 0; i < rows; ++i) {
      const T sum = from[i * from_step + j];
      c[i + j * column] = accumulate ? c[i + j * column] + sum : sum;
    }
  }
}

template <typename T>
const GemmKernels<T>* tiles() {
  static const GemmKernels<T> kernels = [] {
    GemmKernels<T> table{};
    table.lanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
    table.vectors = kVectors;
    for (int j = 1; j <= kTileVectors; ++j) table.most_rows[j] = kMostRows[j];
    table.pack_rows = &pack_rows<T>;
    table.pack_transposed = &pack_transposed<T>;
    table.store_transposed = &store_transposed<T>;
    fill_column<T, 1>(table);
    fill_column<T, 2>(table);
    fill_column<T, 3>(table);
    fill_column<T, 4>(table);
    return table;
  }();
  return &kernels;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const GemmKernels<T>* gemm_kernels() {
  TESSERA_SIMD_SWITCH(tiles<T>())
}
template const GemmKernels<float>* gemm_kernels<float>();
template const GemmKernels<double>* gemm_kernels<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
