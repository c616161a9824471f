// Rows of the commonest pooling windows, for each SIMD level: 2 x 2 with stride 2 and no padding, and windows of one column, which are what is left of
// three axes after the last two.
#pragma once

#include <cstdint>

namespace tessera::backends {

// One row of n outputs from an upper row of 2n inputs and the lower one `width` elements behind it. Gives the
// largest elements, or their places in the whole input when `places` is not null; `first` is the upper row's
// place.
using PairPoolLoop = void (*)(const float* upper, std::int64_t width, std::int64_t n, float* values,
                              std::int64_t* places, std::int64_t first);
PairPoolLoop pair_pool_loop();

// The same windows averaged: one row of n outputs; and one row of n gradients, of which each goes, divided by four, to the four places of its window.
struct PairAverageLoops {
  void (*average)(const float* upper, std::int64_t width, std::int64_t n, float* out);
  void (*spread)(const float* gradient, std::int64_t n, float* upper, std::int64_t width);
};
const PairAverageLoops* pair_average_loops();
// One row of n outputs, each the largest of `taps` elements (at least 1) `step` behind each other; the first output's first tap is at `from`, at
// `first` in the whole input. Gives values or places as above.
using ColumnPoolLoop = void (*)(const float* from, std::int64_t step, std::int64_t taps, std::int64_t n,
                                float* values, std::int64_t* places, std::int64_t first);
ColumnPoolLoop column_pool_loop();
inline constexpr std::int64_t kColumnPoolMostTaps = 1 << 20;  // counted in floats

inline constexpr std::int64_t kPairPoolMaxWidth = 1
                                                  << 20;  // places in a window are exact as floats up to here

}  // namespace tessera::backends
