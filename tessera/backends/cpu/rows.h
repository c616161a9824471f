// Rows of a result on all threads, with the decision whether they are streamed past the caches.
#pragma once

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstdint>

#include "tessera/backends/cpu/normalization_kernels.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {

inline constexpr std::int64_t kRowElementsPerTask = 1 << 14;
// A result of this size would push everything else out of the caches, its own beginning included; written past
// them, its lines need not be read before.
inline constexpr std::int64_t kStreamedBytes = std::int64_t{1} << 24;

// body(row) for rows 0 ... rows-1 of n elements each.
template <typename Body>
void for_rows(std::int64_t rows, std::int64_t n, Body&& body) {
  const std::int64_t per_task = std::max<std::int64_t>(1, kRowElementsPerTask / n);
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(rows, (task + 1) * per_task);
    for (std::int64_t row = task * per_task; row < end; ++row) body(row);
  });
}

// Whether rows of n elements from `out` on are to go past the caches.
template <typename T>
bool streams_rows(const T* out, std::int64_t rows, std::int64_t n) {
  const std::int64_t row_bytes = n * static_cast<std::int64_t>(sizeof(T));
  return rows * row_bytes >= kStreamedBytes && row_bytes % 64 == 0 &&
         reinterpret_cast<std::uintptr_t>(out) % 64 == 0;
}

// body(row, where its result goes).
template <typename T, typename Body>
void for_rows_of(T* out, std::int64_t rows, std::int64_t n, Body&& body) {
  const bool streams = streams_rows(out, rows, n);
  const std::int64_t per_task = std::max<std::int64_t>(1, kRowElementsPerTask / n);
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    ScratchScope scratch;
    T* room = streams ? scratch.allocate<T>(n) : nullptr;
    const std::int64_t end = std::min(rows, (task + 1) * per_task);
    for (std::int64_t row = task * per_task; row < end; ++row) {
      T* to = out + row * n;
      body(row, RowResult<T>{to, streams ? room : to, streams});
    }
    if (streams) hwy::FlushStream();
  });
}

}  // namespace tessera::backends
