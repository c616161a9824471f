// The random fills of random.h on SIMD vectors: the same bits, for the CPU backend. Include like
// hwy_ops-inl.h.
//
//     fn::fill_uniform_vectors(out, count, key, step, first);   // float or double
//     fn::fill_normal_vectors(out, count, key, step, first);
//     fn::fill_words_vectors(words, count, key, step, first);   // std::uint32_t
//
// Each lane holds one Philox block; the ends that do not fill a vector go to the scalar code, whose bits are
// the same.
#if defined(TESSERA_NUMERICS_RANDOM_HWY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TESSERA_NUMERICS_RANDOM_HWY_INL_H_
#undef TESSERA_NUMERICS_RANDOM_HWY_INL_H_
#else
#define TESSERA_NUMERICS_RANDOM_HWY_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"
#include "tessera/numerics/hwy_ops-inl.h"
#include "tessera/numerics/random.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::numerics {
namespace HWY_NAMESPACE {

// The keys of the ten rounds, each in all lanes of 64 bits: they are made once for a fill, and read where they are needed.
template <class D64>
struct PhiloxRounds {
  explicit PhiloxRounds(PhiloxKey key) {
    for (int round = 0; round < 10; ++round) {
      hn::Store(hn::Set(D64(), key.k0), D64(), keys[round][0]);
      hn::Store(hn::Set(D64(), key.k1), D64(), keys[round][1]);
      key.k0 += 0x9E3779B9u;
      key.k1 += 0xBB67AE85u;
    }
  }
  HWY_ALIGN std::uint64_t keys[10][2][hn::MaxLanes(D64())];
};

// The state of philox() for as many blocks as a vector has lanes of 64 bits, whose lower halves count: the upper ones hold whatever
// the rounds leave there, since a product does not look at them.
template <class D64>
struct PhiloxLanes {
  using V = hn::Vec<D64>;
  V c0, c1, c2, c3;

  static TESSERA_INLINE V product(V a, std::uint32_t b) {
    const hn::Repartition<std::uint32_t, D64> d32;
    return hn::MulEven(hn::BitCast(d32, a), hn::Set(d32, b));
  }
  TESSERA_INLINE void round(const std::uint64_t (&keys)[2][hn::MaxLanes(D64())]) {
    const V product0 = product(c0, 0xD2511F53u), product1 = product(c2, 0xCD9E8D57u);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product1), c1), hn::Load(D64(), keys[0]));
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), c3), hn::Load(D64(), keys[1]));
    c1 = product1;
    c3 = product0;
  }
};

// The words of blocks first, first + 1, ..., one block per lane; the upper half of `first` is that of all. Lanes of 32 bits: two
// vectors, of the even and of the odd blocks, take turns, which is less work than products whose halves are put together each round.
template <class Ops, class D64>
TESSERA_INLINE PhiloxWords<Ops> words_of_blocks(const PhiloxRounds<D64>& rounds, std::uint64_t first,
                                                std::uint32_t step) {
  const D64 d64;
  const typename Ops::DI di;
  const auto high = hn::Set(d64, first >> 32), ordinal = hn::Set(d64, step), zero = hn::Zero(d64);
  const auto block = hn::Iota(d64, first & 0xFFFFFFFFu);
  if constexpr (sizeof(typename Ops::Scalar) == 8) {
    PhiloxLanes<D64> lanes{block, high, ordinal, zero};
    for (const auto& keys : rounds.keys) lanes.round(keys);
    const auto mask = hn::Set(d64, 0xFFFFFFFFu);
    return {
        {hn::And(lanes.c0, mask), hn::And(lanes.c1, mask), hn::And(lanes.c2, mask), hn::And(lanes.c3, mask)}};
  } else {
    const auto every_second = hn::Add(block, hn::Iota(d64, 0));
    PhiloxLanes<D64> even{every_second, high, ordinal, zero};
    PhiloxLanes<D64> odd{hn::Add(every_second, hn::Set(d64, 1)), high, ordinal, zero};
    for (const auto& keys : rounds.keys) {
      even.round(keys);
      odd.round(keys);
    }
    const auto join = [&](auto a, auto b) {
      return hn::OddEven(hn::BitCast(di, hn::ShiftLeft<32>(b)), hn::BitCast(di, a));
    };
    return {{join(even.c0, odd.c0), join(even.c1, odd.c1), join(even.c2, odd.c2), join(even.c3, odd.c3)}};
  }
}

// Writes the elements of the blocks in `words`, in order: 4 per block (float) or 2 (double).
struct StoreUniform {
  template <class D, class Ops>
  static TESSERA_INLINE void store(D d, const PhiloxWords<Ops>& words, float* out) {
    hn::StoreInterleaved4(uniform_from_bits<Ops>(words.word[0]), uniform_from_bits<Ops>(words.word[1]),
                          uniform_from_bits<Ops>(words.word[2]), uniform_from_bits<Ops>(words.word[3]), d,
                          out);
  }
  template <class D, class Ops>
  static TESSERA_INLINE void store(D d, const PhiloxWords<Ops>& words, double* out) {
    hn::StoreInterleaved2(uniform_from_bits<Ops>(long_word<Ops>(words, 0)),
                          uniform_from_bits<Ops>(long_word<Ops>(words, 1)), d, out);
  }
  template <class Ops>
  static TESSERA_INLINE typename Ops::Int long_word(const PhiloxWords<Ops>& words, int pair) {
    return Ops::int_or(Ops::template shift_left<32>(words.word[2 * pair + 1]), words.word[2 * pair]);
  }
  template <typename T>
  static void scalar(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
    fill_uniform(out, count, key, step, first);
  }
};

struct StoreNormal {
  template <class D, class Ops>
  static TESSERA_INLINE void store(D d, const PhiloxWords<Ops>& words, float* out) {
    const auto a =
        normal_pair<Ops>(uniform_from_bits<Ops>(words.word[0]), uniform_from_bits<Ops>(words.word[1]));
    const auto b =
        normal_pair<Ops>(uniform_from_bits<Ops>(words.word[2]), uniform_from_bits<Ops>(words.word[3]));
    hn::StoreInterleaved4(a.first, a.second, b.first, b.second, d, out);
  }
  template <class D, class Ops>
  static TESSERA_INLINE void store(D d, const PhiloxWords<Ops>& words, double* out) {
    const auto a = normal_pair<Ops>(uniform_from_bits<Ops>(StoreUniform::long_word<Ops>(words, 0)),
                                    uniform_from_bits<Ops>(StoreUniform::long_word<Ops>(words, 1)));
    hn::StoreInterleaved2(a.first, a.second, d, out);
  }
  template <typename T>
  static void scalar(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
    fill_normal(out, count, key, step, first);
  }
};

// The words themselves.
struct StoreWords {
  template <class D, class Ops>
  static TESSERA_INLINE void store(D, const PhiloxWords<Ops>& words, std::uint32_t* out) {
    const typename Ops::DI di;
    hn::StoreInterleaved4(words.word[0], words.word[1], words.word[2], words.word[3], di, out);
  }
  static void scalar(std::uint32_t* out, std::int64_t count, PhiloxKey key, std::uint32_t step,
                     std::int64_t first) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto element = static_cast<std::uint64_t>(first + i);
      out[i] = philox(key, philox_counter(element / 4, step))[element % 4];
    }
  }
};

template <class Store, typename T>
void fill_vectors(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  using Lane = std::conditional_t<std::is_floating_point_v<T>, T, float>;
  const hn::ScalableTag<Lane> d;
  using Ops = HwyOps<hn::ScalableTag<Lane>>;
  constexpr std::int64_t kPerBlock = sizeof(T) == 4 ? 4 : 2;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t head = std::min(count, (kPerBlock - first % kPerBlock) % kPerBlock);
  Store::scalar(out, head, key, step, first);
  const PhiloxRounds<hn::Repartition<std::uint64_t, decltype(d)>> rounds(key);
  std::int64_t i = head;
  for (; i + lanes * kPerBlock <= count; i += lanes * kPerBlock) {
    const auto block = static_cast<std::uint64_t>((first + i) / kPerBlock);
    const auto low = static_cast<std::uint32_t>(block);
    if (low >
        0xFFFFFFFFu - static_cast<std::uint32_t>(lanes)) {  // the high half would change among the lanes
      Store::scalar(out + i, lanes * kPerBlock, key, step, first + i);
      continue;
    }
    Store::template store<decltype(d), Ops>(d, words_of_blocks<Ops>(rounds, block, step), out + i);
  }
  Store::scalar(out + i, count - i, key, step, first + i);
}

// Element i: word i mod 4 of block i / 4.
inline void fill_words_vectors(std::uint32_t* out, std::int64_t count, PhiloxKey key, std::uint32_t step,
                               std::int64_t first) {
  fill_vectors<StoreWords>(out, count, key, step, first);
}
template <typename T>
void fill_uniform_vectors(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  fill_vectors<StoreUniform>(out, count, key, step, first);
}
template <typename T>
void fill_normal_vectors(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  fill_vectors<StoreNormal>(out, count, key, step, first);
}

}  // namespace HWY_NAMESPACE
}  // namespace tessera::numerics
HWY_AFTER_NAMESPACE();

#endif
