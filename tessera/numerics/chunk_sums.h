// Sums of chunks in the order of contract rule 2: the first one is copied, the next ones are added in ascending order, whichever threads compute them.
//
// A thread's share of some chunks is one task, which adds as it goes; every other chunk is a task whose sums wait in a place of their own, and are
// added behind it, by threads that each have some of the elements. So many chunks at a time as these places stay in a cache.
//
// Errors: what `compute` throws. Thread-safety: pure functions; `compute` is called from several threads.
//
// ```cpp
// std::vector<double> places(numerics::chunk_places<double>(3, 1)), sums(1);
// numerics::sum_chunks(3, 1, places.data(), sums.data(), [](std::int64_t chunk, double* to) { *to = 1.0 + chunk; });
// assert(sums[0] == (1.0 + 2.0) + 3.0);
// ```
#pragma once

#include <algorithm>
#include <cstdint>

#include "tessera/base/thread_pool.h"

namespace tessera::numerics {

namespace internal {

template <typename T>
std::int64_t most_waiting_chunks(std::int64_t chunks, std::int64_t elements) {
  constexpr std::int64_t kBytes = std::int64_t{4} << 20;
  return std::clamp<std::int64_t>(kBytes / (elements * std::int64_t{sizeof(T)}), 1, chunks);
}

template <typename T>
void add_to(T* sums, const T* more, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) sums[i] = sums[i] + more[i];
}

}  // namespace internal

// How many numbers of memory sum_chunks wants. At least one chunk and one element.
template <typename T>
std::int64_t chunk_places(std::int64_t chunks, std::int64_t elements) {
  return (internal::most_waiting_chunks<T>(chunks, elements) + 1) * elements;
}

// sums[i] for i < elements; compute(chunk, to) writes those of a chunk.
template <typename T, typename Compute>
void sum_chunks(std::int64_t chunks, std::int64_t elements, T* places, T* sums, const Compute& compute) {
  constexpr std::int64_t kPart = 2048;  // elements, at least, that are worth a thread
  const std::int64_t most = internal::most_waiting_chunks<T>(chunks, elements), threads = thread_count();
  T* const own = places + most * elements;  // of the thread that adds as it goes
  for (std::int64_t first = 0; first < chunks;) {
    const std::int64_t left = chunks - first;
    // Three quarters of what a thread has to do: the rest is there for the case that it is held up.
    const std::int64_t together = threads == 1 ? left : std::min(left, most + most / (threads - 1));
    const std::int64_t share = threads == 1 ? left : std::max<std::int64_t>(1, together * 3 / (4 * threads));
    const std::int64_t waiting = std::min(together - share, most);
    parallel_for(1 + waiting, [&](std::int64_t task) {
      if (task > 0) return compute(first + share + task - 1, places + (task - 1) * elements);
      for (std::int64_t chunk = first; chunk < first + share; ++chunk) {
        compute(chunk, chunk == 0 ? sums : own);
        if (chunk > 0) internal::add_to(sums, own, 0, elements);
      }
    });
    const std::int64_t parts = std::min(threads, (elements + kPart - 1) / kPart);
    parallel_for(parts, [&](std::int64_t part) {
      for (std::int64_t i = 0; i < waiting; ++i)
        internal::add_to(sums, places + i * elements, part * elements / parts, (part + 1) * elements / parts);
    });
    first += share + waiting;
  }
}

}  // namespace tessera::numerics
