#pragma once
// How the kernels of the CPU backend cut their work for the threads. Where a task ends never decides a bit: sums have the blocks and
// lanes of the contract, whatever a task holds of them.

#include <algorithm>
#include <cstdint>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"

namespace tessera::backends {

inline constexpr std::int64_t kElementsPerTask = 1 << 15;  // of what moves or maps elements
inline constexpr std::int64_t kTask =
    1 << 14;  // elements of what does more with each; a multiple of any vector
inline constexpr std::int64_t kBlock = numerics::kReduceBlock, kChains = numerics::kReduceLanes;  // of a sum

// body(begin, end) over all positions of an output.
template <typename Body>
void for_each_part(std::int64_t elements, Body&& body) {
  parallel_for((elements + kElementsPerTask - 1) / kElementsPerTask, [&](std::int64_t part) {
    body(part * kElementsPerTask, std::min(elements, (part + 1) * kElementsPerTask));
  });
}

// body(first, end) of `units` that each take about `elements` elements.
template <typename Body>
void in_tasks(std::int64_t units, std::int64_t elements, Body&& body) {
  const std::int64_t per_task =
      std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(1, elements));
  parallel_for((units + per_task - 1) / per_task,
               [&](std::int64_t task) { body(task * per_task, std::min(units, (task + 1) * per_task)); });
}

}  // namespace tessera::backends
