// The inner loops of activate and its gradient for each SIMD level.
#pragma once

#include <cstdint>

#include "tessera/tensor/op.h"

namespace tessera::backends {

// out[i] = curve(x[i]), or g[i] * its slope at x[i] where g is not null.
template <typename T>
using CurveLoop = void (*)(const T* g, const T* x, T parameter, T* out, std::int64_t n);

// The active SIMD level's loop; null when there is none.
template <typename T>
CurveLoop<T> curve_loop(Curve curve, bool gradient);

}  // namespace tessera::backends
