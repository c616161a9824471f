// The register tiles: rows x vectors accumulators, one step of k at a time. a is broadcast element by
// element, so it may have any strides; b is read in whole vectors.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/gemm_tiles.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/gemm.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kVectors =
    HWY_TARGET == HWY_AVX2 ? 2 : 4;  // 16 registers hold 6 x 2 accumulators, 32 hold 6 x 4

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
    for (std::int64_t k = arguments.depth; k > 0; --k, a += a_step, b += b_step) step(a, a_row, b, sums);
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

template <typename T>
const GemmKernels<T>* tiles() {
  static const GemmKernels<T> kernels = [] {
    GemmKernels<T> table{};
    table.lanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
    table.vectors = kVectors;
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
