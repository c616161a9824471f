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
#include "tessera/backends/cpu/transpose-inl.h"

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

  HWY_INLINE void store_vector(int i, int j, bool accumulate, T* to) {
    const D d;
    hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, to), sums[i][j]) : sums[i][j], d, to);
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
  const TapStep* HWY_RESTRICT end = tile.steps + tile.depth;
  for (const TapStep* HWY_RESTRICT step = tile.steps; step < end; ++step) {
    const T* HWY_RESTRICT b = tile.b + step->weights * (kColumns * Sums::kLanes);
    const std::int64_t offset = step->source;
    hn::Vec<D> columns[kColumns];
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) columns[j] = hn::LoadU(d, b + j * Sums::kLanes);
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const auto factor = hn::Set(d, rows[i][offset]);
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) tiles.sums[i][j] = hn::MulAdd(factor, columns[j], tiles.sums[i][j]);
    }
  }
  TESSERA_UNROLL
  for (int i = 0; i < kRows; ++i) {
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j)
      tiles.store_vector(i, j, tile.accumulate, tile.c[i] + j * Sums::kLanes);
  }
}

// One step of k: the shorter side of the tile stays in registers while the longer one goes by.
template <typename D, int kRows, int kColumns, typename T = hn::TFromD<D>>
HWY_INLINE void step_line(const T* HWY_RESTRICT factors, const T* const (&source)[kColumns],
                          std::int64_t offset, hn::Vec<D> (&sums)[kRows][kColumns]) {
  const D d;
  if constexpr (kRows <= kColumns) {
    hn::Vec<D> factor[kRows];
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) factor[i] = hn::Set(d, factors[i]);
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      const auto column = hn::LoadU(d, source[j] + offset);
      TESSERA_UNROLL
      for (int i = 0; i < kRows; ++i) sums[i][j] = hn::MulAdd(factor[i], column, sums[i][j]);
    }
  } else {
    hn::Vec<D> column[kColumns];
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) column[j] = hn::LoadU(d, source[j] + offset);
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const auto factor = hn::Set(d, factors[i]);
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::MulAdd(factor, column[j], sums[i][j]);
    }
  }
}

template <typename D, int kRows, int kColumns>
void run_line(const LineTile<hn::TFromD<D>>& tile) {
  using T = hn::TFromD<D>;
  const std::int64_t* HWY_RESTRICT end = tile.offsets + tile.depth;
  for (std::int64_t group = 0; group < tile.groups; ++group) {
    Accumulators<D, kRows, kColumns> tiles;
    const T* source[kColumns];
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) source[j] = tile.source + tile.places[group * kColumns + j];
    const T* HWY_RESTRICT factors = tile.factors;
    for (const std::int64_t* HWY_RESTRICT k = tile.offsets; k < end; ++k, factors += kRows)
      step_line<D, kRows, kColumns>(factors, source, *k, tiles.sums);
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      T* c = tile.c + tile.targets[group * kColumns + j];
      TESSERA_UNROLL
      for (int i = 0; i < kRows; ++i) tiles.store_vector(i, j, tile.accumulate, c + i * tile.c_row);
    }
  }
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

// kColumns vectors side by side. Of row y, `before` has done filter row 0 and `last` the rows 0 and 1.
template <typename D, int kColumns, typename T = hn::TFromD<D>>
void run_stencil_columns(const Stencil<T>& stencil, const std::int64_t* places) {
  const D d;
  using V = hn::Vec<D>;
  V factors[9], before[kColumns], last[kColumns];
  TESSERA_UNROLL
  for (int k = 0; k < 9; ++k) factors[k] = hn::Set(d, stencil.factors[k]);
  TESSERA_UNROLL
  for (int j = 0; j < kColumns; ++j) before[j] = last[j] = hn::Zero(d);
  const T* row = stencil.source;
  T* c = stencil.c - 2 * stencil.c_row;
  for (std::int64_t y = -2; y < stencil.rows; ++y, row += stencil.source_row, c += stencil.c_row) {
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      V first = hn::Zero(d), second = before[j], third = last[j];
      TESSERA_UNROLL
      for (int s = 0; s < 3; ++s) {
        const V x = hn::LoadU(d, row + places[j] + stencil.columns[s]);
        first = hn::MulAdd(factors[s], x, first);
        second = hn::MulAdd(factors[3 + s], x, second);
        third = hn::MulAdd(factors[6 + s], x, third);
      }
      if (y >= 0) hn::StoreU(third, d, c + places[j]);
      before[j] = first;
      last[j] = second;
    }
  }
}

template <typename D, typename T = hn::TFromD<D>>
void run_stencil(const Stencil<T>& stencil) {
  constexpr int kColumns = kRegisters == 16 ? 2 : 4;
  std::int64_t v = 0;
  for (; v + kColumns <= stencil.vectors; v += kColumns)
    run_stencil_columns<D, kColumns>(stencil, stencil.places + v);
  for (; v < stencil.vectors; ++v) run_stencil_columns<D, 1>(stencil, stencil.places + v);
}

// ---- Moving data ----

// As many rows as a vector of D has lanes, and as many columns as fit 16 bytes.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void transpose_tile(D d, const T* HWY_RESTRICT from, std::int64_t row, T* HWY_RESTRICT to,
                               std::int64_t to_row) {
  constexpr int kSide = 16 / sizeof(T);
  hn::Vec<D> columns[kSide];
  load_transposed(d, from, row, columns);
  TESSERA_UNROLL
  for (int j = 0; j < kSide; ++j) hn::StoreU(columns[j], d, to + j * to_row);
}

template <typename T>
void transpose_strip(const T* HWY_RESTRICT from, std::int64_t from_row, std::int64_t rows,
                     std::int64_t columns, T* HWY_RESTRICT to, std::int64_t to_row) {
  constexpr std::int64_t kSide = 16 / sizeof(T);
  const std::int64_t whole_rows = rows - rows % kSide, whole_columns = columns - columns % kSide;
  for (std::int64_t i = 0; i < whole_rows; i += kSide)
    for (std::int64_t j = 0; j < whole_columns; j += kSide)
      transpose_tile(hn::FixedTag<T, kSide>(), from + i * from_row + j, from_row, to + j * to_row + i,
                     to_row);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j)
      to[j * to_row + i] = from[i * from_row + j];
}

// Bands of 16 rows: their cache lines stay while the columns go by.
template <typename T>
void transpose(const T* HWY_RESTRICT from, std::int64_t from_row, std::int64_t rows, std::int64_t columns,
               T* HWY_RESTRICT to, std::int64_t to_row) {
  const hn::FixedTag<T, 32 / sizeof(T)> d;
  constexpr std::int64_t kBand = 16, kSide = 16 / sizeof(T), kRows = 2 * kSide;
  for (; rows > 0; rows -= kBand, from += kBand * from_row, to += kBand) {
    const std::int64_t band = std::min(rows, kBand), tiled = band - band % kRows;
    const std::int64_t side_by_side = columns - columns % kSide;
    for (std::int64_t j = 0; j < side_by_side; j += kSide)
      for (std::int64_t i = 0; i < tiled; i += kRows)
        transpose_tile(d, from + i * from_row + j, from_row, to + j * to_row + i, to_row);
    if (tiled < band)
      transpose_strip(from + tiled * from_row, from_row, band - tiled, side_by_side, to + tiled, to_row);
    if (side_by_side < columns)
      transpose_strip(from + side_by_side, from_row, band, columns - side_by_side, to + side_by_side * to_row,
                      to_row);
  }
}

template <typename D, typename T>
HWY_INLINE void copy_row(D d, const T* HWY_RESTRICT from, std::int64_t length, T* HWY_RESTRICT to) {
  constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  std::int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  if (i == length) return;
  if (length >= kLanes) {  // over the vector before rather than with a mask
    hn::StoreU(hn::LoadU(d, from + length - kLanes), d, to + length - kLanes);
    return;
  }
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

// Whole vectors are stored: masked stores are slow on some processors.
template <typename D, typename T>
HWY_INLINE void copy_row_and_zeros(D d, const T* HWY_RESTRICT from, std::int64_t length, T* HWY_RESTRICT to) {
  constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  std::int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(length - i));
  if (i < length) hn::StoreU(hn::MaskedLoad(mask, d, from + i), d, to + i);
}

// Short vectors: rows are often short, and unaligned stores of long ones cross a cache line each.
template <typename T>
void copy_with_halo(const HaloCopy<T>& copy) {
  const hn::CappedTag<T, 32 / sizeof(T)> d;
  const std::int64_t width = copy.before + copy.length + copy.after;
  const T* from = copy.from;
  T* to = copy.to;
  fill_zeros(d, copy.above * width, to);
  to += copy.above * width;
  for (std::int64_t i = 0; i < copy.rows; ++i, from += copy.from_row, to += width) {
    fill_zeros(d, copy.before, to);
    copy_row_and_zeros(d, from, copy.length, to + copy.before);
    fill_zeros(d, copy.after, to + copy.before + copy.length);
  }
  fill_zeros(d, copy.below * width, to);
}

// ---- Looking at data ----

// Whether some element of `is` is true; it gets vectors, and zeros behind the end.
template <typename D, typename T, class Predicate>
HWY_INLINE bool any_element(D d, const T* from, std::int64_t length, const Predicate& is) {
  constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  std::int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes)
    if (!hn::AllFalse(d, is(hn::LoadU(d, from + i)))) return true;
  if (i == length) return false;
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(length - i));
  return !hn::AllFalse(d, is(hn::MaskedLoad(mask, d, from + i)));
}

template <typename D, typename T = hn::TFromD<D>>
bool all_finite(const T* from, std::int64_t length) {
  return !any_element(D(), from, length, [](auto v) HWY_ATTR { return hn::Not(hn::IsFinite(v)); });
}

template <typename D, typename T = hn::TFromD<D>>
bool has_negative_zero(const T* from, std::int64_t length) {
  const hn::RebindToUnsigned<D> bits;
  const auto negative_zero = hn::BitCast(bits, hn::Set(D(), T(-0.0)));
  return any_element(D(), from, length, [&](auto v) HWY_ATTR {
    return hn::RebindMask(D(), hn::Eq(hn::BitCast(bits, v), negative_zero));
  });
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
    if constexpr (kColumns <= line_vectors(kRows))
      table.line[kRows][kColumns] = &run_line<D, kRows, kColumns>;
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
    for (int vectors = 1; vectors <= table.vectors; ++vectors)
      table.position_rows[vectors] = tile_rows(vectors);
    table.line_rows = kLineRows;
    for (int rows = 1; rows <= kLineRows; ++rows) table.line_vectors[rows] = line_vectors(rows);
    fill_rows<D>(table, std::make_integer_sequence<int, kConvolutionRows>());
    fill_depthwise<D>(table, std::make_integer_sequence<int, kDepthwiseTaps>());
    table.stencil = &run_stencil<D>;
    table.transpose = &transpose<T>;
    table.copy_rows = &copy_rows<D>;
    table.copy_with_halo = &copy_with_halo<T>;
    table.all_finite = &all_finite<D>;
    table.has_negative_zero = &has_negative_zero<D>;
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
const ConvolutionKernels<T>* convolution_kernels([[maybe_unused]] bool narrow) {
  TESSERA_SIMD_SWITCH(convolution_table<T>(narrow))
}
template const ConvolutionKernels<float>* convolution_kernels<float>(bool);
template const ConvolutionKernels<double>* convolution_kernels<double>(bool);

}  // namespace tessera::backends
#endif  // HWY_ONCE
