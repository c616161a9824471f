#include "tessera/learn/distance_kernels.h"

// Only targets whose MulAdd is one fused operation: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/distance_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"

#ifndef TESSERA_LEARN_DISTANCE_KERNELS_ONCE
#define TESSERA_LEARN_DISTANCE_KERNELS_ONCE
namespace tessera::learn {

// One step of a chain, as numbers.
template <Metric kMetric>
inline double step(double difference, double sum) {
  if constexpr (kMetric == Metric::kL2) return std::fma(difference, difference, sum);
  if constexpr (kMetric == Metric::kL1) return std::fabs(difference) + sum;
  return std::max(std::fabs(difference), sum);
}

template <Metric kMetric>
inline double joined(double sum, double chunk) {
  return kMetric == Metric::kChebyshev ? std::max(sum, chunk) : sum + chunk;
}

}  // namespace tessera::learn
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using V = hn::Vec<D>;
constexpr std::int64_t kLanes = HWY_TARGET == HWY_AVX3 ? 8 : 4;
constexpr std::int64_t kVectors = kBlockPoints / kLanes;

template <Metric kMetric>
HWY_INLINE V vector_step(V difference, V sum) {
  if constexpr (kMetric == Metric::kL2) return hn::MulAdd(difference, difference, sum);
  if constexpr (kMetric == Metric::kL1) return hn::Add(hn::Abs(difference), sum);
  return hn::Max(hn::Abs(difference), sum);
}

template <Metric kMetric>
HWY_INLINE void chunk_of(const double* query, const double* block, std::int64_t first, std::int64_t last,
                         V (&sum)[kVectors]) {
  const D d;
  for (V& v : sum) v = hn::Zero(d);
  for (std::int64_t f = first; f < last; ++f) {
    const V q = hn::Set(d, query[f]);
    for (std::int64_t v = 0; v < kVectors; ++v)
      sum[v] = vector_step<kMetric>(hn::Sub(q, hn::LoadU(d, block + f * kBlockPoints + v * kLanes)), sum[v]);
  }
}

template <Metric kMetric>
void measures_of(const double* query, const double* block, std::int64_t features, double* measures) {
  const D d;
  V sum[kVectors];
  chunk_of<kMetric>(query, block, 0, std::min(features, numerics::kDotChunk), sum);
  for (std::int64_t first = numerics::kDotChunk; first < features; first += numerics::kDotChunk) {
    V more[kVectors];
    chunk_of<kMetric>(query, block, first, std::min(features, first + numerics::kDotChunk), more);
    for (std::int64_t v = 0; v < kVectors; ++v)
      sum[v] = kMetric == Metric::kChebyshev ? hn::Max(sum[v], more[v]) : hn::Add(sum[v], more[v]);
  }
  for (std::int64_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], d, measures + v * kLanes);
}

// Chains of all queries at once, so that the processor does not wait for one.
template <Metric kMetric>
HWY_INLINE void query_chunks(const double* queries, std::int64_t features, const double* block,
                             std::int64_t first, std::int64_t last, V (&sum)[kBlockQueries][kVectors]) {
  const D d;
  for (auto& of_query : sum)
    for (V& v : of_query) v = hn::Zero(d);
  for (std::int64_t f = first; f < last; ++f) {
    V points[kVectors];
    for (std::int64_t v = 0; v < kVectors; ++v)
      points[v] = hn::LoadU(d, block + f * kBlockPoints + v * kLanes);
    for (std::int64_t i = 0; i < kBlockQueries; ++i) {
      const V q = hn::Set(d, queries[i * features + f]);
      for (std::int64_t v = 0; v < kVectors; ++v)
        sum[i][v] = vector_step<kMetric>(hn::Sub(q, points[v]), sum[i][v]);
    }
  }
}

template <Metric kMetric>
void below(const double* queries, const double* block, std::int64_t features, const double* limits,
           double* measures, std::uint16_t* masks) {
  const D d;
  V sum[kBlockQueries][kVectors];
  query_chunks<kMetric>(queries, features, block, 0, std::min(features, numerics::kDotChunk), sum);
  for (std::int64_t first = numerics::kDotChunk; first < features; first += numerics::kDotChunk) {
    V more[kBlockQueries][kVectors];
    query_chunks<kMetric>(queries, features, block, first, std::min(features, first + numerics::kDotChunk),
                          more);
    for (std::int64_t i = 0; i < kBlockQueries; ++i)
      for (std::int64_t v = 0; v < kVectors; ++v)
        sum[i][v] =
            kMetric == Metric::kChebyshev ? hn::Max(sum[i][v], more[i][v]) : hn::Add(sum[i][v], more[i][v]);
  }
  for (std::int64_t i = 0; i < kBlockQueries; ++i) {
    std::uint8_t bytes[8] = {};  // Highway asks for eight
    unsigned bits = 0;
    for (std::int64_t v = 0; v < kVectors; ++v) {
      hn::StoreMaskBits(d, hn::Le(sum[i][v], hn::Set(d, limits[i])), bytes);
      bits |= static_cast<unsigned>(bytes[0]) << (v * kLanes);
    }
    masks[i] = static_cast<std::uint16_t>(bits);
    if (bits == 0) continue;
    for (std::int64_t v = 0; v < kVectors; ++v)
      hn::StoreU(sum[i][v], d, measures + i * kBlockPoints + v * kLanes);
  }
}

// A lane is a row.
void own_measures(const double* rows, std::int64_t stride, std::int64_t count, std::int64_t features,
                  const double* points, const std::int32_t* which, double* measures) {
  const D d;
  const hn::RebindToSigned<D> di;
  for (std::int64_t first = 0; first < count; first += kLanes) {
    const std::int64_t lanes = std::min(kLanes, count - first);
    std::int64_t of_rows[kLanes], of_points[kLanes];
    for (std::int64_t i = 0; i < kLanes; ++i) {
      const std::int64_t row = first + std::min(i, lanes - 1);
      of_rows[i] = row * stride;
      of_points[i] = which[row] * features;
    }
    const auto row_places = hn::LoadU(di, of_rows), point_places = hn::LoadU(di, of_points);
    V sum = hn::Zero(d);
    for (std::int64_t chunk = 0; chunk < features; chunk += numerics::kDotChunk) {
      V of_chunk = hn::Zero(d);
      for (std::int64_t f = chunk; f < std::min(features, chunk + numerics::kDotChunk); ++f) {
        const V difference =
            hn::Sub(hn::GatherIndex(d, rows + f, row_places), hn::GatherIndex(d, points + f, point_places));
        of_chunk = hn::MulAdd(difference, difference, of_chunk);
      }
      sum = hn::Add(sum, of_chunk);  // the first one: to 0, and none of them is -0
    }
    double found[kLanes];
    hn::StoreU(sum, d, found);
    std::copy_n(found, lanes, measures + first);
  }
}

#else

template <Metric kMetric>
void measures_of(const double* query, const double* block, std::int64_t features, double* measures) {
  for (std::int64_t p = 0; p < kBlockPoints; ++p) {
    const auto chunk = [&](std::int64_t first, std::int64_t last) {
      double sum = 0;
      for (std::int64_t f = first; f < last; ++f)
        sum = step<kMetric>(query[f] - block[f * kBlockPoints + p], sum);
      return sum;
    };
    double sum = chunk(0, std::min(features, numerics::kDotChunk));
    for (std::int64_t first = numerics::kDotChunk; first < features; first += numerics::kDotChunk)
      sum = joined<kMetric>(sum, chunk(first, std::min(features, first + numerics::kDotChunk)));
    measures[p] = sum;
  }
}

template <Metric kMetric>
void below(const double* queries, const double* block, std::int64_t features, const double* limits,
           double* measures, std::uint16_t* masks) {
  for (std::int64_t i = 0; i < kBlockQueries; ++i) {
    double* const of_query = measures + i * kBlockPoints;
    measures_of<kMetric>(queries + i * features, block, features, of_query);
    unsigned bits = 0;
    for (std::int64_t p = 0; p < kBlockPoints; ++p) bits |= (of_query[p] <= limits[i] ? 1u : 0u) << p;
    masks[i] = static_cast<std::uint16_t>(bits);
  }
}

void own_measures(const double* rows, std::int64_t stride, std::int64_t count, std::int64_t features,
                  const double* points, const std::int32_t* which, double* measures) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double *const row = rows + i * stride, *const point = points + which[i] * features;
    double sum = 0;
    for (std::int64_t chunk = 0; chunk < features; chunk += numerics::kDotChunk) {
      double of_chunk = 0;
      for (std::int64_t f = chunk; f < std::min(features, chunk + numerics::kDotChunk); ++f)
        of_chunk = step<Metric::kL2>(row[f] - point[f], of_chunk);
      sum += of_chunk;  // the first one: to 0, and none of them is -0
    }
    measures[i] = sum;
  }
}

#endif

void l1_measures(const double* query, const double* block, std::int64_t features, double* measures) {
  measures_of<Metric::kL1>(query, block, features, measures);
}
void l2_measures(const double* query, const double* block, std::int64_t features, double* measures) {
  measures_of<Metric::kL2>(query, block, features, measures);
}
void chebyshev_measures(const double* query, const double* block, std::int64_t features, double* measures) {
  measures_of<Metric::kChebyshev>(query, block, features, measures);
}

void l1_below(const double* queries, const double* block, std::int64_t features, const double* limits,
              double* measures, std::uint16_t* masks) {
  below<Metric::kL1>(queries, block, features, limits, measures, masks);
}
void l2_below(const double* queries, const double* block, std::int64_t features, const double* limits,
              double* measures, std::uint16_t* masks) {
  below<Metric::kL2>(queries, block, features, limits, measures, masks);
}
void chebyshev_below(const double* queries, const double* block, std::int64_t features, const double* limits,
                     double* measures, std::uint16_t* masks) {
  below<Metric::kChebyshev>(queries, block, features, limits, measures, masks);
}

}  // namespace tessera::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn {

HWY_EXPORT(l1_measures);
HWY_EXPORT(l2_measures);
HWY_EXPORT(chebyshev_measures);
HWY_EXPORT(l1_below);
HWY_EXPORT(l2_below);
HWY_EXPORT(chebyshev_below);
HWY_EXPORT(own_measures);

PointBlocks::PointBlocks(std::span<const double> points, std::int64_t features,
                         const std::vector<std::int64_t>& order)
    : features_(features) {
  const auto count = static_cast<std::int64_t>(order.size());
  const std::int64_t blocks = (count + kBlockPoints - 1) / kBlockPoints;
  values_ = Tensor::allocate({blocks, features, kBlockPoints}, DType::kFloat64);
  double* const values = values_.view().as<double>();
  first_ = values;
  rows_.assign(static_cast<std::size_t>(blocks * kBlockPoints), kNoRow);
  constexpr std::int64_t kBlocksOfTask = 256;
  parallel_for((blocks + kBlocksOfTask - 1) / kBlocksOfTask, [&](std::int64_t task) {
    const std::int64_t last = std::min(blocks, (task + 1) * kBlocksOfTask) * kBlockPoints;
    for (std::int64_t i = task * kBlocksOfTask * kBlockPoints; i < last; ++i) {
      const std::int64_t row = order[static_cast<std::size_t>(std::min(i, count - 1))];
      if (i < count) rows_[static_cast<std::size_t>(i)] = row;
      double* place = values + i / kBlockPoints * kBlockPoints * features + i % kBlockPoints;
      for (std::int64_t f = 0; f < features; ++f)
        place[f * kBlockPoints] = points[static_cast<std::size_t>(row * features + f)];
    }
  });
}

void block_measures(Metric metric, const double* query, const double* block, std::int64_t features,
                    double* measures) {
  switch (metric) {
    case Metric::kL1:
      HWY_DYNAMIC_DISPATCH(l1_measures)(query, block, features, measures);
      return;
    case Metric::kL2:
      HWY_DYNAMIC_DISPATCH(l2_measures)(query, block, features, measures);
      return;
    case Metric::kChebyshev:
      HWY_DYNAMIC_DISPATCH(chebyshev_measures)(query, block, features, measures);
      return;
  }
}

// A group that is not full is compared one query after the other.
void block_below(Metric metric, const double* queries, std::int64_t count, const double* block,
                 std::int64_t features, const double* limits, double* measures, std::uint16_t* masks) {
  if (count < kBlockQueries) {
    for (std::int64_t i = 0; i < count; ++i) {
      double* const of_query = measures + i * kBlockPoints;
      block_measures(metric, queries + i * features, block, features, of_query);
      masks[i] = 0;
      for (std::int64_t p = 0; p < kBlockPoints; ++p)
        if (of_query[p] <= limits[i]) masks[i] = static_cast<std::uint16_t>(masks[i] | 1u << p);
    }
    return;
  }
  switch (metric) {
    case Metric::kL1:
      HWY_DYNAMIC_DISPATCH(l1_below)(queries, block, features, limits, measures, masks);
      return;
    case Metric::kL2:
      HWY_DYNAMIC_DISPATCH(l2_below)(queries, block, features, limits, measures, masks);
      return;
    case Metric::kChebyshev:
      HWY_DYNAMIC_DISPATCH(chebyshev_below)(queries, block, features, limits, measures, masks);
      return;
  }
}

void place_block(const double* points, std::int64_t count, std::int64_t features, double* block) {
  for (std::int64_t p = 0; p < kBlockPoints; ++p) {
    const double* const point = points + std::min(p, count - 1) * features;
    for (std::int64_t f = 0; f < features; ++f) block[f * kBlockPoints + p] = point[f];
  }
}

void own_measures(const double* rows, std::int64_t stride, std::int64_t count, std::int64_t features,
                  const double* points, const std::int32_t* which, double* measures) {
  HWY_DYNAMIC_DISPATCH(own_measures)(rows, stride, count, features, points, which, measures);
}

double distance_of(Metric metric, double measure) {
  return metric == Metric::kL2 ? std::sqrt(measure) : measure;
}

}  // namespace tessera::learn
#endif  // HWY_ONCE
