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

// Sorts entries by their keys, and those of equal keys by low_half(position), stably: together an order of keys of 64 bits, of which
// an entry holds the upper half. Entries of equal keys must stand in ascending position.
template <typename LowHalf>
std::uint64_t* sort_entries(std::uint64_t* entries, std::uint64_t* spare, std::int64_t count, LowHalf low_half) {
  std::uint64_t* sorted = radix_sort(entries, spare, count, 32);
  std::uint64_t* other = sorted == entries ? spare : entries;
  for (std::int64_t begin = 0, end; begin < count; begin = end) {
    const std::uint64_t key = sorted[begin] >> 32;
    for (end = begin + 1; end < count && sorted[end] >> 32 == key; ++end) {
    }
    if (end - begin == 1) continue;
    for (std::int64_t i = begin; i < end; ++i)
      sorted[i] = entry_of(low_half(position_of(sorted[i])), position_of(sorted[i]));
    const std::uint64_t* run = radix_sort(sorted + begin, other + begin, end - begin, 32);
    for (std::int64_t i = begin; i < end; ++i) sorted[i] = key << 32 | (run[i - begin] & 0xFFFFFFFFu);
  }
  return sorted;
}

}  // namespace tessera::backends
