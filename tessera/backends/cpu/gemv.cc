#include "tessera/backends/cpu/gemv.h"

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/gemv.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>

#include "tessera/backends/cpu/scratch.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/backends/cpu/transpose-inl.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#define TESSERA_UNROLL _Pragma("GCC unroll 8")

// ---- B in rows ----

constexpr int kRowsAtOnce = 8;

// What becomes of the sums of a group of rows: the first group of a chunk starts from zero, the last one adds to y.
template <typename T>
struct RowGroup {
  const T* factors;
  const T* b;
  std::int64_t row;
  bool first, last, first_chunk;
  T* partial;  // sums of the chunk so far
  T* y;
};

template <int kRows, typename T, class D, class V, class Load, class Store>
HWY_INLINE void add_rows(D d, const RowGroup<T>& group, const V (&factors)[kRows], std::int64_t j, Load load,
                         Store store) {
  V sum = group.first ? hn::Zero(d) : hn::LoadU(d, group.partial + j);
  TESSERA_UNROLL
  for (int i = 0; i < kRows; ++i) sum = hn::MulAdd(factors[i], load(group.b + i * group.row + j), sum);
  if (!group.last) return hn::StoreU(sum, d, group.partial + j);
  if (!group.first_chunk) sum = hn::Add(load(group.y + j), sum);
  store(sum, group.y + j);
}

template <int kRows, typename T>
void add_row_group(const RowGroup<T>& all, std::int64_t n) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(d)), whole = n - n % lanes;
  const RowGroup<T> group = all;  // a copy that no store can change
  hn::Vec<hn::ScalableTag<T>> factors[kRows];
  for (int i = 0; i < kRows; ++i) factors[i] = hn::Set(d, group.factors[i]);
  for (std::int64_t j = 0; j < whole; j += lanes)
    add_rows<kRows>(
        d, group, factors, j, [d](const T* from) { return hn::LoadU(d, from); },
        [d](auto sum, T* to) { hn::StoreU(sum, d, to); });
  if (whole == n) return;
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(n - whole));
  add_rows<kRows>(
      d, group, factors, whole, [&](const T* from) { return hn::MaskedLoad(mask, d, from); },
      [&](auto sum, T* to) { hn::BlendedStore(sum, mask, d, to); });
}

template <typename T>
void multiply_rows(std::int64_t n, std::int64_t k, const T* x, std::int64_t x_step, const T* b,
                   std::int64_t row, T* y) {
  ScratchScope scratch;
  T* const partial = scratch.allocate<T>(n);
  T factors[kRowsAtOnce];
  for (std::int64_t i = 0; i < k;) {
    const std::int64_t end = std::min(i / kChunk * kChunk + kChunk, k);
    const std::int64_t rows = end - i >= kRowsAtOnce ? kRowsAtOnce : 1;
    for (std::int64_t r = 0; r < rows; ++r) factors[r] = x[(i + r) * x_step];
    const RowGroup<T> group{factors,         b + i * row, row,     i % kChunk == 0,
                            i + rows == end, i < kChunk,  partial, y};
    if (rows == kRowsAtOnce)
      add_row_group<kRowsAtOnce>(group, n);
    else
      add_row_group<1>(group, n);
    i += rows;
  }
}

// ---- B in columns ----

// Vectors of 32 bytes with AVX-512, too: two shuffles of them take no longer than one of 64, and memory is read along
// half as many columns at once.
template <typename T>
using ColumnTag = hn::FixedTag<T, 32 / sizeof(T)>;
template <typename T>
inline constexpr std::int64_t kColumnLanes = 32 / sizeof(T);

// A square of k through each of kGroups vectors of columns, whose factors are loaded once for all.
template <int kGroups, typename T>
HWY_INLINE void add_squares(const T* x, const T* b, std::int64_t column,
                            hn::Vec<ColumnTag<T>> (&sums)[kGroups]) {
  const ColumnTag<T> d;
  constexpr int kSide = 16 / sizeof(T);
  hn::Vec<ColumnTag<T>> factors[kSide];
  TESSERA_UNROLL
  for (int r = 0; r < kSide; ++r) factors[r] = hn::Set(d, x[r]);
  TESSERA_UNROLL
  for (int g = 0; g < kGroups; ++g) {
    hn::Vec<ColumnTag<T>> steps[kSide];
    load_transposed(d, b + g * kColumnLanes<T> * column, column, steps);
    TESSERA_UNROLL
    for (int r = 0; r < kSide; ++r) sums[g] = hn::MulAdd(factors[r], steps[r], sums[g]);
    // The compiler is not to move the loads of the next columns up here.
    asm volatile("" ::: "memory");
  }
}

// The columns after these, a line of memory of each, into the second-level cache: in the first one they would push out those that are being read.
// As integers: the addresses may lie behind the matrix.
template <typename T>
HWY_INLINE void fetch_next_columns(const T* b, std::int64_t column) {
  const std::intptr_t step = column * static_cast<std::int64_t>(sizeof(T));
  const std::intptr_t next = reinterpret_cast<std::intptr_t>(b) + kColumnLanes<T> * step;
  TESSERA_UNROLL
  for (int j = 0; j < kColumnLanes<T>; ++j)
    __builtin_prefetch(reinterpret_cast<const void*>(next + j * step), 0, 2);
}

// One step of k, for the last ones of a chunk.
template <int kGroups, typename T>
HWY_INLINE void add_step(const T* x, const T* b, std::int64_t column,
                         hn::Vec<ColumnTag<T>> (&sums)[kGroups]) {
  const ColumnTag<T> d;
  constexpr std::int64_t kLanes = kColumnLanes<T>;
  for (int g = 0; g < kGroups; ++g, b += kLanes * column) {
    alignas(64) T elements[kLanes];
    for (std::int64_t lane = 0; lane < kLanes; ++lane) elements[lane] = b[lane * column];
    sums[g] = hn::MulAdd(hn::Set(d, *x), hn::Load(d, elements), sums[g]);
  }
}

// Chunks from k0 on, one after the other, of kGroups vectors of columns: several chains at once hide the latency of each.
template <int kGroups, bool kFetches = false, typename T>
HWY_INLINE void add_chunks(std::int64_t k0, std::int64_t k, const T* x, const T* b, std::int64_t column,
                           hn::Vec<ColumnTag<T>> (&totals)[kGroups]) {
  const ColumnTag<T> d;
  constexpr std::int64_t kSide = 16 / sizeof(T), kLine = 64 / sizeof(T);
  for (; k0 < k; k0 += kChunk) {
    const std::int64_t end = std::min(k, k0 + kChunk);
    hn::Vec<ColumnTag<T>> sums[kGroups];
    for (auto& sum : sums) sum = hn::Zero(d);
    std::int64_t i = k0;
    for (; i + kSide <= end; i += kSide) {
      if (kFetches && i % kLine == 0) fetch_next_columns(b + i, column);
      add_squares<kGroups>(x + i, b + i, column, sums);
    }
    for (; i < end; ++i) add_step<kGroups>(x + i, b + i, column, sums);
    for (int g = 0; g < kGroups; ++g) totals[g] = k0 == 0 ? sums[g] : hn::Add(totals[g], sums[g]);
  }
}

// Columns whose distance is a multiple of 2 KB meet in the same few places of the first-level cache: of these one vector is read at a time. Its
// latency is hidden by the chains of two chunks, whose lines lie elsewhere, unless the matrix comes from memory, which is read fastest in
// as few streams as there can be, with the next columns on their way (4096 x 4096: 0.85 of the time; nearer matrices lose by it).
constexpr std::int64_t kMeetingBytes = 2048;
constexpr std::int64_t kNearBytes = std::int64_t{4} << 20;
template <typename T>
void multiply_meeting_columns(std::int64_t k, const T* x, const T* b, std::int64_t column, bool near, T* y) {
  const ColumnTag<T> d;
  constexpr std::int64_t kSide = 16 / sizeof(T);
  using Sums = hn::Vec<ColumnTag<T>>[1];
  Sums total = {hn::Zero(d)};
  std::int64_t k0 = 0;
  for (; near && k0 + 2 * kChunk <= k; k0 += 2 * kChunk) {
    Sums first = {hn::Zero(d)}, second = {hn::Zero(d)};
    for (std::int64_t i = k0; i < k0 + kChunk; i += kSide) {
      add_squares<1>(x + i, b + i, column, first);
      add_squares<1>(x + i + kChunk, b + i + kChunk, column, second);
    }
    total[0] = hn::Add(k0 == 0 ? first[0] : hn::Add(total[0], first[0]), second[0]);
  }
  if (near)
    add_chunks<1>(k0, k, x, b, column, total);
  else
    add_chunks<1, true>(k0, k, x, b, column, total);
  hn::StoreU(total[0], d, y);
}

template <int kGroups, typename T>
void multiply_column_group(std::int64_t k, const T* x, const T* b, std::int64_t column, T* y) {
  const ColumnTag<T> d;
  hn::Vec<ColumnTag<T>> totals[kGroups];
  for (auto& total : totals) total = hn::Zero(d);
  add_chunks<kGroups>(0, k, x, b, column, totals);
  for (int g = 0; g < kGroups; ++g) hn::StoreU(totals[g], d, y + g * kColumnLanes<T>);
}

// The last columns are taken together with some before them: computing an element twice gives it the same bits.
template <typename T>
void multiply_columns(std::int64_t n, std::int64_t k, const T* x, const T* b, std::int64_t column, T* y) {
  constexpr std::int64_t kLanes = kColumnLanes<T>, kSize = sizeof(T);
  const bool meeting = column * kSize % kMeetingBytes == 0 && column != 0;
  const bool near = n * k * kSize <= kNearBytes;
  std::int64_t j = 0;
  for (; !meeting && j + 2 * kLanes <= n; j += 2 * kLanes)
    multiply_column_group<2>(k, x, b + j * column, column, y + j);
  for (; j < n; j += kLanes) {
    j = std::min(j, n - kLanes);
    if (meeting)
      multiply_meeting_columns(k, x, b + j * column, column, near, y + j);
    else
      multiply_column_group<1>(k, x, b + j * column, column, y + j);
  }
}

// ---- One element ----

constexpr int kChunksAtOnce = 8;  // enough for the latency of a multiply-add

// Single numbers rather than vectors: chunks are the only chains there are, and lie 256 elements apart.
template <int kChunks, typename T>
void multiply_chunks(std::int64_t depth, const T* x, std::int64_t x_step, const T* b, std::int64_t b_step,
                     T* sums) {
  const hn::CappedTag<T, 1> d;
  hn::Vec<hn::CappedTag<T, 1>> chains[kChunks];
  for (auto& chain : chains) chain = hn::Zero(d);
  for (std::int64_t k = 0; k < depth; ++k) {
    TESSERA_UNROLL
    for (int c = 0; c < kChunks; ++c) {
      const std::int64_t at = c * kChunk + k;
      chains[c] = hn::MulAdd(hn::Set(d, x[at * x_step]), hn::Set(d, b[at * b_step]), chains[c]);
    }
  }
  for (int c = 0; c < kChunks; ++c) sums[c] = hn::GetLane(chains[c]);
}

template <typename T>
T multiply_element(std::int64_t k, const T* x, std::int64_t x_step, const T* b, std::int64_t b_step) {
  T total = 0, sums[kChunksAtOnce];
  for (std::int64_t k0 = 0; k0 < k;) {
    const bool many = k - k0 >= kChunksAtOnce * kChunk;
    const std::int64_t chunks = many ? kChunksAtOnce : 1, depth = std::min(kChunk, k - k0);
    if (many)
      multiply_chunks<kChunksAtOnce>(depth, x + k0 * x_step, x_step, b + k0 * b_step, b_step, sums);
    else
      multiply_chunks<1>(depth, x + k0 * x_step, x_step, b + k0 * b_step, b_step, sums);
    for (std::int64_t c = 0; c < chunks; ++c) total = k0 == 0 && c == 0 ? sums[0] : total + sums[c];
    k0 += many ? kChunksAtOnce * kChunk : depth;
  }
  return total;
}

template <typename T>
const RowKernels<T>* row_kernels_here() {
  static const RowKernels<T> kernels{static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
                                     &multiply_rows<T>, &multiply_columns<T>, &multiply_element<T>};
  return &kernels;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {
namespace {

// So many vectors of y that their chains fill the arithmetic units.
constexpr std::int64_t kLeastVectors = 8;

template <typename T>
void multiply_contiguous(const RowKernels<T>& kernels, std::int64_t n, std::int64_t k, const T* x,
                         std::int64_t x_step, MatrixView<const T> b, T* y) {
  if (b.column == 1) return kernels.rows(n, k, x, x_step, b.data, b.row, y);
  if (x_step == 1) return kernels.columns(n, k, x, b.data, b.column, y);
  ScratchScope scratch;
  T* const dense = scratch.allocate<T>(k);
  for (std::int64_t i = 0; i < k; ++i) dense[i] = x[i * x_step];
  kernels.columns(n, k, dense, b.data, b.column, y);
}

}  // namespace

template <typename T>
const RowKernels<T>* row_kernels() {
#if (HWY_TARGETS & HWY_AVX3) && (HWY_TARGETS & HWY_AVX2)
  // Rows stream by fastest in AVX2's form also where there are wider vectors (measured on Zen 4: 55 against 93 us for 1 x 1024 x 1024).
  if (simd_level() == SimdLevel::kAvx512) {
    static const RowKernels<T> mixed = [] {
      RowKernels<T> kernels = *N_AVX3::row_kernels_here<T>();
      kernels.rows = N_AVX2::row_kernels_here<T>()->rows;
      return kernels;
    }();
    return &mixed;
  }
#endif
  TESSERA_SIMD_SWITCH(row_kernels_here<T>())
}

template <typename T>
bool multiply_row(std::int64_t n, std::int64_t k, const T* x, std::int64_t x_step, MatrixView<const T> b,
                  T* y, std::int64_t y_step) {
  const RowKernels<T>* kernels = row_kernels<T>();
  if (kernels == nullptr || k == 0) return false;
  if (n == 1) {
    *y = kernels->element(k, x, x_step, b.data, b.row);
    return true;
  }
  const bool in_rows = b.column == 1 && n >= kLeastVectors * kernels->lanes;
  const bool in_columns = b.column != 1 && b.row == 1 && n >= kernels->lanes;
  if (!in_rows && !in_columns) return false;
  if (y_step == 1) {
    multiply_contiguous(*kernels, n, k, x, x_step, b, y);
    return true;
  }
  ScratchScope scratch;
  T* const dense = scratch.allocate<T>(n);
  multiply_contiguous(*kernels, n, k, x, x_step, b, dense);
  for (std::int64_t j = 0; j < n; ++j) y[j * y_step] = dense[j];
  return true;
}

template const RowKernels<float>* row_kernels<float>();
template const RowKernels<double>* row_kernels<double>();
template bool multiply_row<float>(std::int64_t, std::int64_t, const float*, std::int64_t,
                                  MatrixView<const float>, float*, std::int64_t);
template bool multiply_row<double>(std::int64_t, std::int64_t, const double*, std::int64_t,
                                   MatrixView<const double>, double*, std::int64_t);

}  // namespace tessera::backends
#endif  // HWY_ONCE
