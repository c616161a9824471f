#include "tessera/learn/cluster_sums.h"

// As in the other sources of this room: AVX2 and AVX-512; Highway insists on a baseline.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/learn/cluster_sums.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include <algorithm>
#include <numeric>

#include "tessera/base/thread_pool.h"

#ifndef TESSERA_LEARN_CLUSTER_SUMS_ONCE
#define TESSERA_LEARN_CLUSTER_SUMS_ONCE
namespace tessera::learn::internal {

// Sums of a cluster fill whole lines of the cache, so that whole vectors are written.
constexpr std::int64_t kLine = 8;
struct alignas(64) Line {
  double sums[kLine];
};

struct ChosenRows {
  const double* values;  // of the first row of the piece
  std::int64_t features;
  const std::int32_t* clusters;  // of the rows of the piece
  std::span<const std::int32_t> rows;
  std::int32_t first_cluster;
};

}  // namespace tessera::learn::internal
#endif

HWY_BEFORE_NAMESPACE();
namespace tessera::learn::internal::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2

namespace hn = hwy::HWY_NAMESPACE;

// Each element is its own chain, whatever the width of vectors.
HWY_INLINE void add_row(const double* from, std::int64_t features, double* to) {
  const hn::CappedTag<double, kLine> d;
  constexpr std::int64_t kLanes = HWY_TARGET == HWY_AVX3 ? 8 : 4;
  std::int64_t f = 0;
  for (; f + kLanes <= features; f += kLanes)
    hn::StoreU(hn::Add(hn::LoadU(d, to + f), hn::LoadU(d, from + f)), d, to + f);
  if (f == features) return;
  const auto rest = hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(features - f)), d, from + f);
  hn::StoreU(hn::Add(hn::LoadU(d, to + f), rest), d, to + f);
}

#else

void add_row(const double* from, std::int64_t features, double* to) {
  for (std::int64_t f = 0; f < features; ++f) to[f] += from[f];
}

#endif

void add_rows(const ChosenRows& chosen, Line* sums, std::int64_t* counts) {
  constexpr std::size_t kAhead = 16;
  const std::int64_t features = chosen.features;
  const std::int64_t lines = (features + kLine - 1) / kLine;
  for (std::size_t n = 0; n < chosen.rows.size(); ++n) {
    if (n + kAhead < chosen.rows.size())
      for (std::int64_t f = 0; f < features; f += 8)
        __builtin_prefetch(chosen.values + chosen.rows[n + kAhead] * features + f);
    const std::int64_t cluster = chosen.clusters[chosen.rows[n]] - chosen.first_cluster;
    add_row(chosen.values + chosen.rows[n] * features, features, sums[cluster * lines].sums);
    ++counts[cluster];
  }
}

}  // namespace tessera::learn::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tessera::learn::internal {

HWY_EXPORT(add_rows);

ClusterSums::ClusterSums(const Tensor& x, std::int64_t clusters)
    : x_(x),
      sums_(static_cast<std::size_t>(clusters * x.size(1))),
      counts_(static_cast<std::size_t>(clusters), 1) {}

void ClusterSums::add_up(std::span<const std::int32_t> clusters) {
  const auto count = static_cast<std::int32_t>(counts_.size());
  const std::vector<std::int32_t> first = first_clusters(std::min(count, thread_count()));
  parallel_for(static_cast<std::int64_t>(first.size()) - 1, [&](std::int64_t group) {
    const auto g = static_cast<std::size_t>(group);
    add_clusters(clusters, first[g], first[g + 1]);
  });
}

Tensor ClusterSums::means() const {
  std::vector<double> means(sums_);
  const auto features = static_cast<std::size_t>(x_.size(1));
  for (std::size_t i = 0; i < means.size(); ++i) means[i] /= static_cast<double>(counts_[i / features]);
  return Tensor::from(means, {static_cast<std::int64_t>(counts_.size()), x_.size(1)});
}

// Neighbouring clusters are a group, with about as many rows as the other groups if clusters are as large as last time.
std::vector<std::int32_t> ClusterSums::first_clusters(std::int64_t groups) const {
  const std::int64_t all = std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
  std::vector<std::int32_t> first = {0};
  std::int64_t before = 0;
  for (std::size_t c = 0; c < counts_.size(); ++c) {
    const std::int64_t group = std::min(groups - 1, (before + counts_[c] / 2) * groups / all);
    while (static_cast<std::int64_t>(first.size()) <= group) first.push_back(static_cast<std::int32_t>(c));
    before += counts_[c];
  }
  first.push_back(static_cast<std::int32_t>(counts_.size()));
  return first;
}

// In memory of its own, or threads would wait for each other's lines; rows ascending, so that memory is read in its order.
void ClusterSums::add_clusters(std::span<const std::int32_t> clusters, std::int32_t first,
                               std::int32_t last) {
  constexpr std::int64_t kPiece = 4096;
  const std::int64_t features = x_.size(1), lines = (features + kLine - 1) / kLine;
  std::vector<Line> sums(static_cast<std::size_t>((last - first) * lines));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(last - first));
  std::vector<std::int32_t> chosen(static_cast<std::size_t>(kPiece) + 1);
  for (std::int64_t row = 0; row < x_.size(0); row += kPiece) {
    const std::int32_t* const of_piece = clusters.data() + row;
    const auto rows = static_cast<std::int32_t>(std::min(kPiece, x_.size(0) - row));
    std::size_t count = 0;
    for (std::int32_t i = 0; i < rows; ++i) {  // without branches: with two threads half of them are
      chosen[count] = i;
      count += of_piece[i] >= first && of_piece[i] < last ? 1 : 0;
    }
    HWY_DYNAMIC_DISPATCH(add_rows)
    ({x_.values<double>().data() + row * features, features, of_piece, {chosen.data(), count}, first},
     sums.data(), counts.data());
  }
  for (std::int64_t c = 0; c < last - first; ++c)
    std::copy_n(sums[static_cast<std::size_t>(c * lines)].sums, features,
                sums_.begin() + (first + c) * features);
  std::copy(counts.begin(), counts.end(), counts_.begin() + first);
}

}  // namespace tessera::learn::internal
#endif  // HWY_ONCE
