#include "tessera/learn/distance_filter.h"

// Only targets whose MulAdd is one fused operation: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/distance_filter.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/thread_pool.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::internal::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int kLanes = HWY_TARGET == HWY_AVX3 ? 16 : 8;
constexpr int kVectors = 16 / kLanes;  // of a block
// As many chains as registers hold: queries at once times vectors of the blocks at once.
constexpr int kQueries = HWY_TARGET == HWY_AVX3 ? 8 : 4;
constexpr int kBlocks = HWY_TARGET == HWY_AVX3 ? 2 : 1;

template <int kCount>
struct Tile {
  V chains[kQueries][kCount * kVectors];

  HWY_INLINE void run(const float* group, const float* values, const float* starts, std::int64_t features) {
    const D d;
    for (int v = 0; v < kCount * kVectors; ++v)
      for (int q = 0; q < kQueries; ++q) chains[q][v] = hn::LoadU(d, starts + v * kLanes);
    for (std::int64_t f = 0; f < features; ++f) {
      V points[kCount * kVectors];
      for (int b = 0; b < kCount; ++b)
        for (int v = 0; v < kVectors; ++v)
          points[b * kVectors + v] = hn::LoadU(d, values + (b * features + f) * kFilterPoints + v * kLanes);
      for (int q = 0; q < kQueries; ++q) {
        const V query = hn::Set(d, group[f * kFilterQueries + q]);
        for (int v = 0; v < kCount * kVectors; ++v) chains[q][v] = hn::MulAdd(query, points[v], chains[q][v]);
      }
    }
  }
};

// The bits of lanes whose chain is at most the limit, block by block.
template <int kCount>
HWY_INLINE void compare(const Tile<kCount>& tile, const float* limits, int first_query,
                        std::uint16_t* masks) {
  const D d;
  for (int q = 0; q < kQueries; ++q) {
    const V limit = hn::Set(d, limits[first_query + q]);
    for (int b = 0; b < kCount; ++b) {
      std::uint8_t bytes[8] = {};  // Highway asks for eight
      unsigned bits = 0;
      for (int v = 0; v < kVectors; ++v) {
        hn::StoreMaskBits(d, hn::Le(tile.chains[q][b * kVectors + v], limit), bytes);
        const unsigned of_vector = kLanes == 16 ? bytes[0] | static_cast<unsigned>(bytes[1]) << 8 : bytes[0];
        bits |= of_vector << (v * kLanes);
      }
      masks[b * kFilterQueries + first_query + q] = static_cast<std::uint16_t>(bits);
    }
  }
}

template <int kCount>
HWY_INLINE void compare_blocks(const float* group, const float* values, const float* starts,
                               std::int64_t features, const float* limits, std::uint16_t* masks) {
  for (int q = 0; q < kFilterQueries; q += kQueries) {
    Tile<kCount> tile;
    tile.run(group + q, values, starts, features);
    compare(tile, limits, q, masks);
  }
}

void below(const float* group, const float* values, const float* starts, std::int64_t features,
           std::int64_t count, const float* limits, std::uint16_t* masks) {
  std::int64_t b = 0;
  for (; b + kBlocks <= count; b += kBlocks)
    compare_blocks<kBlocks>(group, values + b * features * kFilterPoints, starts + b * kFilterPoints,
                            features, limits, masks + b * kFilterQueries);
  for (; b < count; ++b)
    compare_blocks<1>(group, values + b * features * kFilterPoints, starts + b * kFilterPoints, features,
                      limits, masks + b * kFilterQueries);
}

bool fast() {
  return true;
}

#else

// Without vectors nothing is left out.
void below(const float*, const float*, const float*, std::int64_t, std::int64_t count, const float*,
           std::uint16_t* masks) {
  std::fill_n(masks, count * kFilterQueries, std::uint16_t{0xffff});
}
bool fast() {
  return false;
}

#endif

}  // namespace tessera::learn::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn::internal {

HWY_EXPORT(below);
HWY_EXPORT(fast);

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int64_t kMostFeatures = 1 << 18;
constexpr int kMostExponent = 400;
constexpr std::int64_t kFilteredRows = 4096;  // whole groups and blocks
constexpr double kLargestQuery = 0x1p40, kLargestPoint = 0x1p20;

float rounded_down(double x) {
  return -rounded_up(-x);
}

}  // namespace

bool filter_is_fast() {
  return HWY_DYNAMIC_DISPATCH(fast)();
}

namespace {

// How many rows lie between those of a sample.
std::int64_t apart_in_sample(std::int64_t rows) {
  constexpr std::int64_t kSome = 1024;
  return std::max<std::int64_t>(1, (rows + kSome - 1) / kSome);
}

}  // namespace

FilterFrame::FilterFrame(std::span<const double> points, std::int64_t features)
    : centre_(static_cast<std::size_t>(features)) {
  measure_scale(points, 1);
}

FilterFrame FilterFrame::of_sample(std::span<const double> rows, std::int64_t features) {
  FilterFrame frame;
  frame.centre_.resize(static_cast<std::size_t>(features));
  frame.measure_scale(rows, apart_in_sample(static_cast<std::int64_t>(rows.size()) / features));
  return frame.usable() ? frame : FilterFrame(rows, features);
}

// Any centre is right; a good one makes numbers small. So some of the rows are enough. The scale is that of every row that is `apart` from the one before.
void FilterFrame::measure_scale(std::span<const double> points, std::int64_t apart) {
  const std::int64_t rows = static_cast<std::int64_t>(points.size()) / features();
  const std::int64_t step = apart_in_sample(rows), some = (rows + step - 1) / step;
  std::fill(centre_.begin(), centre_.end(), 0.0);
  for (std::int64_t i = 0; i < rows; i += step)
    for (std::int64_t f = 0; f < features(); ++f)
      centre_[static_cast<std::size_t>(f)] += points[static_cast<std::size_t>(i * features() + f)];
  for (double& c : centre_) c /= static_cast<double>(some);
  const std::int64_t measured = (rows + apart - 1) / apart,
                     tasks = (measured + kFilteredRows - 1) / kFilteredRows;
  std::vector<double> largest_of(static_cast<std::size_t>(tasks));
  parallel_for(tasks, [&](std::int64_t task) {
    double most = 0;
    for (std::int64_t i = task * kFilteredRows; i < std::min(measured, (task + 1) * kFilteredRows); ++i)
      for (std::int64_t f = 0; f < features(); ++f)
        most = std::max(most, std::fabs(points[static_cast<std::size_t>(i * apart * features() + f)] -
                                        centre_[static_cast<std::size_t>(f)]));
    largest_of[static_cast<std::size_t>(task)] = most;
  });
  const double largest = *std::max_element(largest_of.begin(), largest_of.end());
  if (!(largest > 0) || !std::isfinite(largest) || features() > kMostFeatures) return;
  const int exponent = -std::ilogb(largest) - 1;
  usable_ = std::abs(exponent) <= kMostExponent;
  if (usable_) scale_ = std::ldexp(1.0, exponent);
}

double FilterFrame::place_point(const double* point, float* place, std::int64_t stride) const {
  double square = 0;
  for (std::int64_t f = 0; f < features(); ++f) {
    const double x = (point[f] - centre_[static_cast<std::size_t>(f)]) * scale_;
    if (!(std::fabs(x) <= kLargestPoint)) square = std::numeric_limits<double>::infinity();
    place[f * stride] = -static_cast<float>(x);
    square += x * x;
  }
  return square;
}

float FilterFrame::start_of(double square) const {
  return rounded_down((0.5 - margin()) * square);
}

FilterQueries FilterFrame::queries(std::span<const double> rows) const {
  const std::int64_t width = features(), count = static_cast<std::int64_t>(rows.size()) / width;
  const std::int64_t groups = (count + kFilterQueries - 1) / kFilterQueries;
  FilterQueries found{std::vector<float>(static_cast<std::size_t>(groups * width * kFilterQueries)),
                      std::vector<double>(static_cast<std::size_t>(groups * kFilterQueries))};
  parallel_for((count + kFilteredRows - 1) / kFilteredRows, [&](std::int64_t task) {
    for (std::int64_t i = task * kFilteredRows; i < std::min(count, (task + 1) * kFilteredRows); ++i) {
      const double* const row = rows.data() + i * width;
      float* const place =
          found.values.data() + i / kFilterQueries * width * kFilterQueries + i % kFilterQueries;
      double square = 0, largest = 0;
      for (std::int64_t f = 0; f < width; ++f) {
        const double x = (row[f] - centre_[static_cast<std::size_t>(f)]) * scale_;
        place[f * kFilterQueries] = static_cast<float>(x);
        square += x * x;
        largest = std::max(largest, std::fabs(x));
      }
      if (largest > kLargestQuery) {
        square = std::numeric_limits<double>::infinity();
        for (std::int64_t f = 0; f < width; ++f) place[f * kFilterQueries] = 0;
      }
      found.squares[static_cast<std::size_t>(i)] = square;
    }
  });
  return found;
}

FilterPoints::FilterPoints(const FilterFrame& frame, std::span<const double> points)
    : features_(frame.features()) {
  const auto count = static_cast<std::int64_t>(points.size()) / features_;
  const std::int64_t all = (count + kFilterPoints - 1) / kFilterPoints * kFilterPoints;
  values_ = Tensor::allocate({all / kFilterPoints, features_, kFilterPoints}, DType::kFloat32);
  float* const values = values_.view().as<float>();
  const std::int64_t of_block = kFilterPoints * features_;
  first_ = values;
  if (count < all) std::fill_n(values + all * features_ - of_block, of_block, 0.0f);
  starts_.assign(static_cast<std::size_t>(all), kInfinity);
  parallel_for((count + kFilteredRows - 1) / kFilteredRows, [&](std::int64_t task) {
    for (std::int64_t i = task * kFilteredRows; i < std::min(count, (task + 1) * kFilteredRows); ++i) {
      const double square =
          frame.place_point(points.data() + i * features_,
                            values + i / kFilterPoints * of_block + i % kFilterPoints, kFilterPoints);
      starts_[static_cast<std::size_t>(i)] = frame.start_of(square);
    }
  });
}

void FilterPoints::below(const float* group, std::int64_t first, std::int64_t count, const float* limits,
                         std::uint16_t* masks) const {
  HWY_DYNAMIC_DISPATCH(below)
  (group, first_ + first * features_ * kFilterPoints, starts_.data() + first * kFilterPoints, features_,
   count, limits, masks);
}

}  // namespace tessera::learn::internal
#endif  // HWY_ONCE
