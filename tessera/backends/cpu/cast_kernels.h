// Conversions between dtypes and arithmetic progressions for each SIMD level: plain stretches of memory, no shapes. The rules are those of
// reference/convert.h.
#pragma once

#include <cstdint>

#include "tessera/tensor/dtype.h"

namespace tessera::backends {

// to[i] = from[i] converted, i = 0 ... n-1. The stretches hold elements of the loop's two dtypes and do not overlap.
using CastLoop = void (*)(const void* from, void* to, std::int64_t n);
// The active SIMD level's loop; null when there is none.
CastLoop cast_loop(DType from, DType to);

// out[i] = start + (first + i) * step, one multiplication and one addition each.
using ProgressionLoop = void (*)(double start, double step, std::int64_t first, double* out, std::int64_t n);
ProgressionLoop progression_loop();

}  // namespace tessera::backends
