// The inner loops of batch and group normalisation for each SIMD level: blocks of a channel's list (contract rule 3) and runs of elements.
#pragma once

#include <cstdint>

#include "tessera/numerics/reduce.h"

namespace tessera::backends {

// A number per element, or (`one`) the first of them for all.
template <typename T>
struct ChannelNumbers {
  const T *mean, *inverse;
  const T *factor, *level, *slope;  // forwards: scale, shift, nothing
  bool one;
};

template <typename T>
struct ChannelLoops {
  // Of one block, 1 <= count <= 1,024 contiguous elements.
  numerics::Moments<T> (*moments)(const T* x, std::int64_t count, T* total);
  void (*sums)(const T* g, const T* x, T mean, T inverse, std::int64_t count, T* total, T* weighted);
  // One element of n channels each, into one lane of each: lane + x, fma(d, d, lane) with d = x - mean, and lane + g beside lane + g * ((x - mean) *
  // inverse).
  void (*add)(const T* x, std::int64_t n, T* lane);
  void (*add_squares)(const T* x, const T* mean, std::int64_t n, T* lane);
  void (*add_products)(const T* g, const T* x, const T* mean, const T* inverse, std::int64_t n, T* lane,
                       T* weighted);
  // ((x - mean) * inverse) * factor + level
  void (*normalize)(const T* x, std::int64_t n, const ChannelNumbers<T>& of, T* out);
  // factor * ((g - level) - ((x - mean) * inverse) * slope), or g * factor where the statistics are constant
  void (*gradient)(const T* g, const T* x, std::int64_t n, const ChannelNumbers<T>& of, T* out);
  void (*constant_gradient)(const T* g, std::int64_t n, const ChannelNumbers<T>& of, T* out);
  // inverse * ((g * factor - level) - ((x - mean) * inverse) * slope)
  void (*group_gradient)(const T* g, const T* x, std::int64_t n, const ChannelNumbers<T>& of, T* out);
};

// The active SIMD level's loops; null when there are none.
template <typename T>
const ChannelLoops<T>* channel_loops();

}  // namespace tessera::backends
