// What the passes of recurrent layers share: a sample does not depend on the others, so the threads divide the samples and each goes
// through all times without waiting for anybody.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tessera/base/thread_pool.h"
#include "tessera/tensor/backend.h"

namespace tessera::backends {

struct RecurrentSizes {
  std::int64_t times, samples, hidden;
  std::int64_t state() const { return samples * hidden; }
  std::int64_t all() const { return times * samples * hidden; }
};

inline bool all_contiguous(const KernelCall& call) {
  return std::all_of(call.inputs.begin(), call.inputs.end(),
                     [](const TensorView& x) { return x.contiguous(); });
}

// body(first, count): samples that one thread takes through all times.
template <typename Body>
void for_samples(const RecurrentSizes& sizes, std::int64_t gates, const Body& body) {
  constexpr std::int64_t kSmallWork =
      64 * 64 * 32;  // multiplications below which a second thread does not pay
  const std::int64_t work = sizes.all() * sizes.hidden * gates;
  const std::int64_t tasks = work < kSmallWork ? 1 : std::min<std::int64_t>(thread_count(), sizes.samples);
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t first = sizes.samples * task / tasks, end = sizes.samples * (task + 1) / tasks;
    body(first, end - first);
  });
}

}  // namespace tessera::backends
