#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/softmax_columns_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "tessera/backends/cpu/simd_level.h"
#include "tessera/backends/cpu/softmax_columns.h"
#include "tessera/numerics/functions.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/row_passes-inl.h"
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

template <typename T>
struct SoftmaxColumns : RowPasses<T> {
  using Passes = RowPasses<T>;
  using Passes::each, Passes::set, Passes::kWidth;
  using typename Passes::D, typename Passes::V, typename Passes::M;
  using Ops = fn::HwyOps<D>;
  using Tile = ColumnTile<T>;
  static constexpr std::int64_t kAhead = 8;  // rows that memory is told of before they are read
  static constexpr T kEasyRange = sizeof(T) == 4 ? T(60) : T(600);

  // A number of each line.
  struct Numbers {
    HWY_ALIGN T of[kMostColumns];
    HWY_INLINE V load(std::int64_t j) const { return hn::Load(D(), of + j); }
    HWY_INLINE void store(V v, std::int64_t j) { hn::Store(v, D(), of + j); }
  };

  // Elements from one row of `room` to the next.
  static HWY_INLINE std::int64_t pitch(const Tile& tile) {
    constexpr std::int64_t kLine = 64 / sizeof(T);
    return (tile.columns + kLine - 1) / kLine * kLine;
  }
  // body(j) for the vectors of a row of `room`, the last one whole: what lies beyond the columns is 0.
  template <class Body>
  static HWY_INLINE void each_in_room(const Tile& tile, Body body) {
    for (std::int64_t j = 0; j < tile.columns; j += kWidth) body(j);
  }
  static HWY_INLINE RowResult<T> row_of(const Tile& tile, std::int64_t i) {
    return {tile.out + i * tile.stride, tile.room + i * pitch(tile), tile.streams};
  }

  // x into the room; keep(v, j) for every vector of it.
  template <class Keep>
  static HWY_INLINE void bring(const Tile& tile, const T* HWY_RESTRICT x, T* HWY_RESTRICT room, Keep keep) {
    for (std::int64_t i = 0; i < tile.n; ++i)
      each(tile.columns, [&](const auto& at, std::int64_t j) {
        hwy::Prefetch(x + (i + kAhead) * tile.stride + j);
        const V v = at.load(x + i * tile.stride + j);
        hn::Store(v, D(), room + i * pitch(tile) + j);
        keep(v, j);
      });
  }

  // The greatest element of each line (NaN if any is; a zero is +0), and whether all lines are within the easy range.
  static HWY_INLINE bool bring_with_maxima(const Tile& tile, Numbers& max) {
    const D d;
    Numbers low;
    each_in_room(tile, [&](std::int64_t j) {
      const T* first = tile.x + j;
      const V v = Passes::first(tile.columns - j).load(first);
      max.store(v, j);
      low.store(v, j);
    });
    M nan = hn::IsNaN(hn::Zero(d));
    bring(tile, tile.x, tile.room, [&](V v, std::int64_t j) {
      nan = hn::Or(nan, hn::IsNaN(v));
      max.store(hn::Max(v, max.load(j)), j);  // either is NaN: found again below
      low.store(hn::Min(v, low.load(j)), j);
    });
    M easy = hn::Not(nan);
    each_in_room(tile, [&](std::int64_t j) {
      max.store(hn::Add(max.load(j), hn::Zero(d)), j);
      easy = hn::And(easy, hn::Gt(hn::Sub(low.load(j), max.load(j)), set(-kEasyRange)));
    });
    if (hn::AllTrue(d, easy)) return true;
    if (!hn::AllFalse(d, nan)) careful_maxima(tile, max);
    return false;
  }

  static HWY_NOINLINE void careful_maxima(const Tile& tile, Numbers& max) {
    each_in_room(tile, [&](std::int64_t j) {
      V best = hn::Load(D(), tile.room + j);
      for (std::int64_t i = 1; i < tile.n; ++i) {
        const V v = hn::Load(D(), tile.room + i * pitch(tile) + j);
        best = hn::IfThenElse(hn::Or(hn::Gt(v, best), hn::IsNaN(v)), v, best);
      }
      max.store(hn::Add(best, hn::Zero(D())), j);
    });
  }

  // The sum of term(i) over a line for each lane.
  template <class Term>
  static HWY_INLINE V sum_of_line(std::int64_t n, Term term) {
    const auto add = [](V a, V b) { return hn::Add(a, b); };
    GrowingTree<V, decltype(add)> tree(add);
    for (std::int64_t begin = 0; begin < n; begin += kBlock) {
      const std::int64_t end = n - begin < kBlock ? n : begin + kBlock;
      V lanes[kChains];
      TESSERA_UNROLL
      for (std::int64_t lane = 0; lane < kChains; ++lane) lanes[lane] = hn::Zero(D());
      std::int64_t i = begin;
      for (; i + kChains <= end; i += kChains) {
        TESSERA_UNROLL
        for (std::int64_t lane = 0; lane < kChains; ++lane)
          lanes[lane] = hn::Add(lanes[lane], term(i + lane));
      }
      for (std::int64_t lane = 0; i < end; ++i, ++lane) lanes[lane] = hn::Add(lanes[lane], term(i));
      TESSERA_UNROLL
      for (std::int64_t s = kChains / 2; s >= 1; s /= 2) {
        TESSERA_UNROLL
        for (std::int64_t lane = 0; lane < s; ++lane) lanes[lane] = hn::Add(lanes[lane], lanes[lane + s]);
      }
      tree.add(lanes[0]);
    }
    return tree.root();
  }

  // The sums of the lines of exp(x - max), the exponentials in place of x if `keeps`.
  template <bool kKeeps>
  static HWY_INLINE void sum_exponentials(const Tile& tile, bool easy, const Numbers& max, Numbers& total) {
    const std::int64_t step = pitch(tile);
    const auto exponentials = [&](auto exp) {
      for (std::int64_t i = 0; i < tile.n; ++i)
        each_in_room(tile, [&](std::int64_t j) {
          const std::int64_t at = i * step + j;
          hn::Store(exp(hn::Sub(hn::Load(D(), tile.room + at), max.load(j))), D(),
                    (kKeeps ? tile.room : tile.g_room) + at);
        });
    };
    if (easy)
      exponentials([](V v) { return fn::ordinary_exp<Ops>(v); });
    else
      exponentials([](V v) { return fn::exp<Ops>(v); });
    sum_lines(tile, kKeeps ? tile.room : tile.g_room, total);
  }

  static HWY_INLINE void sum_lines(const Tile& tile, const T* room, Numbers& total) {
    const std::int64_t step = pitch(tile);
    each_in_room(tile, [&](std::int64_t j) {
      total.store(sum_of_line(tile.n, [&](std::int64_t i) { return hn::Load(D(), room + i * step + j); }), j);
    });
  }

  // result(i * pitch + j, j) into the row i of the output.
  template <class Result>
  static HWY_INLINE void finish(const Tile& tile, Result result) {
    const std::int64_t step = pitch(tile);
    for (std::int64_t i = 0; i < tile.n; ++i) {
      const RowResult<T> to = row_of(tile, i);
      each(tile.columns, to,
           [&](const auto& at, std::int64_t j) { at.store(result(i * step + j, j), to.out + j); });
    }
  }

  static void softmax(const Tile& tile) {
    Numbers max, total, inverse;
    const bool easy = bring_with_maxima(tile, max);
    sum_exponentials<true>(tile, easy, max, total);
    if (!easy)
      return finish(tile, [&](std::int64_t at, std::int64_t j) {
        return hn::Div(hn::Load(D(), tile.room + at), total.load(j));
      });
    each_in_room(tile, [&](std::int64_t j) { inverse.store(hn::Div(set(T(1)), total.load(j)), j); });
    finish(tile, [&](std::int64_t at, std::int64_t j) {
      const V e = hn::Load(D(), tile.room + at), quotient = hn::Mul(e, inverse.load(j));
      return hn::MulAdd(hn::NegMulAdd(quotient, total.load(j), e), inverse.load(j), quotient);
    });
  }

  static void log_softmax(const Tile& tile) {
    Numbers max, total;
    const bool easy = bring_with_maxima(tile, max);
    sum_exponentials<false>(tile, easy, max, total);
    each_in_room(tile, [&](std::int64_t j) { total.store(fn::log<Ops>(total.load(j)), j); });
    finish(tile, [&](std::int64_t at, std::int64_t j) {
      return hn::Sub(hn::Sub(hn::Load(D(), tile.room + at), max.load(j)), total.load(j));
    });
  }

  // y * (g - sum(g * y))
  static void softmax_gradient(const Tile& tile) {
    const std::int64_t step = pitch(tile);
    Numbers total;
    bring(tile, tile.x, tile.room, [](V, std::int64_t) {});
    bring(tile, tile.g, tile.g_room, [](V, std::int64_t) {});
    each_in_room(tile, [&](std::int64_t j) {
      total.store(sum_of_line(tile.n,
                              [&](std::int64_t i) {
                                return hn::Mul(hn::Load(D(), tile.g_room + i * step + j),
                                               hn::Load(D(), tile.room + i * step + j));
                              }),
                  j);
    });
    finish(tile, [&](std::int64_t at, std::int64_t j) {
      return hn::Mul(hn::Load(D(), tile.room + at), hn::Sub(hn::Load(D(), tile.g_room + at), total.load(j)));
    });
  }

  // g - exp(y) * sum(g)
  static void log_softmax_gradient(const Tile& tile) {
    Numbers total;
    bring(tile, tile.x, tile.room, [](V, std::int64_t) {});
    bring(tile, tile.g, tile.g_room, [](V, std::int64_t) {});
    sum_lines(tile, tile.g_room, total);
    finish(tile, [&](std::int64_t at, std::int64_t j) {
      return hn::Sub(hn::Load(D(), tile.g_room + at),
                     hn::Mul(fn::exp<Ops>(hn::Load(D(), tile.room + at)), total.load(j)));
    });
  }
};

template <typename T>
const ColumnLoops<T>* columns_with() {
  using C = SoftmaxColumns<T>;
  static constexpr ColumnLoops<T> kLoops{&C::softmax, &C::log_softmax, &C::softmax_gradient,
                                         &C::log_softmax_gradient};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const ColumnLoops<T>* column_loops() {
  TESSERA_SIMD_SWITCH(columns_with<T>())
}
template const ColumnLoops<float>* column_loops<float>();
template const ColumnLoops<double>* column_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
