// Philox4x32-10, the counter-based generator behind every random number (Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//
// A block of four 32-bit words is a pure function of a key and a counter, so any element of any stream can be
// computed alone, on any thread, rank or device. The key names the stream, the counter the place in it:
//
//   key     = first 8 bytes of SHA-256 over the items "tessera/1", seed, stream name; k0 = bytes 0-3,
//             k1 = bytes 4-7, both little endian. Exact bytes hashed: the 8-byte little-endian length 9 and
//             the 9 bytes "tessera/1"; the seed as 8 bytes, little endian; the 8-byte little-endian length of
//             the name, and the name.
//   counter = (block low, block high, step, attempt): the 64-bit block number, the training step (or any
//             other ordinal; 0 if none), and the attempt of a rejection sampler (0 everywhere else).
//
// Drawing one (stream, step) twice gives the same numbers twice: give every use a name of its own.
//
// Thread-safety: pure functions.
//
// ```cpp
// numerics::PhiloxKey key = numerics::stream_key(42, "layer1.dropout.0");
// numerics::PhiloxBlock block = numerics::philox(key, {7, 0, 3, 0});  // block 7 of step 3
// assert(block == numerics::philox(key, numerics::philox_counter(7, 3)));
// assert(block != numerics::philox(numerics::stream_key(43, "layer1.dropout.0"), {7, 0, 3, 0}));
// ```
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tessera::numerics {

struct PhiloxKey {
  std::uint32_t k0 = 0;
  std::uint32_t k1 = 0;
  bool operator==(const PhiloxKey&) const = default;
};

using PhiloxCounter = std::array<std::uint32_t, 4>;  // block low, block high, step, attempt
using PhiloxBlock = std::array<std::uint32_t, 4>;    // words 0 to 3

PhiloxKey stream_key(std::uint64_t seed, std::string_view stream_name);

constexpr PhiloxCounter philox_counter(std::uint64_t block, std::uint32_t step, std::uint32_t attempt = 0) {
  return {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), step, attempt};
}

constexpr PhiloxBlock philox(PhiloxKey key, PhiloxCounter c) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(product1 >> 32) ^ c[1] ^ key.k0, static_cast<std::uint32_t>(product1),
         static_cast<std::uint32_t>(product0 >> 32) ^ c[3] ^ key.k1, static_cast<std::uint32_t>(product0)};
    key.k0 += 0x9E3779B9u;
    key.k1 += 0xBB67AE85u;
  }
  return c;
}

}  // namespace tessera::numerics
