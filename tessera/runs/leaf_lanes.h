// SHA-256 of many leaves of a Merkle tree at once, one leaf per lane of a vector: a trace hashes everything that a step computes, and one
// leaf after the other even the processor's own SHA-256 instructions take three times as long.
//
// The digests are those of libcrypto, which hashes whatever has no lanes: other processors, leaves of other lengths. Internal to this room.
// NIST FIPS 180-4; S. Gueron and V. Krasnov, Simultaneous hashing of multiple messages (2012). Thread-safety: pure function.
#pragma once

#include <cstddef>
#include <span>

#include "tessera/base/hash.h"

namespace tessera::runs {

// The digest of `prefix` and the `bytes` (a multiple of 64) that lie at each of `messages`, for the first ones. Returns how many: the
// rest are too few to be worth a vector, or there are no vectors. RFC 6962 prefixes leaves with 0 and nodes with 1.
std::size_t hash_in_lanes(std::byte prefix, std::span<const std::byte* const> messages, std::size_t bytes,
                          Digest* digests);

}  // namespace tessera::runs
