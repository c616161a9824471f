// random_permutation: positions sorted by random keys of 64 bits (contract rule 5). The key of element i is words 2 (i mod 2) and
// 2 (i mod 2) + 1 of block i / 2, the second of them the upper half. The upper halves are sorted together with the positions; the
// lower ones are computed only for the few elements whose upper halves are equal.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <variant>

#include "tessera/backends/cpu/kernels.h"
#include "tessera/backends/cpu/radix_sort.h"
#include "tessera/backends/cpu/random_words.h"
#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/philox.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kElementsPerTask = 1 << 13;

std::int64_t tasks_for(std::int64_t count) {
  return (count + kElementsPerTask - 1) / kElementsPerTask;
}

void make_entries(numerics::PhiloxKey key, std::uint32_t step, std::int64_t count, std::uint64_t* entries) {
  parallel_for(tasks_for(count), [&](std::int64_t task) {
    const std::int64_t begin = task * kElementsPerTask, length = std::min(kElementsPerTask, count - begin);
    ScratchScope scratch;
    auto* words = scratch.allocate<std::uint32_t>(2 * length);
    fill_random_words(words, 2 * length, key, step, 2 * begin);
    for (std::int64_t i = 0; i < length; ++i) entries[begin + i] = entry_of(words[2 * i + 1], begin + i);
  });
}

}  // namespace

bool run_random_permutation(const KernelCall& call) {
  const auto& random = std::get<RandomAttributes>(call.attributes);
  const numerics::PhiloxKey key{random.key0, random.key1};
  const std::int64_t count = call.output.elements();
  if (count > std::numeric_limits<std::uint32_t>::max()) return false;
  ScratchScope scratch;
  auto* entries = scratch.allocate<std::uint64_t>(count);
  make_entries(key, random.step, count, entries);
  const auto low_half = [&](std::int64_t i) {
    return numerics::philox(key, numerics::philox_counter(static_cast<std::uint64_t>(i / 2), random.step))[2 * (i % 2)];
  };
  const std::uint64_t* sorted = sort_entries(entries, scratch.allocate<std::uint64_t>(count), count, low_half);
  auto* out = call.output.as<std::int64_t>();
  parallel_for(tasks_for(count), [&](std::int64_t task) {
    const std::int64_t begin = task * kElementsPerTask, end = std::min(count, begin + kElementsPerTask);
    for (std::int64_t i = begin; i < end; ++i) out[i] = position_of(sorted[i]);
  });
  return true;
}

}  // namespace tessera::backends
