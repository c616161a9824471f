#include "tessera/learn/k_means.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/center_filter.h"
#include "tessera/learn/cluster_sums.h"
#include "tessera/learn/distance_kernels.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kInits[] = {"k_means++", "random", "first_rows"};
constexpr std::int64_t kRowsPerTask = 512;

struct Assignment {
  std::vector<std::int32_t> clusters;  // filled up to a whole group of the filter
  std::vector<double> measures;        // squared distances from their means, where they are asked for
  double inertia() const { return numerics::sum(std::span<const double>(measures)); }
};

PointBlocks blocks_of(const Tensor& points) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(points.size(0)));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return PointBlocks(points.values<double>(), points.size(1), order);
}

// The rows that are put into clusters, with what the filter needs of them.
class FilteredRows {
 public:
  // The frame is that of the rows, or of what lies among them.
  FilteredRows(const Tensor& x, internal::FilterFrame frame) : x_(x), frame_(std::move(frame)) {
    if (frame_.usable() && internal::filter_is_fast())
      filtered_ = internal::FilterRows(frame_, x.values<double>());
  }

  Assignment none() const {
    const std::int64_t groups = (x_.size(0) + internal::kFilterRows - 1) / internal::kFilterRows;
    return {std::vector<std::int32_t>(static_cast<std::size_t>(groups * internal::kFilterRows), -1), {}};
  }

  // The nearest center of every row, and the squared distances if they are wanted. Says whether a row changed its center.
  bool assign(const Tensor& centers, bool measures, Assignment& found) const {
    found.measures.resize(measures ? static_cast<std::size_t>(x_.size(0)) : 0);
    const PointBlocks blocks = blocks_of(centers);
    std::optional<internal::FilterCenters> filter;
    if (filtered_.groups() > 0) filter.emplace(frame_, centers.values<double>());
    const bool filtered = filter.has_value() && filter->usable();
    std::atomic<bool> changed = false;
    parallel_for((x_.size(0) + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task) {
      const std::int64_t first = task * kRowsPerTask, count = std::min(x_.size(0) - first, kRowsPerTask);
      const double* const rows = x_.values<double>().data() + first * x_.size(1);
      std::int32_t* const clusters = found.clusters.data() + first;
      const bool here = filtered ? filter_rows(*filter, blocks, first, count, clusters)
                                 : compare_rows(blocks, rows, count, clusters);
      if (here) changed.store(true, std::memory_order_relaxed);
      if (measures)
        own_measures(rows, x_.size(1), count, x_.size(1), centers.values<double>().data(), clusters,
                     found.measures.data() + first);
    });
    return changed;
  }

 private:
  // Where the filter is certain of a center, that is it.
  bool filter_rows(const internal::FilterCenters& filter, const PointBlocks& blocks, std::int64_t first,
                   std::int64_t count, std::int32_t* clusters) const {
    constexpr std::int64_t kGroup = internal::kFilterRows;
    std::uint32_t certain[kRowsPerTask / kGroup];
    const std::int64_t groups = (count + kGroup - 1) / kGroup;
    bool changed = filter.nearest(filtered_, first / kGroup, groups, clusters, certain);
    const double* const rows = x_.values<double>().data() + first * x_.size(1);
    for (std::int64_t g = 0; g < groups; ++g)
      for (std::uint32_t left = ~certain[g]; left != 0; left &= left - 1) {
        const std::int64_t i = g * kGroup + std::countr_zero(left);
        if (i < count) changed |= compare_rows(blocks, rows + i * x_.size(1), 1, clusters + i);
      }
    // What fills the last group up stays with the row that it repeats, so that it never counts as a change of its own.
    std::fill(clusters + count, clusters + groups * kGroup, clusters[count - 1]);
    return changed;
  }

  // The nearest of all centers by the measure itself. What fills the last block up is never nearer than what it repeats.
  bool compare_rows(const PointBlocks& blocks, const double* rows, std::int64_t count,
                    std::int32_t* clusters) const {
    bool changed = false;
    for (std::int64_t i = 0; i < count; ++i) {
      double measures[kBlockPoints], least = std::numeric_limits<double>::infinity();
      std::int64_t center = 0;
      for (std::int64_t b = 0; b < blocks.blocks(); ++b) {
        block_measures(Metric::kL2, rows + i * x_.size(1), blocks.block(b), x_.size(1), measures);
        for (std::int64_t p = 0; p < kBlockPoints; ++p)
          if (measures[p] < least) {
            least = measures[p];
            center = b * kBlockPoints + p;
          }
      }
      changed |= std::exchange(clusters[i], static_cast<std::int32_t>(center)) != center;
    }
    return changed;
  }

  const Tensor& x_;
  internal::FilterFrame frame_;
  internal::FilterRows filtered_;
};

// Clusters without rows take the farthest rows of others.
void refill(Assignment& rows, std::size_t count, std::vector<std::int64_t>& counts) {
  for (std::size_t empty = 0; empty < counts.size(); ++empty) {
    if (counts[empty] > 0) continue;
    std::size_t farthest = count;
    for (std::size_t i = 0; i < count; ++i)
      if (counts[static_cast<std::size_t>(rows.clusters[i])] > 1 &&
          (farthest == count || rows.measures[i] > rows.measures[farthest]))
        farthest = i;
    --counts[static_cast<std::size_t>(rows.clusters[farthest])];
    ++counts[empty];
    rows.clusters[farthest] = static_cast<std::int32_t>(empty);
    rows.measures[farthest] = 0;
  }
}

// The means of the rows as they are assigned; clusters that are left empty are refilled for them.
Tensor means_of(const FilteredRows& all, const Tensor& centers, const Assignment& rows,
                internal::ClusterSums& sums) {
  sums.add_up(rows.clusters);
  if (std::find(sums.counts().begin(), sums.counts().end(), 0) == sums.counts().end()) return sums.means();
  Assignment refilled = rows;
  if (refilled.measures.empty()) all.assign(centers, true, refilled);
  refill(refilled, refilled.measures.size(), sums.counts());
  sums.add_up(refilled.clusters);
  return sums.means();
}

// The rows where the running sum of weights passes each share of the whole.
std::vector<std::int64_t> draw(const std::vector<double>& weights, const std::vector<double>& shares) {
  std::vector<double> running(weights.size());
  std::partial_sum(weights.begin(), weights.end(), running.begin());
  std::vector<std::int64_t> rows;
  for (const double share : shares) {
    const auto place = std::upper_bound(running.begin(), running.end(), share * running.back());
    rows.push_back(
        std::min<std::int64_t>(place - running.begin(), static_cast<std::int64_t>(weights.size()) - 1));
  }
  return rows;
}

// Squared distances of every row from the nearest start, once `candidate` is one, too. `blocks` are those of x: the measure is the same both ways.
std::vector<double> with_candidate(const Tensor& x, const PointBlocks& blocks, std::int64_t candidate,
                                   const std::vector<double>& nearest) {
  std::vector<double> found(nearest.size());
  const double* const start = x.values<double>().data() + candidate * x.size(1);
  const std::int64_t rows = x.size(0), per_task = kRowsPerTask / kBlockPoints;
  parallel_for((blocks.blocks() + per_task - 1) / per_task, [&](std::int64_t task) {
    double measures[kBlockPoints];
    for (std::int64_t b = task * per_task; b < std::min(blocks.blocks(), (task + 1) * per_task); ++b) {
      block_measures(Metric::kL2, start, blocks.block(b), x.size(1), measures);
      const std::int64_t first = b * kBlockPoints;
      for (std::int64_t i = first; i < std::min(rows, first + kBlockPoints); ++i) {
        const auto k = static_cast<std::size_t>(i);
        found[k] = std::min(nearest[k], measures[i - first]);
      }
    }
  });
  return found;
}

std::vector<std::int64_t> plus_plus(const Tensor& x, std::int64_t clusters, RandomSource& random) {
  const std::int64_t trials = 2 + static_cast<std::int64_t>(numerics::log(static_cast<double>(clusters)));
  const std::vector<double> draws =
      random.uniform("k_means.starts", {clusters, trials}, DType::kFloat64).to_vector<double>();
  const std::int64_t first =
      std::min(static_cast<std::int64_t>(draws[0] * static_cast<double>(x.size(0))), x.size(0) - 1);
  std::vector<std::int64_t> starts = {first};
  const PointBlocks blocks = blocks_of(x);
  std::vector<double> nearest = with_candidate(
      x, blocks, first,
      std::vector<double>(static_cast<std::size_t>(x.size(0)), std::numeric_limits<double>::infinity()));
  for (std::int64_t c = 1; c < clusters; ++c) {
    const auto from = draws.begin() + c * trials;
    std::vector<double> best;
    double least = std::numeric_limits<double>::infinity();
    std::int64_t chosen = 0;
    for (const std::int64_t candidate : draw(nearest, {from, from + trials})) {
      std::vector<double> found = with_candidate(x, blocks, candidate, nearest);
      const double inertia = numerics::sum(std::span<const double>(found));
      if (!best.empty() && !(inertia < least)) continue;
      best = std::move(found);
      least = inertia;
      chosen = candidate;
    }
    starts.push_back(chosen);
    nearest = std::move(best);
  }
  return starts;
}

}  // namespace

struct KMeans::Fit {
  Tensor centers;
  double inertia = std::numeric_limits<double>::infinity();
  std::int64_t iterations = 0;
};

void KMeans::visit_parameters(ParameterVisitor& visitor) {
  visitor.integer("n_clusters", parameters_.n_clusters, Bounds::at_least(1), "How many clusters.");
  visitor.choice("init", parameters_.init, kInits, "Where the means start.");
  visitor.integer("n_init", parameters_.n_init, Bounds::between(1, 100000), "How many starts are tried.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1), "Iterations of a start at most.");
  visitor.real(
      "tol", parameters_.tol, Bounds::at_least(0),
      "Movement of the means, as a share of the features' mean variance, below which iterations end.");
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0), "What starts are drawn from.");
}

Tensor KMeans::start(const Tensor& x, RandomSource& random) const {
  if (parameters_.init == Init::kFirstRows) return copy(x.slice({Range::to(parameters_.n_clusters)}));
  if (parameters_.init == Init::kRandom)
    return gather(
        x, copy(random.permutation("k_means.rows", x.size(0)).slice({Range::to(parameters_.n_clusters)})));
  return gather(x, Tensor::from(plus_plus(x, parameters_.n_clusters, random), {parameters_.n_clusters}));
}

// False: the observer asked to stop.
bool KMeans::lloyd(const Tensor& x, Fit& fit, std::uint64_t& step, StepObserver* observer) const {
  const double enough = parameters_.tol > 0 ? parameters_.tol * mean(variance(x, {0})).item<double>() : 0;
  bool going = true;
  const FilteredRows all(x, internal::FilterFrame::of_sample(x.values<double>(), x.size(1)));
  Assignment rows = all.none();
  internal::ClusterSums sums(x, parameters_.n_clusters);
  while (going && fit.iterations < parameters_.max_iter) {
    if (!all.assign(fit.centers, observer != nullptr, rows)) break;
    ++fit.iterations;
    if (observer != nullptr) {
      const StepScalar scalar{"inertia", rows.inertia()};
      going = observer->on_step({++step, {&scalar, 1}});
    }
    const Tensor centers = means_of(all, fit.centers, rows, sums);
    const double moved = sum_squares(centers - fit.centers).item<double>();
    fit.centers = centers;
    if (moved <= enough) break;
  }
  all.assign(fit.centers, true, rows);
  fit.inertia = rows.inertia();
  return going;
}

void KMeans::learn(const Tensor& x, const Tensor&, StepObserver* observer) {
  if (parameters_.n_clusters > x.size(0))
    fail("{}: n_clusters: expected at most the {} rows, found {}", name(), x.size(0), parameters_.n_clusters);
  const FloatEnvironment contract;
  RandomSource random(static_cast<std::uint64_t>(parameters_.seed));
  Fit best;
  std::uint64_t step = 0;
  for (std::int64_t i = 0; i < parameters_.n_init; ++i) {
    if (i > 0) random.begin_step(static_cast<std::uint64_t>(i));
    Fit fit;
    fit.centers = start(x, random);
    const bool going = lloyd(x, fit, step, observer);
    if (fit.inertia < best.inertia || !best.centers.defined()) best = fit;
    if (!going) break;
  }
  centers_ = best.centers;
  inertia_ = best.inertia;
  iterations_ = best.iterations;
}

Tensor KMeans::answer(const Tensor& x) const {
  const FilteredRows rows(x, internal::FilterFrame(centers_.values<double>(), centers_.size(1)));
  Assignment found = rows.none();
  rows.assign(centers_, false, found);
  return Tensor::from(std::vector<std::int64_t>(found.clusters.begin(), found.clusters.begin() + x.size(0)),
                      {x.size(0)});
}

void KMeans::visit_learned(StateVisitor& visitor) {
  visitor.tensor("centers", centers_);
  visitor.real("inertia", inertia_);
  visitor.integer("iterations", iterations_);
}

void KMeans::check_learned() const {
  require_restored(name(), "centers", centers_, DType::kFloat64, {-1, features()});
  require_finite(name(), "centers", centers_);
}

}  // namespace tessera::learn
