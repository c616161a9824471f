#include "tessera/learn/k_means.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/distance_kernels.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kInits[] = {"k_means++", "random", "first_rows"};
constexpr std::int64_t kRowsPerTask = 256;

struct Assignment {
  std::vector<std::int64_t> clusters;
  std::vector<double> measures;  // squared distances from their means
  double inertia() const { return numerics::sum(std::span<const double>(measures)); }
};

// visit(row, block, measures) for every row and every block of `points`; rows in parallel.
template <typename Visit>
void each_measure(const Tensor& x, const PointBlocks& points, const Visit& visit) {
  const std::span<const double> values = x.values<double>();
  const std::int64_t rows = x.size(0), features = x.size(1);
  parallel_for((rows + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task) {
    double measures[kBlockPoints];
    for (std::int64_t i = task * kRowsPerTask; i < std::min(rows, (task + 1) * kRowsPerTask); ++i)
      for (std::int64_t b = 0; b < points.blocks(); ++b) {
        block_measures(Metric::kL2, values.data() + i * features, points.block(b), features, measures);
        visit(static_cast<std::size_t>(i), b, measures);
      }
  });
}

PointBlocks blocks_of(const Tensor& points) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(points.size(0)));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return PointBlocks(points.values<double>(), points.size(1), order);
}

Assignment assign(const Tensor& x, const Tensor& centers) {
  const PointBlocks blocks = blocks_of(centers);
  const std::size_t rows = static_cast<std::size_t>(x.size(0));
  Assignment found{std::vector<std::int64_t>(rows, 0),
                   std::vector<double>(rows, std::numeric_limits<double>::infinity())};
  each_measure(x, blocks, [&](std::size_t i, std::int64_t block, const double* measures) {
    for (std::int64_t p = 0; p < kBlockPoints;
         ++p)  // what fills the last block up is never nearer than what it repeats
      if (measures[p] < found.measures[i]) {
        found.measures[i] = measures[p];
        found.clusters[i] = block * kBlockPoints + p;
      }
  });
  return found;
}

// Clusters without rows take the farthest rows of others.
void refill(Assignment& rows, std::int64_t clusters) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(clusters));
  for (const std::int64_t cluster : rows.clusters) ++counts[static_cast<std::size_t>(cluster)];
  for (std::int64_t empty = 0; empty < clusters; ++empty) {
    if (counts[static_cast<std::size_t>(empty)] > 0) continue;
    std::size_t farthest = rows.clusters.size();
    for (std::size_t i = 0; i < rows.clusters.size(); ++i)
      if (counts[static_cast<std::size_t>(rows.clusters[i])] > 1 &&
          (farthest == rows.clusters.size() || rows.measures[i] > rows.measures[farthest]))
        farthest = i;
    --counts[static_cast<std::size_t>(rows.clusters[farthest])];
    ++counts[static_cast<std::size_t>(empty)];
    rows.clusters[farthest] = empty;
    rows.measures[farthest] = 0;
  }
}

Tensor means_of(const Tensor& x, const std::vector<std::int64_t>& clusters, std::int64_t count) {
  const Tensor index = Tensor::from(clusters, {x.size(0)});
  const Tensor sums = index_add(zeros({count, x.size(1)}, DType::kFloat64), index, x);
  const Tensor rows =
      index_add(zeros({count, 1}, DType::kFloat64), index, ones({x.size(0), 1}, DType::kFloat64));
  return sums / rows;
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

// Squared distances of every row from the nearest start, once `candidate` is one, too.
std::vector<double> with_candidate(const Tensor& x, std::int64_t candidate,
                                   const std::vector<double>& nearest) {
  std::vector<double> found = nearest;
  each_measure(x, PointBlocks(x.values<double>(), x.size(1), {candidate}),
               [&](std::size_t i, std::int64_t, const double* measures) {
                 found[i] = std::min(found[i], measures[0]);
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
  std::vector<double> nearest = with_candidate(
      x, first,
      std::vector<double>(static_cast<std::size_t>(x.size(0)), std::numeric_limits<double>::infinity()));
  for (std::int64_t c = 1; c < clusters; ++c) {
    const auto from = draws.begin() + c * trials;
    std::vector<double> best;
    double least = std::numeric_limits<double>::infinity();
    std::int64_t chosen = 0;
    for (const std::int64_t candidate : draw(nearest, {from, from + trials})) {
      std::vector<double> found = with_candidate(x, candidate, nearest);
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
  const double enough = parameters_.tol * mean(variance(x, {0})).item<double>();
  std::vector<std::int64_t> before;
  bool going = true;
  while (going && fit.iterations < parameters_.max_iter) {
    Assignment rows = assign(x, fit.centers);
    if (rows.clusters == before) break;
    ++fit.iterations;
    const StepScalar scalar{"inertia", rows.inertia()};
    going = observer == nullptr || observer->on_step({++step, {&scalar, 1}});
    before = rows.clusters;
    refill(rows, parameters_.n_clusters);
    const Tensor centers = means_of(x, rows.clusters, parameters_.n_clusters);
    const double moved = sum_squares(centers - fit.centers).item<double>();
    fit.centers = centers;
    if (moved <= enough) break;
  }
  fit.inertia = assign(x, fit.centers).inertia();
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
  return Tensor::from(assign(x, centers_).clusters, {x.size(0)});
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
