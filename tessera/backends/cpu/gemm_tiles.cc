// The register tiles: rows x vectors accumulators, one step of k at a time. a is broadcast element by
// element, so it may have any strides; b is read in whole vectors.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/gemm_tiles.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kVectors =
    HWY_TARGET == HWY_AVX2 ? 2 : 4;  // 16 registers hold 6 x 2 accumulators, 32 hold 6 x 4

constexpr std::int64_t kFetchedRows = 8;  // how far the next panel is fetched before it is copied

#define TESSERA_UNROLL _Pragma("GCC unroll 8")

template <typename T, int kRows, int kColumns>
struct Tile {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

  // One step of k: every accumulator takes one fused multiply-add.
  static HWY_INLINE void step(const T* HWY_RESTRICT a, std::int64_t a_row, const T* HWY_RESTRICT b,
                              V (&sums)[kRows][kColumns]) {
    const D d;
    V columns[kColumns];
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) columns[j] = hn::LoadU(d, b + j * kLanes);
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V factor = hn::Set(d, a[i * a_row]);
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::MulAdd(factor, columns[j], sums[i][j]);
    }
  }

  static HWY_INLINE void finish_row(T* HWY_RESTRICT c, std::int64_t last, bool accumulate,
                                    V (&sums)[kColumns]) {
    const D d;
    TESSERA_UNROLL
    for (int j = 0; j + 1 < kColumns; ++j) {
      if (accumulate) sums[j] = hn::Add(hn::LoadU(d, c + j * kLanes), sums[j]);
      hn::StoreU(sums[j], d, c + j * kLanes);
    }
    constexpr int kLast = kColumns - 1;
    T* end = c + kLast * kLanes;
    if (last == kLanes) {
      if (accumulate) sums[kLast] = hn::Add(hn::LoadU(d, end), sums[kLast]);
      hn::StoreU(sums[kLast], d, end);
    } else {
      const auto mask = hn::FirstN(d, static_cast<std::size_t>(last));
      if (accumulate) sums[kLast] = hn::Add(hn::MaskedLoad(mask, d, end), sums[kLast]);
      hn::BlendedStore(sums[kLast], mask, d, end);
    }
  }

  static HWY_INLINE void step_and_copy(const T* HWY_RESTRICT a, const TileArguments<T>& arguments,
                                       const T* HWY_RESTRICT b, const T* from, T* HWY_RESTRICT to,
                                       V (&sums)[kRows][kColumns]) {
    const D d;
    TESSERA_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      fetch(from + j * kLanes, arguments.ahead.from_step);
      hn::StoreU(hn::LoadU(d, from + j * kLanes), d, to + j * kLanes);
      step(a + j * arguments.a_step, arguments.a_row, b + j * arguments.b_step, sums);
    }
  }

  // As an integer: the address may lie behind the matrix.
  static HWY_INLINE void fetch(const T* from, std::int64_t row) {
    constexpr std::int64_t kDistance = kFetchedRows * static_cast<std::int64_t>(sizeof(T));
    hwy::Prefetch(reinterpret_cast<const T*>(reinterpret_cast<std::intptr_t>(from) + row * kDistance));
  }

  static void run(const TileArguments<T>& arguments) {
    const D d;
    V sums[kRows][kColumns];
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) {
      TESSERA_UNROLL
      for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::Zero(d);
    }
    const T* HWY_RESTRICT a = arguments.a;
    const T* HWY_RESTRICT b = arguments.b;
    const std::int64_t a_row = arguments.a_row, a_step = arguments.a_step, b_step = arguments.b_step;
    std::int64_t k = arguments.depth;
    if constexpr (kRows >= kCopyingRows && kColumns == kVectors) {
      const CopyAhead<T>& ahead = arguments.ahead;
      for (std::int64_t row = 0; row < ahead.rows; ++row) {
        step_and_copy(a, arguments, b, ahead.from + row * ahead.from_step, ahead.to + row * kColumns * kLanes,
                      sums);
        a += kColumns * a_step;
        b += kColumns * b_step;
      }
      k -= ahead.rows * kColumns;
    }
    for (; k > 0; --k, a += a_step, b += b_step) step(a, a_row, b, sums);
    const std::int64_t last = arguments.columns - (kColumns - 1) * kLanes;
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i)
      finish_row(arguments.c + i * arguments.c_row, last, arguments.accumulate, sums[i]);
  }
};

template <typename T, int kRows>
void fill_row(GemmKernels<T>& kernels) {
  kernels.tile[kRows][1] = &Tile<T, kRows, 1>::run;
  kernels.tile[kRows][2] = &Tile<T, kRows, 2>::run;
  if constexpr (kVectors == 4) {
    kernels.tile[kRows][3] = &Tile<T, kRows, 3>::run;
    kernels.tile[kRows][4] = &Tile<T, kRows, 4>::run;
  }
}

// Transposes squares of 16 bytes a side: 4 x 4 floats or 2 x 2 doubles.
template <typename T>
HWY_INLINE void transpose_square(const T* HWY_RESTRICT from, std::int64_t column, T* HWY_RESTRICT to,
                                 std::int64_t step) {
  const hn::FixedTag<T, 16 / sizeof(T)> d;
  if constexpr (sizeof(T) == 4) {
    const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + column);
    const auto row2 = hn::LoadU(d, from + 2 * column), row3 = hn::LoadU(d, from + 3 * column);
    const auto even_low = hn::InterleaveLower(d, row0, row2), odd_low = hn::InterleaveLower(d, row1, row3);
    const auto even_high = hn::InterleaveUpper(d, row0, row2), odd_high = hn::InterleaveUpper(d, row1, row3);
    hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
    hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + step);
    hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * step);
    hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * step);
  } else {
    const auto row0 = hn::LoadU(d, from), row1 = hn::LoadU(d, from + column);
    hn::StoreU(hn::InterleaveLower(d, row0, row1), d, to);
    hn::StoreU(hn::InterleaveUpper(d, row0, row1), d, to + step);
  }
}

template <typename T>
void pack_transposed(const T* HWY_RESTRICT from, std::int64_t column, std::int64_t depth,
                     std::int64_t columns, T* HWY_RESTRICT panel, std::int64_t step) {
  constexpr std::int64_t kSide = 16 / sizeof(T);
  const std::int64_t whole_depth = depth - depth % kSide, whole_columns = columns - columns % kSide;
  for (std::int64_t k = 0; k < whole_depth; k += kSide)
    for (std::int64_t j = 0; j < whole_columns; j += kSide)
      transpose_square(from + k + j * column, column, panel + k * step + j, step);
  for (std::int64_t k = 0; k < depth; ++k)
    for (std::int64_t j = k < whole_depth ? whole_columns : 0; j < columns; ++j)
      panel[k * step + j] = from[k + j * column];
}

// What a vector spoils behind the end of its run, the next run writes: runs are in ascending order.
template <bool kShort, typename T>
HWY_INLINE void copy_runs(const T* from, const CopyRun* runs, int count, T* to) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  for (int r = 0; r < count; ++r) {
    const T* source = from + runs[r].from;
    T* target = to + runs[r].to;
    hn::StoreU(hn::LoadU(d, source), d, target);
    if constexpr (kShort) continue;
    for (std::int64_t i = lanes; i < runs[r].length; i += lanes)
      hn::StoreU(hn::LoadU(d, source + i), d, target + i);
  }
}

template <typename T>
void pack_runs(const T* from, const std::int64_t* offsets, std::int64_t depth, const CopyRun* runs, int count,
               std::int64_t columns, T* panel, std::int64_t step) {
  const hn::ScalableTag<T> d;
  bool all_short = true;  // one vector per run
  for (int r = 0; r < count; ++r) all_short &= runs[r].length <= static_cast<std::int64_t>(hn::MaxLanes(d));
  for (std::int64_t k = 0; k < depth; ++k, panel += step) {
    if (all_short)
      copy_runs<true>(from + offsets[k], runs, count, panel);
    else
      copy_runs<false>(from + offsets[k], runs, count, panel);
    // Leftovers there would be harmless to the result, but slow to multiply if they happen to be subnormal.
    hn::StoreU(hn::Zero(d), d, panel + columns);
  }
}

template <typename T>
const GemmKernels<T>* tiles() {
  static const GemmKernels<T> kernels = [] {
    GemmKernels<T> table{};
    table.lanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
    table.vectors = kVectors;
    table.pack_transposed = &pack_transposed<T>;
    table.pack_runs = &pack_runs<T>;
    fill_row<T, 1>(table);
    fill_row<T, 2>(table);
    fill_row<T, 3>(table);
    fill_row<T, 4>(table);
    fill_row<T, 5>(table);
    fill_row<T, 6>(table);
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
