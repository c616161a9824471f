#include "tessera/runs/leaf_lanes.h"

// AVX2 and AVX-512; Highway insists on a baseline, which has no lanes worth using.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/runs/leaf_lanes.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#ifndef TESSERA_RUNS_LEAF_LANES_ONCE
#define TESSERA_RUNS_LEAF_LANES_ONCE
namespace tessera::runs::sha256_numbers {

constexpr std::size_t kBlock = 64;  // bytes

constexpr std::uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

}  // namespace tessera::runs::sha256_numbers
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::runs::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;
using namespace sha256_numbers;

using D = hn::ScalableTag<std::uint32_t>;
using V = hn::Vec<D>;
constexpr D d;
constexpr std::size_t kLanes = HWY_TARGET == HWY_AVX3 ? 16 : 8;
constexpr std::size_t kParts = kLanes / 4;  // 16-byte parts of a vector

template <int a, int b, int c>
HWY_INLINE V rotations(V x) {
  return hn::Xor3(hn::RotateRight<a>(x), hn::RotateRight<b>(x), hn::RotateRight<c>(x));
}
template <int a, int b, int c>
HWY_INLINE V rotations_and_shift(V x) {
  return hn::Xor3(hn::RotateRight<a>(x), hn::RotateRight<b>(x), hn::ShiftRight<c>(x));
}

// Bit by bit. Highway's IfVecThenElse is so on AVX-512 only; elsewhere it looks at one bit of a byte.
HWY_INLINE V choose(V mask, V yes, V no) {
#if HWY_TARGET == HWY_AVX3
  return hn::IfVecThenElse(mask, yes, no);
#else
  return hn::Xor(no, hn::And(mask, hn::Xor(yes, no)));
#endif
}

// One block of every lane; `w` are its 16 words and is used up.
HWY_INLINE void compress(V (&state)[8], V (&w)[16]) {
  V a = state[0], b = state[1], c = state[2], e = state[4], f = state[5], g = state[6], h = state[7],
    m = state[3];
  for (int first = 0; first < 64; first += 16) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      if (first > 0)
        w[i] = hn::Add(hn::Add(w[i], rotations_and_shift<7, 18, 3>(w[(i + 1) & 15])),
                       hn::Add(w[(i + 9) & 15], rotations_and_shift<17, 19, 10>(w[(i + 14) & 15])));
      const V choice = choose(e, f, g);
      const V majority = choose(hn::Xor(a, b), c, b);
      const V sum = hn::Add(hn::Add(h, rotations<6, 11, 25>(e)),
                            hn::Add(hn::Add(choice, hn::Set(d, kRound[first + i])), w[i]));
      h = g;
      g = f;
      f = e;
      e = hn::Add(m, sum);
      m = c;
      c = b;
      b = a;
      a = hn::Add(sum, hn::Add(rotations<2, 13, 22>(a), majority));
    }
  }
  const V now[8] = {a, b, c, m, e, f, g, h};
  for (int i = 0; i < 8; ++i) state[i] = hn::Add(state[i], now[i]);
}

// Word i of every lane's block in w[i], from big-endian bytes: 4x4 transpositions inside the 16-byte parts of four vectors.
HWY_INLINE void load_words(const std::byte* const (&blocks)[kLanes], V (&w)[16]) {
  const hn::Repartition<std::uint64_t, D> d64;
  const hn::Repartition<std::uint8_t, D> d8;
  HWY_ALIGN static constexpr std::uint8_t kSwap[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
  const auto swap = hn::LoadDup128(d8, kSwap);
  HWY_ALIGN std::byte parts[4][kParts][16];
  for (int column = 0; column < 4; ++column) {
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      std::memcpy(parts[lane % 4][lane / 4], blocks[lane] + 16 * column, 16);
    V row[4];
    for (int i = 0; i < 4; ++i)
      row[i] = hn::BitCast(
          d, hn::TableLookupBytes(hn::Load(d8, reinterpret_cast<const std::uint8_t*>(parts[i])), swap));
    const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, row[0], row[1])),
               low23 = hn::BitCast(d64, hn::InterleaveLower(d, row[2], row[3])),
               high01 = hn::BitCast(d64, hn::InterleaveUpper(d, row[0], row[1])),
               high23 = hn::BitCast(d64, hn::InterleaveUpper(d, row[2], row[3]));
    w[4 * column] = hn::BitCast(d, hn::InterleaveLower(d64, low01, low23));
    w[4 * column + 1] = hn::BitCast(d, hn::InterleaveUpper(d64, low01, low23));
    w[4 * column + 2] = hn::BitCast(d, hn::InterleaveLower(d64, high01, high23));
    w[4 * column + 3] = hn::BitCast(d, hn::InterleaveUpper(d64, high01, high23));
  }
}

// The prefix moves everything by one byte: the first block is byte 0 and 63 bytes, the last one the last byte and the padding.
void hash_vector(std::byte prefix, const std::byte* const (&messages)[kLanes], std::size_t bytes,
                 Digest (&digests)[kLanes]) {
  V state[8], w[16];
  for (int i = 0; i < 8; ++i) state[i] = hn::Set(d, kInitial[i]);
  std::byte ends[kLanes][kBlock] = {};
  const std::byte* blocks[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    ends[lane][0] = prefix;
    std::memcpy(ends[lane] + 1, messages[lane], kBlock - 1);
    blocks[lane] = ends[lane];
  }
  load_words(blocks, w);
  compress(state, w);
  for (std::size_t at = kBlock - 1; at + kBlock < bytes; at += kBlock) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) blocks[lane] = messages[lane] + at;
    load_words(blocks, w);
    compress(state, w);
  }
  const std::uint64_t bits = 8 * (bytes + 1);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::memset(ends[lane], 0, kBlock);
    ends[lane][0] = messages[lane][bytes - 1];
    ends[lane][1] = std::byte{0x80};
    for (std::size_t i = 0; i < 8; ++i) ends[lane][kBlock - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
    blocks[lane] = ends[lane];
  }
  load_words(blocks, w);
  compress(state, w);
  for (std::size_t i = 0; i < 8; ++i) {
    HWY_ALIGN std::uint32_t words[kLanes];
    hn::Store(state[i], d, words);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      for (std::size_t byte = 0; byte < 4; ++byte)
        digests[lane][4 * i + byte] = static_cast<std::uint8_t>(words[lane] >> (24 - 8 * byte));
  }
}

std::size_t hash_vectors(std::byte prefix, std::span<const std::byte* const> messages, std::size_t bytes,
                         Digest* digests) {
  constexpr std::size_t kWorthAVector = kLanes / 2;
  std::size_t done = 0;
  while (messages.size() - done >= kWorthAVector) {
    const std::size_t count = std::min(kLanes, messages.size() - done);
    const std::byte* lanes[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = messages[done + std::min(lane, count - 1)];
    Digest found[kLanes];
    hash_vector(prefix, lanes, bytes, found);
    std::copy_n(found, count, digests + done);
    done += count;
  }
  return done;
}

#else

std::size_t hash_vectors(std::byte /*prefix*/, std::span<const std::byte* const> /*messages*/,
                         std::size_t /*bytes*/, Digest* /*digests*/) {
  return 0;
}

#endif

}  // namespace tessera::runs::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::runs {

HWY_EXPORT(hash_vectors);

std::size_t hash_in_lanes(std::byte prefix, std::span<const std::byte* const> messages, std::size_t bytes,
                          Digest* digests) {
  if (bytes == 0 || bytes % sha256_numbers::kBlock != 0) return 0;
  return HWY_DYNAMIC_DISPATCH(hash_vectors)(prefix, messages, bytes, digests);
}

}  // namespace tessera::runs
#endif  // HWY_ONCE
