#include "tessera/backends/cpu/radix_sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "tessera/backends/cpu/scratch.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace {

constexpr int kDigitBits = 8;
constexpr std::int64_t kDigits = std::int64_t{1} << kDigitBits;
constexpr std::int64_t kInsertion = 48;                         // words that are sorted by insertion
constexpr std::int64_t kWordsOfThread = std::int64_t{1} << 15;  // least number of words of a thread

using Counts = std::array<std::int64_t, kDigits>;

template <typename Word>
std::size_t digit_of(Word word, int bit) {
  return static_cast<std::size_t>(word >> bit) & (kDigits - 1);
}

template <typename Word>
void insertion_sort(Word* words, std::int64_t count, int first_bit) {
  for (std::int64_t i = 1; i < count; ++i) {
    const Word word = words[i], key = word >> first_bit;
    std::int64_t place = i;
    for (; place > 0 && words[place - 1] >> first_bit > key; --place) words[place] = words[place - 1];
    words[place] = word;
  }
}

// The bits in which any two keys differ.
template <typename Word>
Word varying_bits(const Word* words, std::int64_t count) {
  Word varying = 0;
  for (std::int64_t i = 0; i < count; ++i) varying |= words[i] ^ words[0];
  return varying;
}

template <typename Word>
void count_digits(const Word* words, std::int64_t count, int bit, Counts& counts) {
  counts.fill(0);
  for (std::int64_t i = 0; i < count; ++i) ++counts[digit_of(words[i], bit)];
}

template <typename Word>
void move_words(const Word* from, std::int64_t count, int bit, Counts& places, Word* to) {
  for (std::int64_t i = 0; i < count; ++i) to[places[digit_of(from[i], bit)]++] = from[i];
}

// Counts become first places: of digit d after all smaller ones, and of a stretch after the stretches before it.
void give_out_places(Counts* stretches, std::int64_t number) {
  std::int64_t place = 0;
  for (std::size_t digit = 0; digit < kDigits; ++digit)
    for (std::int64_t s = 0; s < number; ++s) place += std::exchange(stretches[s][digit], place);
}

template <typename Word>
Word* sort_words(Word* words, Word* spare, std::int64_t count, int first_bit) {
  if (count <= kInsertion) {
    insertion_sort(words, count, first_bit);
    return words;
  }
  const Word varying = varying_bits(words, count) >> first_bit << first_bit;
  const int last_bit = static_cast<int>(std::bit_width(varying));
  const std::int64_t stretches = std::clamp<std::int64_t>(count / kWordsOfThread, 1, thread_count());
  const auto begin_of = [&](std::int64_t stretch) { return count * stretch / stretches; };
  ScratchScope scratch;
  Counts* places = scratch.allocate<Counts>(stretches);
  for (int bit = std::countr_zero(varying); bit < last_bit; bit += kDigitBits) {
    if (digit_of(varying, bit) == 0) continue;
    parallel_for(stretches, [&](std::int64_t s) {
      count_digits(words + begin_of(s), begin_of(s + 1) - begin_of(s), bit, places[s]);
    });
    give_out_places(places, stretches);
    parallel_for(stretches, [&](std::int64_t s) {
      move_words(words + begin_of(s), begin_of(s + 1) - begin_of(s), bit, places[s], spare);
    });
    std::swap(words, spare);
  }
  return words;
}

}  // namespace

void divide_between_keys(const std::uint64_t* words, std::int64_t count, int first_bit,
                         std::int64_t stretches, std::int64_t* bounds) {
  bounds[0] = 0;
  for (std::int64_t i = 1; i <= stretches; ++i) {
    std::int64_t bound = std::max(bounds[i - 1], count * i / stretches);
    while (bound > 0 && bound < count && words[bound] >> first_bit == words[bound - 1] >> first_bit) ++bound;
    bounds[i] = bound;
  }
}

std::uint32_t* radix_sort(std::uint32_t* words, std::uint32_t* spare, std::int64_t count, int first_bit) {
  return sort_words(words, spare, count, first_bit);
}
std::uint64_t* radix_sort(std::uint64_t* words, std::uint64_t* spare, std::int64_t count, int first_bit) {
  return sort_words(words, spare, count, first_bit);
}

}  // namespace tessera::backends
