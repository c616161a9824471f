#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/normalization_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <limits>

#include "tessera/backends/cpu/normalization_kernels.h"
#include "tessera/backends/cpu/simd_level.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

#if TESSERA_SIMD_TARGET
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

constexpr std::int64_t kBlock = numerics::kReduceBlock;
constexpr std::int64_t kChains = numerics::kReduceLanes;
#define TESSERA_UNROLL _Pragma("GCC unroll 16")

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
    if (depth_ == 0) return {};  // of no leaves
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
struct Row {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;
  using Ops = fn::HwyOps<D>;
  using Moments = numerics::Moments<T>;
  static constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static constexpr std::int64_t kVectors = kChains / kWidth;  // that hold the 16 lanes
  static constexpr T kEasyRange = sizeof(T) == 4 ? T(60) : T(600);

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

  static HWY_INLINE T combine_lanes(const V (&sums)[kVectors]) {
    HWY_ALIGN T lanes[kChains];
    TESSERA_UNROLL
    for (std::int64_t v = 0; v < kVectors; ++v) hn::Store(sums[v], D(), lanes + v * kWidth);
    for (std::int64_t s = kChains / 2; s >= 1; s /= 2)
      for (std::int64_t j = 0; j < s; ++j) lanes[j] = lanes[j] + lanes[j + s];
    return lanes[0];
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

  // ---- Softmax ----

  struct Extent {
    T max;
    bool easy;
  };

  // The greatest element (NaN if any is), and whether all differences from it are within the easy range.
  static HWY_INLINE Extent extent_of(const T* HWY_RESTRICT x, std::int64_t n) {
    const D d;
    V high = hn::Set(d, x[0]), low = high;
    M nan = hn::IsNaN(high);
    each(n, [&](const auto& at, std::int64_t i) {
      const V v = at.or_else(at.load(x + i), high);
      nan = hn::Or(nan, hn::IsNaN(v));
      high = hn::Max(v, high);  // either is NaN: the row is not easy, whatever these become
      low = hn::Min(v, low);
    });
    if (!hn::AllFalse(d, nan)) return {std::numeric_limits<T>::quiet_NaN(), false};
    const T max = hn::GetLane(hn::MaxOfLanes(d, high)) + T(0);
    return {max, hn::GetLane(hn::MinOfLanes(d, low)) - max > -kEasyRange};
  }

  // The sum of exp(x - max) over a row; each is handed to keep(at, exponential, i).
  template <class Keep>
  static HWY_INLINE T sum_of_exponentials(const T* HWY_RESTRICT x, std::int64_t n, const Extent& extent,
                                          Keep keep) {
    const V max = set(extent.max);
    if (extent.easy)
      return sum(n, [&](const auto& at, std::int64_t i) {
        const V e = fn::ordinary_exp<Ops>(hn::Sub(at.load(x + i), max));
        hwy::Prefetch(x + n + i);
        keep(at, e, i);
        return e;
      });
    return sum(n, [&](const auto& at, std::int64_t i) {
      const V e = fn::exp<Ops>(hn::Sub(at.load(x + i), max));
      keep(at, e, i);
      return e;
    });
  }

  // finish(at, exponential / total, i) over a row of exponentials.
  template <class Finish>
  static HWY_INLINE void divide_row(std::int64_t n, T total, bool easy, const RowResult<T>& to,
                                    Finish finish) {
    const V divisor = set(total), inverse = set(T(1) / total);
    if (easy)
      return each(n, to, [&](const auto& at, std::int64_t i) {
        const V e = at.load(to.room + i), quotient = hn::Mul(e, inverse);
        finish(at, hn::MulAdd(hn::NegMulAdd(quotient, divisor, e), inverse, quotient), i);
      });
    each(n, to,
         [&](const auto& at, std::int64_t i) { finish(at, hn::Div(at.load(to.room + i), divisor), i); });
  }

  static void softmax(const T* x, std::int64_t n, const RowResult<T>& to) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(
        x, n, extent, [&](const auto& at, V e, std::int64_t i) { at.store(e, to.room + i); });
    divide_row(n, total, extent.easy, to,
               [&](const auto& at, V y, std::int64_t i) { at.store(y, to.out + i); });
  }

  static void log_softmax(const T* x, std::int64_t n, const RowResult<T>& to) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(x, n, extent, [](const auto&, V, std::int64_t) {});
    const V max = set(extent.max), log_total = set(numerics::log(total));
    each(n, to, [&](const auto& at, std::int64_t i) {
      at.store(hn::Sub(hn::Sub(at.load(x + i), max), log_total), to.out + i);
    });
  }

  static T cross_entropy(const T* x, std::int64_t n, std::int64_t label) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(x, n, extent, [](const auto&, V, std::int64_t) {});
    return -((x[label] - extent.max) - numerics::log(total));
  }

  // y * (g - sum(g * y))
  static void softmax_gradient(const T* y, const T* g, std::int64_t n, const RowResult<T>& to) {
    const V total = set(sum(n, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(y + n + i);
      hwy::Prefetch(g + n + i);
      return hn::Mul(at.load(g + i), at.load(y + i));
    }));
    each(n, to, [&](const auto& at, std::int64_t i) {
      at.store(hn::Mul(at.load(y + i), hn::Sub(at.load(g + i), total)), to.out + i);
    });
  }

  // g - exp(y) * sum(g)
  static void log_softmax_gradient(const T* y, const T* g, std::int64_t n, const RowResult<T>& to) {
    const V total = set(sum(n, [&](const auto& at, std::int64_t i) { return at.load(g + i); }));
    each(n, to, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(y + n + i);
      hwy::Prefetch(g + n + i);
      at.store(hn::Sub(at.load(g + i), hn::Mul(fn::exp<Ops>(at.load(y + i)), total)), to.out + i);
    });
  }

  // (softmax(x) - one-hot(label)) * g. Subtracting +0 changes no softmax: only the label's place is done apart.
  static void cross_entropy_gradient(const T* x, std::int64_t n, std::int64_t label, T g,
                                     const RowResult<T>& to) {
    const Extent extent = extent_of(x, n);
    const T total = sum_of_exponentials(
        x, n, extent, [&](const auto& at, V e, std::int64_t i) { at.store(e, to.room + i); });
    const T own = to.room[label] / total;
    const V factor = set(g);
    divide_row(n, total, extent.easy, to,
               [&](const auto& at, V y, std::int64_t i) { at.store(hn::Mul(y, factor), to.out + i); });
    to.out[label] = (own - T(1)) * g;
  }

  // ---- Layer normalisation ----

  static HWY_INLINE Moments merge(const Moments& a, const Moments& b) { return numerics::merge(a, b); }

  // The sum and the moments of a row: the mean is sum / n, the variance M2 / n by Chan's merge.
  static HWY_INLINE RowStatistics<T> statistics(const T* HWY_RESTRICT x, std::int64_t n, T epsilon) {
    const auto add = [](T a, T b) { return a + b; };
    const auto merge_both = [](const Moments& a, const Moments& b) { return merge(a, b); };
    const auto block = [&](std::int64_t begin, std::int64_t count, T* total) {
      *total =
          sum_of_block<false>(begin, count, [&](const auto& at, std::int64_t i) { return at.load(x + i); });
      const T mean = *total / static_cast<T>(count);
      const auto difference = [&](const auto& at, std::int64_t i) {
        return hn::Sub(at.load(x + i), set(mean));
      };
      return Moments{count, mean, sum_of_block<true>(begin, count, difference)};
    };
    T total;
    Moments moments;
    if (n <= kBlock) {
      moments = block(0, n, &total);
    } else {
      GrowingTree<T, decltype(add)> totals(add);
      GrowingTree<Moments, decltype(merge_both)> all(merge_both);
      for (std::int64_t begin = 0; begin < n; begin += kBlock) {
        all.add(block(begin, n - begin < kBlock ? n - begin : kBlock, &total));
        totals.add(total);
      }
      total = totals.root();
      moments = all.root();
    }
    const T count = static_cast<T>(n);
    return {total / count, T(1) / numerics::sqrt(moments.m2 / count + epsilon)};
  }

  // (x - mean) * inverse
  static HWY_INLINE V normalized(V x, const RowStatistics<T>& of_x) {
    return hn::Mul(hn::Sub(x, set(of_x.mean)), set(of_x.inverse));
  }

  static void layer_norm(const T* x, const T* scale, const T* shift, std::int64_t n, T epsilon,
                         const RowResult<T>& to) {
    const RowStatistics<T> of_x = statistics(x, n, epsilon);
    each(n, to, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(x + n + i);
      at.store(hn::Add(hn::Mul(normalized(at.load(x + i), of_x), at.load(scale + i)), at.load(shift + i)),
               to.out + i);
    });
  }

  // inverse * ((u - mean(u)) - normalized * mean(u * normalized)) with u = g * scale
  static void layer_norm_input_gradient(const T* g, const T* x, const T* scale, std::int64_t n, T epsilon,
                                        const RowResult<T>& to) {
    const RowStatistics<T> of_x = statistics(x, n, epsilon);
    const T count = static_cast<T>(n);
    const auto u = [&](const auto& at, std::int64_t i) {
      return hn::Mul(at.load(g + i), at.load(scale + i));
    };
    T total, weighted;
    two_sums(
        n,
        [&](const auto& at, std::int64_t i, V& a, V& b) {
          hwy::Prefetch(g + n + i);
          hwy::Prefetch(x + n + i);
          a = u(at, i);
          b = hn::Mul(a, normalized(at.load(x + i), of_x));
        },
        &total, &weighted);
    const V mean = set(total / count), slope = set(weighted / count);
    each(n, to, [&](const auto& at, std::int64_t i) {
      const V rest = hn::Mul(normalized(at.load(x + i), of_x), slope);
      at.store(hn::Mul(set(of_x.inverse), hn::Sub(hn::Sub(u(at, i), mean), rest)), to.out + i);
    });
  }

  static void add_normalized(const T* HWY_RESTRICT g, const T* HWY_RESTRICT x, const RowStatistics<T>& of_x,
                             std::int64_t n, std::int64_t next, T* HWY_RESTRICT lane) {
    each(n, [&](const auto& at, std::int64_t i) {
      hwy::Prefetch(x + next + i);
      hwy::Prefetch(g + next + i);
      const V term = hn::Mul(at.load(g + i), normalized(at.load(x + i), of_x));
      at.store(hn::Add(at.load(lane + i), term), lane + i);
    });
  }
};

template <typename T>
RowStatistics<T> statistics_of_row(const T* x, std::int64_t n, T epsilon) {
  return Row<T>::statistics(x, n, epsilon);
}

template <typename T>
const RowLoops<T>* rows_with() {
  using R = Row<T>;
  static constexpr RowLoops<T> kLoops{
      &R::softmax,           &R::log_softmax,          &R::cross_entropy,
      &R::softmax_gradient,  &R::log_softmax_gradient, &R::cross_entropy_gradient,
      &statistics_of_row<T>, &R::layer_norm,           &R::layer_norm_input_gradient,
      &R::add_normalized};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const RowLoops<T>* row_loops() {
  TESSERA_SIMD_SWITCH(rows_with<T>())
}
template const RowLoops<float>* row_loops<float>();
template const RowLoops<double>* row_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
