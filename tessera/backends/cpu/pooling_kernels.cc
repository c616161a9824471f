#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/pooling_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <cstring>

#include "tessera/backends/cpu/pooling_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));

// `candidate` (place `position`) against the best so far: NaN is greatest, the first of equals stays.
HWY_INLINE void consider(V candidate, float position, V& best, V& place) {
  const D d;
  const auto wins = hn::Or(hn::Gt(candidate, best), hn::AndNot(hn::IsNaN(best), hn::IsNaN(candidate)));
  best = hn::IfThenElse(wins, candidate, best);
  place = hn::IfThenElse(wins, hn::Set(d, position), place);
}

HWY_INLINE void pool_vector(const float* upper, const float* lower, V& best, V& place) {
  const D d;
  V second, third, fourth;
  hn::LoadInterleaved2(d, upper, best, second);
  hn::LoadInterleaved2(d, lower, third, fourth);
  place = hn::Zero(d);
  consider(second, 1, best, place);
  consider(third, 2, best, place);
  consider(fourth, 3, best, place);
  best = hn::Add(best, hn::Zero(d));  // -0 becomes +0
}

void pool_pairs(const float* upper, const float* lower, std::int64_t n, float* value, std::int32_t* index) {
  const D d;
  const hn::RebindToSigned<D> di;
  float upper_rest[2 * kLanes] = {}, lower_rest[2 * kLanes] = {};
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const std::int64_t count = n - i < kLanes ? n - i : kLanes;
    const float* first = upper + 2 * i;
    const float* second = lower + 2 * i;
    if (count < kLanes) {  // there may be nothing readable behind the row
      std::memcpy(upper_rest, first, static_cast<std::size_t>(count) * 2 * sizeof(float));
      std::memcpy(lower_rest, second, static_cast<std::size_t>(count) * 2 * sizeof(float));
      first = upper_rest;
      second = lower_rest;
    }
    V best, place;
    pool_vector(first, second, best, place);
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(count));
    if (value != nullptr) hn::BlendedStore(best, mask, d, value + i);
    if (index != nullptr)
      hn::BlendedStore(hn::ConvertTo(di, place), hn::FirstN(di, static_cast<std::size_t>(count)), di, index + i);
  }
}

PairPoolLoop pair_pool() { return &pool_pairs; }

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

PairPoolLoop pair_pool_loop() { TESSERA_SIMD_SWITCH(pair_pool()) }

}  // namespace tessera::backends
#endif  // HWY_ONCE
