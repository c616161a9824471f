// Rows of the commonest pooling window, 2 x 2 with stride 2 and no padding, for each SIMD level.
#pragma once

#include <cstdint>

namespace tessera::backends {

// One row of outputs from two rows of inputs. `index`, if not null, takes the place of each largest element: 0 or 1 in the upper
// row, 2 or 3 in the lower one. `value`, if not null, takes the element itself. Rows hold 2 * n elements.
using PairPoolLoop = void (*)(const float* upper, const float* lower, std::int64_t n, float* value,
                              std::int32_t* index);
PairPoolLoop pair_pool_loop();

}  // namespace tessera::backends
