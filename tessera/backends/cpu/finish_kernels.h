// The inner loop of finish and its gradient for each SIMD level.
#pragma once

#include <cstdint>

#include "tessera/tensor/op.h"

namespace tessera::backends {

// What is absent is null.
template <typename T>
struct FinishRun {
  const T *gradient, *x, *bias;
  bool one_bias;  // the first one for all elements
  const float* draws;
  T* out;
  std::int64_t n;
  float drop;
  T scale;
};

template <typename T>
using FinishLoop = void (*)(const FinishRun<T>& run);

// The active SIMD level's loop; null when there is none.
template <typename T>
FinishLoop<T> finish_loop(Activation activation, bool gradient);

}  // namespace tessera::backends
