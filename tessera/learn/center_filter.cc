#include "tessera/learn/center_filter.h"

// Only targets whose MulAdd is one fused operation: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/center_filter.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/thread_pool.h"

#ifndef TESSERA_LEARN_CENTER_FILTER_ONCE
#define TESSERA_LEARN_CENTER_FILTER_ONCE
namespace tessera::learn::internal {

[[maybe_unused]] constexpr double kLargestRow = 0x1p40;  // elements, scaled

struct CenterTiles {
  const float *values, *starts;
  std::int64_t features, tiles, width;
  float slack;
};

}  // namespace tessera::learn::internal
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::internal::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using I = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
constexpr int kLanes = HWY_TARGET == HWY_AVX3 ? 16 : 8;
constexpr int kVectors = 2;  // of rows, at once
// Centers of a tile at most: with two vectors of rows as many chains as registers hold.
constexpr int kMostWidth = HWY_TARGET == HWY_AVX3 ? 12 : 6;

struct Nearest {
  V least, second;
  hn::Vec<I> center;
};

template <int kWidth>
HWY_INLINE void look_at_tile(const float* rows, const float* values, const float* starts,
                             std::int64_t features, std::int32_t first_center, Nearest (&found)[kVectors]) {
  const D d;
  const I di;
  V chains[kWidth][kVectors];
  for (int c = 0; c < kWidth; ++c)
    for (int v = 0; v < kVectors; ++v) chains[c][v] = hn::Set(d, starts[c]);
  for (std::int64_t f = 0; f < features; ++f) {
    V of_rows[kVectors];
    for (int v = 0; v < kVectors; ++v) of_rows[v] = hn::LoadU(d, rows + f * kFilterRows + v * kLanes);
    for (int c = 0; c < kWidth; ++c) {
      const V center = hn::Set(d, values[f * kWidth + c]);
      for (int v = 0; v < kVectors; ++v) chains[c][v] = hn::MulAdd(center, of_rows[v], chains[c][v]);
    }
  }
  for (int c = 0; c < kWidth; ++c)
    for (int v = 0; v < kVectors; ++v) {
      const V chain = chains[c][v];
      const auto closer = hn::RebindMask(di, hn::Lt(chain, found[v].least));
      found[v].center = hn::IfThenElse(closer, hn::Set(di, first_center + c), found[v].center);
      found[v].second = hn::Min(found[v].second, hn::Max(found[v].least, chain));
      found[v].least = hn::Min(found[v].least, chain);
    }
}

// At least least + slack, whatever is lost in roundings.
HWY_INLINE V limit_of(V least, V slack) {
  const D d;
  const V share = hn::Set(d, 0x1p-22f);
  const V sum = hn::Add(least, hn::MulAdd(slack, share, slack));
  return hn::MulAdd(hn::Abs(sum), share, sum);
}

// Writes down what is certain of the rows of one vector; gives its bits.
HWY_INLINE std::uint32_t settle(const Nearest& found, const float* slacks, float slack_of_centers,
                                std::int32_t* centers, bool& changed) {
  const D d;
  const I di;
  const V slack = hn::Add(hn::LoadU(d, slacks), hn::Set(d, slack_of_centers));
  const auto certain = hn::Gt(found.second, limit_of(found.least, slack));
  const auto before = hn::LoadU(di, centers);
  const auto after = hn::IfThenElse(hn::RebindMask(di, certain), found.center, before);
  changed |= !hn::AllTrue(di, hn::Eq(before, after));
  hn::StoreU(after, di, centers);
  std::uint8_t bytes[8] = {};  // Highway asks for eight
  hn::StoreMaskBits(d, certain, bytes);
  return kLanes == 16 ? bytes[0] | static_cast<std::uint32_t>(bytes[1]) << 8 : bytes[0];
}

template <int kWidth>
bool nearest_of(const CenterTiles& tiles, const float* rows, const float* slacks, std::int64_t groups,
                std::int32_t* centers, std::uint32_t* certain) {
  const D d;
  const I di;
  bool changed = false;
  for (std::int64_t g = 0; g < groups; ++g) {
    certain[g] = 0;
    for (int part = 0; part < kFilterRows; part += kVectors * kLanes) {
      const float* const of_group = rows + g * tiles.features * kFilterRows + part;
      Nearest found[kVectors];
      for (Nearest& of_vector : found) {
        of_vector.least = of_vector.second = hn::Set(d, std::numeric_limits<float>::infinity());
        of_vector.center = hn::Zero(di);
      }
      for (std::int64_t t = 0; t < tiles.tiles; ++t)
        look_at_tile<kWidth>(of_group, tiles.values + t * tiles.features * kWidth, tiles.starts + t * kWidth,
                             tiles.features, static_cast<std::int32_t>(t * kWidth), found);
      for (int v = 0; v < kVectors; ++v) {
        const std::int64_t row = g * kFilterRows + part + v * kLanes;
        certain[g] |= settle(found[v], slacks + row, tiles.slack, centers + row, changed)
                      << (part + v * kLanes);
      }
    }
  }
  return changed;
}

using NearestFunction = bool (*)(const CenterTiles&, const float*, const float*, std::int64_t, std::int32_t*,
                                 std::uint32_t*);

bool nearest(const CenterTiles& tiles, const float* rows, const float* slacks, std::int64_t groups,
             std::int32_t* centers, std::uint32_t* certain) {
  static constexpr NearestFunction kOfWidth[] = {
    nullptr,
    nearest_of<1>,
    nearest_of<2>,
    nearest_of<3>,
    nearest_of<4>,
    nearest_of<5>,
    nearest_of<6>,
#if HWY_TARGET == HWY_AVX3
    nearest_of<7>,
    nearest_of<8>,
    nearest_of<9>,
    nearest_of<10>,
    nearest_of<11>,
    nearest_of<12>,
#endif
  };
  return kOfWidth[tiles.width](tiles, rows, slacks, groups, centers, certain);
}

std::int64_t most_width() {
  return kMostWidth;
}

// One group: 32 rows from `row` on, of `rows` that there are, transposed in float32, and their squared lengths.
void place_group(const double* values, std::int64_t row, std::int64_t rows, const double* centre,
                 std::int64_t features, double scale, float* place, double* squares) {
  using Doubles = hn::CappedTag<double, 8>;
  const Doubles d;
  const hn::RebindToSigned<Doubles> di;
  const hn::Rebind<float, Doubles> df;
  constexpr std::int64_t kDoubles = kLanes / 2;
  const auto of_scale = hn::Set(d, scale);
  for (std::int64_t part = 0; part < kFilterRows; part += kDoubles) {
    std::int64_t starts[kDoubles];
    for (std::int64_t i = 0; i < kDoubles; ++i) starts[i] = std::min(row + part + i, rows - 1) * features;
    const auto indices = hn::LoadU(di, starts);
    auto square = hn::Zero(d), largest = hn::Zero(d);
    for (std::int64_t f = 0; f < features; ++f) {
      const auto from_centre = hn::Sub(hn::GatherIndex(d, values + f, indices), hn::Set(d, centre[f]));
      const auto x = hn::Mul(from_centre, of_scale);
      hn::StoreU(hn::DemoteTo(df, x), df, place + f * kFilterRows + part);
      square = hn::MulAdd(x, x, square);
      largest = hn::Max(largest, hn::Abs(x));
    }
    const auto too_large = hn::Gt(largest, hn::Set(d, kLargestRow));
    square = hn::IfThenElse(too_large, hn::Set(d, std::numeric_limits<double>::infinity()), square);
    hn::StoreU(square, d, squares + part);
    if (hn::AllFalse(d, too_large)) continue;
    for (std::int64_t i = 0; i < kDoubles; ++i)
      if (std::isinf(squares[part + i]))
        for (std::int64_t f = 0; f < features; ++f) place[f * kFilterRows + part + i] = 0;
  }
}

#else

// Without vectors nothing is certain, and nobody asks (filter_is_fast).
bool nearest(const CenterTiles&, const float*, const float*, std::int64_t groups, std::int32_t*,
             std::uint32_t* certain) {
  std::fill_n(certain, groups, 0u);
  return false;
}
std::int64_t most_width() {
  return 1;
}
void place_group(const double*, std::int64_t, std::int64_t, const double*, std::int64_t features, double,
                 float* place, double* squares) {
  std::fill_n(place, features * kFilterRows, 0.0f);
  std::fill_n(squares, kFilterRows, std::numeric_limits<double>::infinity());
}

#endif

}  // namespace tessera::learn::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn::internal {

HWY_EXPORT(nearest);
HWY_EXPORT(most_width);
HWY_EXPORT(place_group);

FilterRows::FilterRows(const FilterFrame& frame, std::span<const double> rows) {
  constexpr std::int64_t kGroupsOfTask = 64;
  const std::int64_t features = frame.features(), count = static_cast<std::int64_t>(rows.size()) / features;
  groups_ = (count + kFilterRows - 1) / kFilterRows;
  values_ = Tensor::allocate({groups_, features, kFilterRows}, DType::kFloat32);
  slacks_ = Tensor::allocate({groups_, kFilterRows}, DType::kFloat32);
  float *const values = values_.view().as<float>(), *const slacks = slacks_.view().as<float>();
  parallel_for((groups_ + kGroupsOfTask - 1) / kGroupsOfTask, [&](std::int64_t task) {
    for (std::int64_t g = task * kGroupsOfTask; g < std::min(groups_, (task + 1) * kGroupsOfTask); ++g) {
      double squares[kFilterRows];
      HWY_DYNAMIC_DISPATCH(place_group)
      (rows.data(), g * kFilterRows, count, frame.centre().data(), features, frame.scale(),
       values + g * features * kFilterRows, squares);
      for (std::int64_t i = 0; i < kFilterRows; ++i)
        slacks[g * kFilterRows + i] = rounded_up(frame.margin() * squares[i]);
    }
  });
}

// Tiles are as equally wide as they can be: the last one is filled up.
FilterCenters::FilterCenters(const FilterFrame& frame, std::span<const double> centers)
    : features_(frame.features()) {
  const std::int64_t count = static_cast<std::int64_t>(centers.size()) / features_;
  const std::int64_t most = HWY_DYNAMIC_DISPATCH(most_width)();
  tiles_ = (count + most - 1) / most;
  width_ = (count + tiles_ - 1) / tiles_;
  tiles_ = (count + width_ - 1) / width_;
  values_.assign(static_cast<std::size_t>(tiles_ * width_ * features_), 0);
  starts_.assign(static_cast<std::size_t>(tiles_ * width_), std::numeric_limits<float>::infinity());
  double largest = 0;
  for (std::int64_t c = 0; c < count; ++c) {
    const double square =
        frame.place_point(centers.data() + c * features_,
                          values_.data() + c / width_ * width_ * features_ + c % width_, width_);
    starts_[static_cast<std::size_t>(c)] = frame.start_of(square);
    largest = std::max(largest, square);
  }
  slack_ = rounded_up(2 * frame.margin() * largest + 0x1p-98);
}

bool FilterCenters::usable() const {
  return std::isfinite(slack_);
}

bool FilterCenters::nearest(const FilterRows& rows, std::int64_t first, std::int64_t count,
                            std::int32_t* centers, std::uint32_t* certain) const {
  const CenterTiles tiles{values_.data(), starts_.data(), features_, tiles_, width_, slack_};
  return HWY_DYNAMIC_DISPATCH(nearest)(
      tiles, rows.values_.view().as<float>() + first * features_ * kFilterRows,
      rows.slacks_.view().as<float>() + first * kFilterRows, count, centers, certain);
}

}  // namespace tessera::learn::internal
#endif  // HWY_ONCE
