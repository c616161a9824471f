#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/convolution_tiles.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "tessera/backends/cpu/convolution_tiles.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kRegisters = HWY_TARGET == HWY_AVX2 ? 16 : 32;

#define TESSERA_UNROLL _Pragma("GCC unroll 16")

template <typename D, int kRows, int kColumns>
struct Accumulators {
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  V sums[kRows][kColumns];

  HWY_INLINE Accumulators() {
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::Zero(D());
    }
  }

  HWY_INLINE void store(T* HWY_RESTRICT c, std::int64_t c_row, bool accumulate) {
    const D d;
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        T* to = c + i * c_row + j * kLanes;
        hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, to), sums[i][j]) : sums[i][j], d, to);
      }
    }
  }
};

template <typename D, int kRows, int kColumns>
void run_positions(const PositionTile<hn::TFromD<D>>& tile) {
  using T = hn::TFromD<D>;
  using Sums = Accumulators<D, kRows, kColumns>;
  const D d;
  Sums tiles;
  const T* rows[kRows];
  TESSERA_UNROLL
  for (int i = 0; i < kRows; ++i) rows[i] = tile.rows[i];
  const T* HWY_RESTRICT b = tile.b;
  const std::int64_t* HWY_RESTRICT end = tile.offsets + tile.depth;
  for (const std::int64_t* HWY_RESTRICT k = tile.offsets; k < end; ++k, b += kColumns * Sums::kLanes) {
    hn::Vec<D> columns[kColumns];
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) columns[j] = hn::LoadU(d, b + j * Sums::kLanes);
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const auto factor = hn::Set(d, rows[i][*k]);
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j)
        tiles.sums[i][j] = hn::MulAdd(factor, columns[j], tiles.sums[i][j]);
    }
  }
  tiles.store(tile.c, kColumns * Sums::kLanes, tile.accumulate);
}

template <typename D, int kRows, int kColumns>
void run_line(const LineTile<hn::TFromD<D>>& tile) {
  using T = hn::TFromD<D>;
  using Sums = Accumulators<D, kRows, kColumns>;
  const D d;
  Sums tiles;
  const T* HWY_RESTRICT factors = tile.factors;
  for (std::int64_t k = 0; k < tile.depth; ++k) {
    const T* HWY_RESTRICT source = tile.source + tile.offsets[k];
    hn::Vec<D> factor[kRows];
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) factor[i] = hn::Set(d, factors[i * tile.factor_row + k]);
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      const auto column = hn::LoadU(d, source + j * Sums::kLanes);
      TESSERA_UNROLL
      for (int i = 0; i < kRows; ++i)
        tiles.sums[i][j] = hn::MulAdd(factor[i], column, tiles.sums[i][j]);
    }
  }
  tiles.store(tile.c, tile.c_row, tile.accumulate);
}

template <typename D, int kTaps>
void run_depthwise(const DepthwiseTile<hn::TFromD<D>>& tile) {
  using T = hn::TFromD<D>;
  const D d;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  hn::Vec<D> sums[kTaps];
  const T* taps[kTaps];
  TESSERA_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    sums[t] = hn::LoadU(d, tile.sums + t * kLanes);
    taps[t] = tile.source + tile.taps[t];
  }
  for (std::int64_t k = 0; k < tile.depth; ++k) {
    const auto gradient = hn::LoadU(d, tile.gradients + k * kLanes);
    const std::int64_t offset = tile.offsets[k];
    TESSERA_UNROLL
    for (int t = 0; t < kTaps; ++t) sums[t] = hn::MulAdd(gradient, hn::LoadU(d, taps[t] + offset), sums[t]);
  }
  TESSERA_UNROLL
  for (int t = 0; t < kTaps; ++t) hn::StoreU(sums[t], d, tile.sums + t * kLanes);
}

// ---- Moving data ----

// Squares of 16 bytes a side: 4 x 4 floats or 2 x 2 doubles.
template <typename T>
HWY_INLINE void transpose_square(const T* HWY_RESTRICT from, std::int64_t row, T* HWY_RESTRICT to,
                                 std::int64_t to_row) {
  const hn::FixedTag<T, 16 / sizeof(T)> d;
  const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + row);
  if constexpr (sizeof(T) == 4) {
    const auto row2 = hn::LoadU(d, from + 2 * row), row3 = hn::LoadU(d, from + 3 * row);
    const auto even_low = hn::InterleaveLower(d, row0, row2), odd_low = hn::InterleaveLower(d, row1, row3);
    const auto even_high = hn::InterleaveUpper(d, row0, row2), odd_high = hn::InterleaveUpper(d, row1, row3);
    hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
    hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + to_row);
    hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * to_row);
    hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * to_row);
  } else {
    hn::StoreU(hn::InterleaveLower(d, row0, row1), d, to);
    hn::StoreU(hn::InterleaveUpper(d, row0, row1), d, to + to_row);
  }
}

// Bands of 16 rows: their cache lines stay while the columns go by.
template <typename T>
void transpose(const T* HWY_RESTRICT from, std::int64_t from_row, std::int64_t rows, std::int64_t columns,
               T* HWY_RESTRICT to, std::int64_t to_row) {
  constexpr std::int64_t kSide = 16 / sizeof(T), kBand = 16;
  const std::int64_t whole_rows = rows - rows % kSide, whole_columns = columns - columns % kSide;
  for (std::int64_t band = 0; band < whole_rows; band += kBand)
    for (std::int64_t j = 0; j < whole_columns; j += kSide)
      for (std::int64_t i = band; i < std::min(band + kBand, whole_rows); i += kSide)
        transpose_square(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j)
      to[j * to_row + i] = from[i * from_row + j];
}

template <typename D, typename T>
HWY_INLINE void copy_row(D d, const T* HWY_RESTRICT from, std::int64_t length, T* HWY_RESTRICT to) {
  constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  std::int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  if (i == length) return;
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(length - i));
  hn::BlendedStore(hn::MaskedLoad(mask, d, from + i), mask, d, to + i);
}

template <typename D, typename T = hn::TFromD<D>>
void copy_rows(const T* from, std::int64_t from_row, std::int64_t rows, std::int64_t length, T* to,
               std::int64_t to_row) {
  for (std::int64_t i = 0; i < rows; ++i) copy_row(D(), from + i * from_row, length, to + i * to_row);
}

template <typename D, typename T>
HWY_INLINE void fill_zeros(D d, std::int64_t length, T* to) {
  for (std::int64_t i = 0; i < length; i += static_cast<std::int64_t>(hn::MaxLanes(D())))
    hn::StoreU(hn::Zero(d), d, to + i);
}

template <typename D, typename T = hn::TFromD<D>>
void copy_with_halo(const T* from, std::int64_t from_row, std::int64_t rows, std::int64_t before,
                    std::int64_t length, std::int64_t after, T* to) {
  const D d;
  for (std::int64_t i = 0; i < rows; ++i, from += from_row, to += before + length + after) {
    fill_zeros(d, before, to);
    copy_row(d, from, length, to + before);
    fill_zeros(d, after, to + before + length);
  }
}

// ---- The tables ----

constexpr int tile_rows(int vectors) {  // accumulators, one row of b and a factor fit the registers
  const int rows = (kRegisters - 2 - vectors) / vectors;
  return std::min(rows, kConvolutionRows);
}
constexpr int line_vectors(int rows) {
  constexpr int kFew[] = {0, 8, 6, 4, 2, 2, 2}, kMany[] = {0, 8, 8, 8, 6, 4, 4};
  return kRegisters == 16 ? kFew[rows] : kMany[rows];
}
constexpr int kLineRows = 6;

template <typename D, int kRows, int kColumns, typename Table>
void fill_tile(Table& table) {
  if constexpr (kColumns <= (kRegisters == 16 ? 2 : 4) && kRows <= tile_rows(kColumns))
    table.position[kRows][kColumns] = &run_positions<D, kRows, kColumns>;
  if constexpr (kRows <= kLineRows) {
    if constexpr (kColumns <= line_vectors(kRows)) table.line[kRows][kColumns] = &run_line<D, kRows, kColumns>;
  }
}

template <typename D, int kRows, typename Table, int... kColumns>
void fill_row(Table& table, std::integer_sequence<int, kColumns...>) {
  (fill_tile<D, kRows, kColumns + 1>(table), ...);
}

template <typename D, typename Table, int... kRows>
void fill_rows(Table& table, std::integer_sequence<int, kRows...>) {
  (fill_row<D, kRows + 1>(table, std::make_integer_sequence<int, kConvolutionVectors>()), ...);
}

template <typename D, typename Table, int... kTaps>
void fill_depthwise(Table& table, std::integer_sequence<int, kTaps...>) {
  ((table.depthwise[kTaps + 1] = &run_depthwise<D, kTaps + 1>), ...);
}

template <typename D, typename T = hn::TFromD<D>>
const ConvolutionKernels<T>* table_of() {
  static const ConvolutionKernels<T> kernels = [] {
    ConvolutionKernels<T> table{};
    table.lanes = static_cast<int>(hn::MaxLanes(D()));
    table.vectors = kRegisters == 16 ? 2 : 4;
    for (int vectors = 1; vectors <= table.vectors; ++vectors) table.position_rows[vectors] = tile_rows(vectors);
    table.line_rows = kLineRows;
    for (int rows = 1; rows <= kLineRows; ++rows) table.line_vectors[rows] = line_vectors(rows);
    fill_rows<D>(table, std::make_integer_sequence<int, kConvolutionRows>());
    fill_depthwise<D>(table, std::make_integer_sequence<int, kDepthwiseTaps>());
    table.transpose = &transpose<T>;
    table.copy_rows = &copy_rows<D>;
    table.copy_with_halo = &copy_with_halo<D>;
    return table;
  }();
  return &kernels;
}

template <typename T>
const ConvolutionKernels<T>* convolution_table(bool narrow) {
  return narrow ? table_of<hn::CappedTag<T, 32 / sizeof(T)>>() : table_of<hn::ScalableTag<T>>();
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const ConvolutionKernels<T>* convolution_kernels(bool narrow) {
  TESSERA_SIMD_SWITCH(convolution_table<T>(narrow))
}
template const ConvolutionKernels<float>* convolution_kernels<float>(bool);
template const ConvolutionKernels<double>* convolution_kernels<double>(bool);

}  // namespace tessera::backends
#endif  // HWY_ONCE
