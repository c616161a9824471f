// Passes over a row of n >= 1 contiguous elements: visiting its vectors, and sums by contract rule 3. Included once per
// target, after Highway's headers (Highway's -inl convention).
#include <cstdint>

#include "tessera/backends/cpu/normalization_kernels.h"
#include "tessera/numerics/reduce.h"

#if TESSERA_SIMD_TARGET
#if defined(TESSERA_ROW_PASSES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TESSERA_ROW_PASSES_INL_H
#undef TESSERA_ROW_PASSES_INL_H
#else
#define TESSERA_ROW_PASSES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kBlock = numerics::kReduceBlock;
constexpr std::int64_t kChains = numerics::kReduceLanes;
#ifndef TESSERA_UNROLL
#define TESSERA_UNROLL _Pragma("GCC unroll 16")
#endif

// The tree of contract rule 3 over leaves that come one after the other: subtrees of 2^k leaves wait for their
// like; what is left at the end is combined from the right. A row without a second block never waits.
template <typename Leaf, typename Combine>
class GrowingTree {
 public:
  explicit GrowingTree(Combine combine) : combine_(combine) {}
  HWY_INLINE void add(Leaf leaf) {
    ++leaves_;
    for (std::int64_t whole = leaves_; whole % 2 == 0; whole /= 2) leaf = combine_(waiting_[--depth_], leaf);
    waiting_[depth_++] = leaf;
  }
  HWY_INLINE Leaf root() {
    if (depth_ == 0) return Leaf();  // of no leaves
    Leaf all = waiting_[--depth_];
    while (depth_ > 0) all = combine_(waiting_[--depth_], all);
    return all;
  }

 private:
  Combine combine_;
  Leaf waiting_[48];
  std::int64_t leaves_ = 0;
  int depth_ = 0;
};

template <typename T>
struct RowPasses {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;
  static constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static constexpr std::int64_t kVectors = kChains / kWidth;  // that hold the 16 lanes

  // How a vector at `from` is read and written: whole, or the first lanes of it.
  struct Whole {
    HWY_INLINE V load(const T* from) const { return hn::LoadU(D(), from); }
    HWY_INLINE void store(V v, T* to) const { hn::StoreU(v, D(), to); }
    HWY_INLINE V or_else(V v, V) const { return v; }
  };
  // Past the caches: for results that are too large to be found there by the next reader.
  struct Streamed : Whole {
    HWY_INLINE void store(V v, T* to) const { hn::Stream(v, D(), to); }
  };
  struct Part {
    M mask;
    HWY_INLINE V load(const T* from) const { return hn::MaskedLoad(mask, D(), from); }
    HWY_INLINE void store(V v, T* to) const { hn::BlendedStore(v, mask, D(), to); }
    HWY_INLINE V or_zero(V v) const { return hn::IfThenElseZero(mask, v); }
    HWY_INLINE V or_else(V v, V other) const { return hn::IfThenElse(mask, v, other); }
  };
  static HWY_INLINE Part first(std::int64_t count) {
    return {hn::FirstN(D(), static_cast<std::size_t>(count < kWidth ? count : kWidth))};
  }
  static HWY_INLINE V set(T value) { return hn::Set(D(), value); }

  // body(at, i) for the vectors of a row.
  template <class At = Whole, class Body>
  static HWY_INLINE void each(std::int64_t n, Body body) {
    std::int64_t i = 0;
    for (; i + 2 * kWidth <= n; i += 2 * kWidth) {
      body(At(), i);
      body(At(), i + kWidth);
    }
    for (; i < n; i += kWidth) body(first(n - i), i);
  }
  // The same for a body that writes a row of the result.
  template <class Body>
  static HWY_INLINE void each(std::int64_t n, const RowResult<T>& to, Body body) {
    if (to.streams)
      each<Streamed>(n, body);
    else
      each(n, body);
  }

  // lane[j] + lane[j + s] for s = half of the lanes, a quarter, ..., 1: in registers, since halves that pass through memory wait for their stores.
  template <class Part>
  static HWY_INLINE T combine_halves(Part part, hn::Vec<Part> lanes) {
    if constexpr (hn::MaxLanes(part) == 1) {
      return hn::GetLane(lanes);
    } else {
      const hn::Half<Part> half;
      return combine_halves(half, hn::Add(hn::LowerHalf(half, lanes), hn::UpperHalf(half, lanes)));
    }
  }
  static HWY_INLINE T combine_lanes(const V (&sums)[kVectors]) {
    if constexpr (kVectors == 4)
      return combine_halves(D(), hn::Add(hn::Add(sums[0], sums[2]), hn::Add(sums[1], sums[3])));
    else if constexpr (kVectors == 2)
      return combine_halves(D(), hn::Add(sums[0], sums[1]));
    else
      return combine_halves(D(), sums[0]);
  }

  // A lane takes a term, or its square.
  template <bool kSquare>
  static HWY_INLINE V take(V lane, V term) {
    return kSquare ? hn::MulAdd(term, term, lane) : hn::Add(lane, term);
  }

  // Elements [begin, begin + count) of one block: the sum of term(at, i), or of its square.
  template <bool kSquare, class Term>
  static HWY_INLINE T sum_of_block(std::int64_t begin, std::int64_t count, Term term) {
    V sums[kVectors];
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(D());
    std::int64_t i = begin;
    const std::int64_t end = begin + count;
    for (; i + 2 * kChains <= end; i += 2 * kChains) {
      TESSERA_UNROLL
      for (std::int64_t v = 0; v < 2 * kVectors; ++v)
        sums[v % kVectors] = take<kSquare>(sums[v % kVectors], term(Whole(), i + v * kWidth));
    }
    for (; i < end; i += kChains) {
      for (std::int64_t v = 0; v < kVectors; ++v) {
        if (i + v * kWidth >= end) continue;
        const Part at = first(end - i - v * kWidth);
        sums[v] = take<kSquare>(sums[v], at.or_zero(term(at, i + v * kWidth)));
      }
    }
    return combine_lanes(sums);
  }

  // The sum of term(at, i) over a row.
  template <class Term>
  static HWY_INLINE T sum(std::int64_t n, Term term) {
    const auto add = [](T a, T b) { return a + b; };
    if (n <= kBlock) return sum_of_block<false>(0, n, term);
    GrowingTree<T, decltype(add)> tree(add);
    for (std::int64_t begin = 0; begin < n; begin += kBlock)
      tree.add(sum_of_block<false>(begin, n - begin < kBlock ? n - begin : kBlock, term));
    return tree.root();
  }

  // Two sums over a row in one pass, whose chains do not wait for each other: terms(at, i, a, b) sets both.
  template <class Terms>
  static HWY_INLINE void two_sums(std::int64_t n, Terms terms, T* first_sum, T* second_sum) {
    const auto add = [](T a, T b) { return a + b; };
    GrowingTree<T, decltype(add)> firsts(add), seconds(add);
    for (std::int64_t begin = 0; begin < n; begin += kBlock) {
      const std::int64_t end = begin + kBlock < n ? begin + kBlock : n;
      V one[kVectors], two[kVectors], a, b;
      TESSERA_UNROLL
      for (std::int64_t v = 0; v < kVectors; ++v) one[v] = two[v] = hn::Zero(D());
      std::int64_t i = begin;
      for (; i + kChains <= end; i += kChains) {
        TESSERA_UNROLL
        for (std::int64_t v = 0; v < kVectors; ++v) {
          terms(Whole(), i + v * kWidth, a, b);
          one[v] = hn::Add(one[v], a);
          two[v] = hn::Add(two[v], b);
        }
      }
      for (std::int64_t v = 0; v < kVectors && i + v * kWidth < end; ++v) {
        const Part at = first(end - i - v * kWidth);
        terms(at, i + v * kWidth, a, b);
        one[v] = hn::Add(one[v], at.or_zero(a));
        two[v] = hn::Add(two[v], at.or_zero(b));
      }
      firsts.add(combine_lanes(one));
      seconds.add(combine_lanes(two));
    }
    *first_sum = firsts.root();
    *second_sum = seconds.root();
  }
};

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // toggled
#endif  // TESSERA_SIMD_TARGET
