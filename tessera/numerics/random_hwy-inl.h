// The random fills of random.h on SIMD vectors: the same bits, for the CPU backend. Include like
// hwy_ops-inl.h.
//
//     fn::fill_uniform_vectors(out, count, key, step, first);   // float or double
//     fn::fill_normal_vectors(out, count, key, step, first);
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

#include "hwy/highway.h"
#include "tessera/numerics/hwy_ops-inl.h"
#include "tessera/numerics/random.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::numerics {
namespace HWY_NAMESPACE {

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

template <class Store, typename T>
void fill_vectors(T* out, std::int64_t count, PhiloxKey key, std::uint32_t step, std::int64_t first) {
  const hn::ScalableTag<T> d;
  using Ops = HwyOps<hn::ScalableTag<T>>;
  const typename Ops::DI di;
  constexpr std::int64_t kPerBlock = sizeof(T) == 4 ? 4 : 2;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t head = std::min(count, (kPerBlock - first % kPerBlock) % kPerBlock);
  Store::scalar(out, head, key, step, first);
  std::int64_t i = head;
  for (; i + lanes * kPerBlock <= count; i += lanes * kPerBlock) {
    const auto block = static_cast<std::uint64_t>((first + i) / kPerBlock);
    const auto low = static_cast<std::uint32_t>(block);
    if (low >
        0xFFFFFFFFu - static_cast<std::uint32_t>(lanes)) {  // the high half would change among the lanes
      Store::scalar(out + i, lanes * kPerBlock, key, step, first + i);
      continue;
    }
    const auto words = philox_words<Ops>(key, hn::Iota(di, low),
                                         Ops::set_int(static_cast<std::uint32_t>(block >> 32)), step, 0);
    Store::template store<hn::ScalableTag<T>, Ops>(d, words, out + i);
  }
  Store::scalar(out + i, count - i, key, step, first + i);
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
