// random_permutation: positions sorted by random keys of 64 bits (contract rule 5). The key of element i is words 2 (i mod 2) and
// 2 (i mod 2) + 1 of block i / 2, the second of them the upper half. Since the keys are random, as many of their upper bits as tell most of
// them apart are sorted by digits, together with the positions; insertion puts the few neighbours right that are left, and the
// lower halves are computed only where the upper ones are equal.

#include <algorithm>
#include <bit>
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

constexpr std::int64_t kNumbersPerTask = 1 << 13;

std::int64_t tasks_for(std::int64_t count) {
  return (count + kNumbersPerTask - 1) / kNumbersPerTask;
}

void make_entries(numerics::PhiloxKey key, std::uint32_t step, std::int64_t count, std::uint64_t* entries) {
  parallel_for(tasks_for(count), [&](std::int64_t task) {
    const std::int64_t begin = task * kNumbersPerTask, length = std::min(kNumbersPerTask, count - begin);
    ScratchScope scratch;
    auto* words = scratch.allocate<std::uint32_t>(2 * length);
    fill_random_words(words, 2 * length, key, step, 2 * begin);
    for (std::int64_t i = 0; i < length; ++i) entries[begin + i] = entry_of(words[2 * i + 1], begin + i);
  });
}

// The first bit of the entries that is sorted by digits: about one in eight elements has a neighbour that agrees in all of them.
int first_bit_for(std::int64_t count) {
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) + 2;
  return 64 - std::min(32, (bits + 7) / 8 * 8);
}

struct KeyOrder {
  numerics::PhiloxKey key;
  std::uint32_t step;

  std::uint32_t lower_half(std::uint64_t entry) const {
    const std::int64_t i = position_of(entry);
    return numerics::philox(key,
                            numerics::philox_counter(static_cast<std::uint64_t>(i / 2), step))[2 * (i % 2)];
  }
  bool after(std::uint64_t a, std::uint64_t b) const {
    if (a >> 32 != b >> 32) return a >> 32 > b >> 32;
    const std::uint32_t low_a = lower_half(a), low_b = lower_half(b);
    return low_a != low_b ? low_a > low_b : position_of(a) > position_of(b);
  }
  void sort_by_insertion(std::uint64_t* entries, std::int64_t count) const {
    for (std::int64_t i = 1; i < count; ++i) {
      if (entries[i - 1] >> 32 < entries[i] >> 32) continue;
      const std::uint64_t entry = entries[i];
      std::int64_t place = i;
      for (; place > 0 && after(entries[place - 1], entry); --place) entries[place] = entries[place - 1];
      entries[place] = entry;
    }
  }
};

}  // namespace

bool run_random_permutation(const KernelCall& call) {
  const auto& random = std::get<RandomAttributes>(call.attributes);
  const numerics::PhiloxKey key{random.key0, random.key1};
  const std::int64_t count = call.output.elements();
  if (count > std::numeric_limits<std::uint32_t>::max()) return false;
  ScratchScope scratch;
  auto* entries = scratch.allocate<std::uint64_t>(count);
  make_entries(key, random.step, count, entries);
  const int first_bit = first_bit_for(count);
  auto* sorted = radix_sort(entries, scratch.allocate<std::uint64_t>(count), count, first_bit);
  const KeyOrder order{key, random.step};
  const std::int64_t tasks = tasks_for(count);
  auto* bounds = scratch.allocate<std::int64_t>(tasks + 1);
  divide_between_keys(sorted, count, first_bit, tasks, bounds);
  auto* out = call.output.as<std::int64_t>();
  parallel_for(tasks, [&](std::int64_t task) {
    order.sort_by_insertion(sorted + bounds[task], bounds[task + 1] - bounds[task]);
    for (std::int64_t i = bounds[task]; i < bounds[task + 1]; ++i) out[i] = position_of(sorted[i]);
  });
  return true;
}

}  // namespace tessera::backends
