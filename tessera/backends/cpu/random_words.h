// The words of a Philox stream, as many at a time as the vectors of this processor make.
#pragma once

#include <cstdint>

#include "tessera/numerics/philox.h"

namespace tessera::backends {

// Word i mod 4 of block i / 4 for i = first ... first + count - 1. Only on processors with a SIMD level (simd_level.h).
void fill_random_words(std::uint32_t* out, std::int64_t count, numerics::PhiloxKey key, std::uint32_t step,
                       std::int64_t first);

}  // namespace tessera::backends
