// Stable sorting of unsigned keys by their digits, least significant first: every pass puts the elements in order of one digit and
// keeps the order that they had (LSD radix sort; Knuth, The Art of Computer Programming 3, 5.2.5). Digits in which all keys agree
// cost no pass. There is only one stable order, so threads and passes cannot be seen in the result.
//
// Long arrays are sorted by all threads together: each counts and moves a stretch of the elements, and the places of a digit
// are given out stretch by stretch.
//
// What is sorted is a word that holds the key, or a key above whatever it brings along: an entry of 32 bits of key and 32 of position.
#pragma once

#include <cstdint>

#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {

// Sorts `count` words by bits first_bit and up, all of them. `words` and `spare` have room for `count` each; the result lies in the
// one that is returned. Called inside a task it runs there.
std::uint32_t* radix_sort(std::uint32_t* words, std::uint32_t* spare, std::int64_t count, int first_bit);
std::uint64_t* radix_sort(std::uint64_t* words, std::uint64_t* spare, std::int64_t count, int first_bit);

// An entry of 32 bits of key above a position below 2^32.
inline std::uint64_t entry_of(std::uint32_t key, std::int64_t position) {
  return std::uint64_t{key} << 32 | static_cast<std::uint64_t>(position);
}
inline std::int64_t position_of(std::uint64_t entry) {
  return static_cast<std::int64_t>(entry & 0xFFFFFFFFu);
}

// Stretches of entries that end where keys change: bounds[0] = 0, ..., bounds[stretches] = count, some of them empty. Room for
// stretches + 1 bounds.
void divide_between_keys(const std::uint64_t* entries, std::int64_t count, std::int64_t stretches, std::int64_t* bounds);

// Sorts entries by their keys, and those of equal keys by low_part(position), stably: together an order of longer keys, of which an
// entry holds the upper part. Entries of equal keys must stand in ascending position.
template <typename LowPart>
std::uint64_t* sort_entries(std::uint64_t* entries, std::uint64_t* spare, std::int64_t count, LowPart low_part) {
  std::uint64_t* sorted = radix_sort(entries, spare, count, 32);
  std::uint64_t* other = sorted == entries ? spare : entries;
  const auto sort_run = [=](std::int64_t begin, std::int64_t end) {
    const std::uint64_t key = sorted[begin] >> 32 << 32;
    for (std::int64_t i = begin; i < end; ++i)
      sorted[i] = entry_of(low_part(position_of(sorted[i])), position_of(sorted[i]));
    const std::uint64_t* run = radix_sort(sorted + begin, other + begin, end - begin, 32) - begin;
    for (std::int64_t i = begin; i < end; ++i) sorted[i] = key | (run[i] & 0xFFFFFFFFu);
  };
  const auto sort_runs = [=](std::int64_t begin, std::int64_t last) {
    for (std::int64_t end = begin; begin < last; begin = end) {
      while (end < last && sorted[end] >> 32 == sorted[begin] >> 32) ++end;
      if (end - begin > 1) sort_run(begin, end);
    }
  };
  constexpr std::int64_t kStretch = std::int64_t{1} << 14, kLong = 4 * kStretch;
  const std::int64_t stretches = count / kStretch + 1;
  ScratchScope scratch;
  auto* bounds = scratch.allocate<std::int64_t>(stretches + 1);
  divide_between_keys(sorted, count, stretches, bounds);
  parallel_for(stretches, [=](std::int64_t i) {
    if (bounds[i + 1] - bounds[i] < kLong) sort_runs(bounds[i], bounds[i + 1]);
  });
  for (std::int64_t i = 0; i < stretches; ++i)  // a long run is work for all threads
    if (bounds[i + 1] - bounds[i] >= kLong) sort_runs(bounds[i], bounds[i + 1]);
  return sorted;
}

}  // namespace tessera::backends
