// Random fills of the contract: element i of a fill depends on (key, step, i) and on nothing else, so a slice
// [first, first + count) can be made by whoever needs it, in any order, on any device, and always holds the
// same bits.
//
// With word(b, w) = word w of philox(key, philox_counter(b, step, attempt = 0)):
//
//   uniform fp32   element i: ((word(i/4, i%4) >> 9) + 0.5) * 2^-23, exact; in (0, 1), never 0 or 1. (One bit
//                  more would round: ((x >> 8) + 0.5) * 2^-24 is 1 for the largest x.)
//   uniform fp64   element i: with lo = word(i/2, 2(i%2)), hi = word(i/2, 2(i%2)+1) and v = hi * 2^32 + lo:
//                  ((v >> 12) + 0.5) * 2^-52, exact, in (0, 1).
//   normal fp32    elements 4b and 4b+1 come from words 0 and 1 of block b, elements 4b+2 and 4b+3 from words
//                  2 and 3: with uniforms u, w as above: r = sqrt(-2 log(u)), a = 2 pi w: r cos(a), r sin(a)
//                  (Box and Muller, 1958).
//   normal fp64    elements 2b and 2b+1 come from the two fp64 uniforms of block b: r cos(a), r sin(a).
//   bounded        element i: words of block i, attempts 0, 1, ...: v = the 64-bit number of words (0, 1);
//                  the first attempt with v < m * bound, m = floor((2^64 - 1) / bound), gives v mod bound:
//                  exactly uniform.
//   permutation    element i gets the 64-bit key v of fp64's element i; indices are sorted stably by key.
//                  Uniform but for equal keys, whose probability is below n^2 / 2^65.
//
// Names: `fill_uniform(out, count, ...)` and friends. `step` is the counter's third word.
// Errors: TESSERA_CHECK on a bound of 0. Thread-safety: pure functions, whatever rounding mode the caller has set.
//
// ```cpp
// numerics::PhiloxKey key = numerics::stream_key(1, "example");
// std::vector<float> whole(100), tail(40);
// numerics::fill_normal(whole.data(), 100, key, 0);
// numerics::fill_normal(tail.data(), 40, key, 0, 60);  // elements 60 ... 99
// assert(std::equal(tail.begin(), tail.end(), whole.begin() + 60));
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/numerics/contract.h"
#include "tessera/numerics/philox.h"

namespace tessera::numerics {

// Elements first, ..., first + count - 1 of the fill.
void fill_uniform(float* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first = 0);
void fill_uniform(double* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first = 0);
void fill_normal(float* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first = 0);
void fill_normal(double* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first = 0);

// Integers in [0, bound), bound >= 1.
std::uint64_t bounded(std::uint64_t bound, PhiloxKey key, std::uint32_t step, std::int64_t element);
void fill_bounded(std::int64_t* out, std::int64_t count, std::int64_t bound, PhiloxKey key,
                  std::uint32_t step, std::int64_t first = 0);

// A permutation of 0, ..., n-1: result[j] is the index that stands at place j.
std::vector<std::int64_t> permutation(std::int64_t n, PhiloxKey key, std::uint32_t step);

}  // namespace tessera::numerics
