// A loop over the vectors of several arrays. Included once per target, after Highway's headers (Highway's -inl convention).
#include <cstddef>
#include <cstdint>

#if TESSERA_SIMD_TARGET
#if defined(TESSERA_EACH_VECTOR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TESSERA_EACH_VECTOR_INL_H
#undef TESSERA_EACH_VECTOR_INL_H
#else
#define TESSERA_EACH_VECTOR_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Where a vector of each array lies: a whole one, or the last one with a mask.
template <typename T, bool kIsWhole>
struct Lanes {
  static constexpr bool kWhole = kIsWhole;
  hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  std::int64_t at, left;

  HWY_INLINE auto mask() const { return hn::FirstN(d, static_cast<std::size_t>(left)); }
  HWY_INLINE V load(const T* from) const {
    if constexpr (kWhole)
      return hn::LoadU(d, from + at);
    else
      return hn::MaskedLoad(mask(), d, from + at);
  }
  HWY_INLINE void store(V v, T* to) const {
    if constexpr (kWhole)
      hn::StoreU(v, d, to + at);
    else
      hn::BlendedStore(v, mask(), d, to + at);
  }
};

template <typename T, class Body>
HWY_INLINE void for_each_vector(std::int64_t count, Body body) {
  const auto lanes = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(Lanes<T, true>{{}, i, lanes});
  if (i < count) body(Lanes<T, false>{{}, i, count - i});
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // toggled
#endif  // TESSERA_SIMD_TARGET
