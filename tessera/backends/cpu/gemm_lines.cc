#include "tessera/backends/cpu/gemm_lines.h"

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/gemm_lines.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>

#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/backends/cpu/transpose-inl.h"

#ifndef TESSERA_LINE_KERNELS
#define TESSERA_LINE_KERNELS
namespace tessera::backends {

// tile[rows]: sums[i * width + j] = sum over k < depth of factors[k * rows + i] lines[k + j * line], j < width.
template <typename T>
struct LineKernels {
  using Tile = void (*)(std::int64_t depth, const T* factors, const T* lines, std::int64_t line, T* sums);
  std::int64_t width;
  Tile tile[kMostFewRows + 1];
};

}  // namespace tessera::backends
#endif

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#define TESSERA_UNROLL _Pragma("GCC unroll 16")

// Ten rows of one vector, four vectors of transposed lines and a factor are what AVX2's registers hold. With AVX-512 two vectors of lines would
// fit, but thirty-two lines at once take a fifth longer than sixteen.
template <typename T, int kRows>
struct LineTile {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static constexpr int kSide = 16 / sizeof(T);

  static HWY_INLINE void step(const T* HWY_RESTRICT factors, V line, V (&sums)[kRows]) {
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) sums[i] = hn::MulAdd(hn::Set(D(), factors[i]), line, sums[i]);
  }

  static void run(std::int64_t depth, const T* HWY_RESTRICT factors, const T* HWY_RESTRICT lines,
                  std::int64_t line, T* HWY_RESTRICT results) {
    const D d;
    V sums[kRows];
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) sums[i] = hn::Zero(d);
    std::int64_t k = 0;
    for (; k + kSide <= depth; k += kSide, factors += kSide * kRows) {
      V steps[kSide];
      load_transposed(d, lines + k, line, steps);
      TESSERA_UNROLL
      for (int r = 0; r < kSide; ++r) step(factors + r * kRows, steps[r], sums);
    }
    for (; k < depth; ++k, factors += kRows) {
      alignas(64) T elements[kLanes];
      for (std::int64_t j = 0; j < kLanes; ++j) elements[j] = lines[k + j * line];
      step(factors, hn::Load(d, elements), sums);
    }
    TESSERA_UNROLL
    for (int i = 0; i < kRows; ++i) hn::StoreU(sums[i], d, results + i * kLanes);
  }
};

template <typename T, int kRows = 2>
void fill_rows(LineKernels<T>& kernels) {
  kernels.tile[kRows] = &LineTile<T, kRows>::run;
  if constexpr (kRows < kMostFewRows) fill_rows<T, kRows + 1>(kernels);
}

template <typename T>
const LineKernels<T>* line_kernels_here() {
  static const LineKernels<T> kernels = [] {
    LineKernels<T> table{};
    table.width = LineTile<T, 2>::kLanes;
    fill_rows<T>(table);
    return table;
  }();
  return &kernels;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {
namespace {

constexpr std::int64_t kLeastDepth = 8;  // squares of four steps are taken at a time, single steps are slow

// Lines whose distance is a multiple of 2 KB meet in the same few places of the first-level cache: of these AVX2's eight are read at a time (8 x
// 1024 x 1024: 0.7 of the time of sixteen).
constexpr std::int64_t kMeetingBytes = 2048;

template <typename T>
const LineKernels<T>* line_kernels([[maybe_unused]] std::int64_t line) {
#if (HWY_TARGETS & HWY_AVX3) && (HWY_TARGETS & HWY_AVX2)
  const bool meeting = line * static_cast<std::int64_t>(sizeof(T)) % kMeetingBytes == 0;
  if (simd_level() == SimdLevel::kAvx512 && meeting) return N_AVX2::line_kernels_here<T>();
#endif
  TESSERA_SIMD_SWITCH(line_kernels_here<T>())
}

// c (+)= columns [skip, width) of the sums of a tile.
template <typename T>
void store(const GemmKernels<T>& kernels, const T* sums, std::int64_t width, std::int64_t skip,
           std::int64_t rows, bool accumulate, MatrixView<T> c) {
  if (c.row == 1)
    return kernels.store_transposed(sums + skip, width, rows, width - skip, accumulate, c.data, c.column);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < width - skip; ++j) {
      T& target = c.data[i * c.row + j * c.column];
      const T sum = sums[i * width + skip + j];
      target = accumulate ? target + sum : sum;
    }
  }
}

// The rows of a beside each other, step by step of k.
template <typename T>
const T* factors_of(std::int64_t m, std::int64_t k, MatrixView<const T> a, const GemmKernels<T>& kernels,
                    ScratchScope& scratch) {
  if (a.row == 1 && a.column == m) return a.data;
  T* const factors = scratch.allocate<T>(k * m);
  if (a.column == 1) {
    kernels.pack_transposed(a.data, a.row, k, m, factors, m);
  } else {
    for (std::int64_t i = 0; i < k; ++i)
      for (std::int64_t row = 0; row < m; ++row) factors[i * m + row] = a.data[row * a.row + i * a.column];
  }
  return factors;
}

}  // namespace

template <typename T>
bool multiply_lines(const GemmKernels<T>& kernels, std::int64_t m, std::int64_t n, std::int64_t k,
                    MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
  const LineKernels<T>* const lines = line_kernels<T>(b.column);
  if (lines == nullptr || m < 2 || m > kMostFewRows || b.row != 1 || n < lines->width || k < kLeastDepth)
    return false;
  ScratchScope scratch;
  const T* const factors = factors_of(m, k, a, kernels, scratch);
  const std::int64_t width = lines->width;
  alignas(64) T sums[kMostFewRows * 64 / sizeof(T)];
  for (std::int64_t j = 0; j < n; j += width) {
    // The last lines are taken together with some before them, whose sums are left alone.
    const std::int64_t skip = std::max<std::int64_t>(j + width - n, 0), first = j - skip;
    for (std::int64_t k0 = 0; k0 < k; k0 += kChunk) {
      lines->tile[m](std::min(kChunk, k - k0), factors + k0 * m, b.data + first * b.column + k0, b.column,
                     sums);
      store<T>(kernels, sums, width, skip, m, k0 > 0, {c.data + j * c.column, c.row, c.column});
    }
  }
  return true;
}

template bool multiply_lines<float>(const GemmKernels<float>&, std::int64_t, std::int64_t, std::int64_t,
                                    MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template bool multiply_lines<double>(const GemmKernels<double>&, std::int64_t, std::int64_t, std::int64_t,
                                     MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace tessera::backends
#endif  // HWY_ONCE
