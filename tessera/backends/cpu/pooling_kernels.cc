#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/pooling_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/pooling_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));

// `candidate` at `position` against the best so far: NaN is greatest, the first of equals stays.
HWY_INLINE void consider(V candidate, V position, V& best, V& place) {
  const auto wins = hn::Or(hn::Gt(candidate, best), hn::AndNot(hn::IsNaN(best), hn::IsNaN(candidate)));
  best = hn::IfThenElse(wins, candidate, best);
  place = hn::IfThenElse(wins, position, place);
}

// The first 2 * count elements behind `row`, those at even places and those at odd ones.
HWY_INLINE void load_pairs(const float* row, std::int64_t count, V& even, V& odd) {
  const D d;
  V low, high;
  if (count == kLanes) {
    low = hn::LoadU(d, row);
    high = hn::LoadU(d, row + kLanes);
  } else {  // there may be nothing readable behind the row
    const std::int64_t elements = 2 * count, in_high = elements > kLanes ? elements - kLanes : 0;
    low = hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(elements - in_high)), d, row);
    high =
        hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(in_high)), d, in_high > 0 ? row + kLanes : row);
  }
  even = hn::ConcatEven(d, high, low);
  odd = hn::ConcatOdd(d, high, low);
}

HWY_INLINE void store_first(V v, std::int64_t count, float* to) {
  if (count == kLanes)
    hn::StoreU(v, D(), to);
  else
    hn::BlendedStore(v, hn::FirstN(D(), static_cast<std::size_t>(count)), D(), to);
}

void pool_pairs(const float* upper, std::int64_t width, std::int64_t n, float* values, std::int64_t* places,
                std::int64_t first) {
  const D d;
  const hn::RebindToSigned<D> di;
  const V below = hn::Set(d, static_cast<float>(width)),
          below_right = hn::Set(d, static_cast<float>(width + 1));
  const auto pairs = hn::ShiftLeft<1>(hn::Iota(di, 0));  // where the windows of one vector start
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const std::int64_t count = n - i < kLanes ? n - i : kLanes;
    V best, second, third, fourth, place = hn::Zero(d);
    load_pairs(upper + 2 * i, count, best, second);
    load_pairs(upper + 2 * i + width, count, third, fourth);
    consider(second, hn::Set(d, 1.0f), best, place);
    consider(third, below, best, place);
    consider(fourth, below_right, best, place);
    if (places == nullptr) {
      store_first(hn::Add(best, hn::Zero(d)), count, values + i);  // -0 becomes +0
      continue;
    }
    HWY_ALIGN std::int32_t offsets[kLanes];
    hn::Store(hn::Add(hn::ConvertTo(di, place), pairs), di, offsets);
    for (std::int64_t j = 0; j < count; ++j) places[i + j] = first + 2 * i + offsets[j];
  }
}

HWY_INLINE V load_first(const float* from, std::int64_t count) {
  return count == kLanes ? hn::LoadU(D(), from)
                         : hn::MaskedLoad(hn::FirstN(D(), static_cast<std::size_t>(count)), D(), from);
}

void pool_columns(const float* from, std::int64_t step, std::int64_t taps, std::int64_t n, float* values,
                  std::int64_t* places, std::int64_t first) {
  const D d;
  const hn::RebindToSigned<D> di;
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const std::int64_t count = n - i < kLanes ? n - i : kLanes;
    V best = load_first(from + i, count), place = hn::Zero(d);
    for (std::int64_t t = 1; t < taps; ++t)
      consider(load_first(from + t * step + i, count), hn::Set(d, static_cast<float>(t)), best, place);
    if (places == nullptr) {
      store_first(hn::Add(best, hn::Zero(d)), count, values + i);  // -0 becomes +0
      continue;
    }
    HWY_ALIGN std::int32_t tap[kLanes];
    hn::Store(hn::ConvertTo(di, place), di, tap);
    for (std::int64_t j = 0; j < count; ++j) places[i + j] = first + tap[j] * step + i + j;
  }
}

// A quarter of the sum is its division by four: both round the same number.
void average_pairs(const float* upper, std::int64_t width, std::int64_t n, float* out) {
  const D d;
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const std::int64_t count = n - i < kLanes ? n - i : kLanes;
    V first, second, third, fourth;
    load_pairs(upper + 2 * i, count, first, second);
    load_pairs(upper + 2 * i + width, count, third, fourth);
    const V sum = hn::Add(hn::Add(hn::Add(hn::Add(hn::Zero(d), first), second), third), fourth);
    store_first(hn::Mul(sum, hn::Set(d, 0.25f)), count, out + i);
  }
}

void spread_pairs(const float* gradient, std::int64_t n, float* upper, std::int64_t width) {
  const D d;
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V share = hn::Add(hn::Zero(d), hn::Mul(hn::LoadU(d, gradient + i), hn::Set(d, 0.25f)));
    hn::StoreInterleaved2(share, share, d, upper + 2 * i);
    hn::StoreInterleaved2(share, share, d, upper + 2 * i + width);
  }
  for (; i < n; ++i) {
    const float share = 0.0f + gradient[i] * 0.25f;
    upper[2 * i] = upper[2 * i + 1] = upper[2 * i + width] = upper[2 * i + 1 + width] = share;
  }
}

const PairAverageLoops* pair_averages() {
  static constexpr PairAverageLoops kLoops{&average_pairs, &spread_pairs};
  return &kLoops;
}

PairPoolLoop pair_pool() {
  return &pool_pairs;
}

ColumnPoolLoop column_pool() {
  return &pool_columns;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

PairPoolLoop pair_pool_loop(){TESSERA_SIMD_SWITCH(pair_pool())} ColumnPoolLoop column_pool_loop() {
  TESSERA_SIMD_SWITCH(column_pool())
}
const PairAverageLoops* pair_average_loops() {
  TESSERA_SIMD_SWITCH(pair_averages())
}

}  // namespace tessera::backends
#endif  // HWY_ONCE
