#include "tessera/learn/k_means.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/distance_filter.h"
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

PointBlocks blocks_of(const Tensor& points) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(points.size(0)));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return PointBlocks(points.values<double>(), points.size(1), order);
}

// The rows that are put into clusters, with what the filter needs of them.
class Rows {
 public:
  // The frame holds the rows and whatever lies among them.
  explicit Rows(const Tensor& x) : Rows(x, internal::FilterFrame(x.values<double>(), x.size(1))) {}
  Rows(const Tensor& x, internal::FilterFrame frame) : x_(x), frame_(std::move(frame)) {
    if (frame_.usable() && internal::filter_is_fast()) filtered_ = frame_.queries(x.values<double>());
  }

  // The nearest center of every row; the squared distances if they are wanted.
  Assignment assign(const Tensor& centers, bool measures) const {
    const auto count = static_cast<std::size_t>(x_.size(0));
    Assignment found{std::vector<std::int64_t>(count), std::vector<double>(measures ? count : 0)};
    const PointBlocks blocks = blocks_of(centers);
    internal::FilterPoints filter;
    if (!filtered_.squares.empty()) {
      std::vector<std::int64_t> order(static_cast<std::size_t>(centers.size(0)));
      std::iota(order.begin(), order.end(), std::int64_t{0});
      filter = internal::FilterPoints(frame_, centers.values<double>(), order);
    }
    const bool filtered = filter.blocks() > 0 && std::isfinite(filter.largest_square());
    parallel_for((x_.size(0) + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task) {
      const std::int64_t first = task * kRowsPerTask, last = std::min(x_.size(0), first + kRowsPerTask);
      if (filtered)
        filter_rows(filter, blocks, first, last, found);
      else
        for (std::int64_t i = first; i < last; ++i) measure_all(blocks, i, nullptr, found);
    });
    return found;
  }

 private:
  // Rows of groups of eight; where the filter leaves one center, that is it.
  void filter_rows(const internal::FilterPoints& filter, const PointBlocks& blocks, std::int64_t first,
                   std::int64_t last, Assignment& found) const {
    constexpr std::int64_t kGroup = internal::kFilterQueries;
    const double margin = frame_.margin(), of_points = 2 * margin * filter.largest_square() + 0x1p-98;
    thread_local std::vector<float> chains;
    thread_local std::vector<std::uint16_t> masks;
    chains.resize(static_cast<std::size_t>(blocks.blocks() * kGroup * kBlockPoints));
    masks.resize(static_cast<std::size_t>(blocks.blocks() * kGroup));
    for (std::int64_t group = first / kGroup; group * kGroup < last; ++group) {
      double slacks[kGroup];
      for (std::int64_t i = 0; i < kGroup; ++i)
        slacks[i] = of_points + margin * filtered_.squares[static_cast<std::size_t>(group * kGroup + i)];
      filter.near_least(filtered_.group(group, x_.size(1)), slacks, chains.data(), masks.data());
      for (std::int64_t i = 0; i < std::min(kGroup, last - group * kGroup); ++i)
        decide(blocks, group * kGroup + i, masks.data() + i, found);
    }
  }

  void decide(const PointBlocks& blocks, std::int64_t row, const std::uint16_t* masks,
              Assignment& found) const {
    std::int64_t survivors = 0, center = 0;
    for (std::int64_t b = 0; b < blocks.blocks(); ++b) {
      const std::uint16_t mask = masks[b * internal::kFilterQueries];
      if (mask == 0) continue;
      survivors += (mask & (mask - 1)) == 0 ? 1 : 2;
      center = b * kBlockPoints + std::countr_zero(mask);
    }
    if (survivors == 1 && found.measures.empty())
      found.clusters[static_cast<std::size_t>(row)] = center;
    else
      measure_all(blocks, row, masks, found);
  }

  // Of the blocks with a survivor, or of all. What fills the last block up is never nearer than what it repeats.
  void measure_all(const PointBlocks& blocks, std::int64_t row, const std::uint16_t* masks,
                   Assignment& found) const {
    double measures[kBlockPoints], least = std::numeric_limits<double>::infinity();
    std::int64_t center = 0;
    for (std::int64_t b = 0; b < blocks.blocks(); ++b) {
      if (masks != nullptr && masks[b * internal::kFilterQueries] == 0) continue;
      block_measures(Metric::kL2, x_.values<double>().data() + row * x_.size(1), blocks.block(b), x_.size(1),
                     measures);
      for (std::int64_t p = 0; p < kBlockPoints; ++p)
        if (measures[p] < least) {
          least = measures[p];
          center = b * kBlockPoints + p;
        }
    }
    found.clusters[static_cast<std::size_t>(row)] = center;
    if (!found.measures.empty()) found.measures[static_cast<std::size_t>(row)] = least;
  }

  const Tensor& x_;
  internal::FilterFrame frame_;
  internal::FilterQueries filtered_;
};

bool any_empty(const Assignment& rows, std::int64_t clusters) {
  std::vector<char> there(static_cast<std::size_t>(clusters));
  for (const std::int64_t cluster : rows.clusters) there[static_cast<std::size_t>(cluster)] = 1;
  return std::find(there.begin(), there.end(), 0) != there.end();
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

// Which clusters a thread adds up: neighbours, with about as many rows as the other threads'.
std::vector<std::int64_t> groups_of(const std::vector<std::int64_t>& counts, std::int64_t groups) {
  const std::int64_t all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  std::vector<std::int64_t> group;
  std::int64_t before = 0;
  for (const std::int64_t count : counts) {
    group.push_back(std::min(groups - 1, (before + count / 2) * groups / std::max<std::int64_t>(all, 1)));
    before += count;
  }
  return group;
}

// Adds the rows of a group's clusters, ascending, so that memory is read in its order.
void add_group(const Tensor& x, const std::vector<std::int64_t>& clusters,
               const std::vector<std::int64_t>& group, std::int64_t own, double* sums) {
  constexpr std::int64_t kAhead = 16, kPiece = 4096;
  const std::int64_t features = x.size(1), rows = x.size(0);
  const double* const values = x.values<double>().data();
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(kPiece) + 1);
  for (std::int64_t first = 0; first < rows; first += kPiece) {
    std::int64_t count = 0;
    for (std::int64_t i = first; i < std::min(rows, first + kPiece);
         ++i) {  // without branches: half of them are
      chosen[static_cast<std::size_t>(count)] = i;
      count += group[static_cast<std::size_t>(clusters[static_cast<std::size_t>(i)])] == own ? 1 : 0;
    }
    for (std::int64_t n = 0; n < count; ++n) {
      if (n + kAhead < count)
        for (std::int64_t f = 0; f < features; f += 8)
          __builtin_prefetch(values + chosen[static_cast<std::size_t>(n + kAhead)] * features + f);
      const std::int64_t row = chosen[static_cast<std::size_t>(n)];
      const double* const __restrict from = values + row * features;
      double* const __restrict to = sums + clusters[static_cast<std::size_t>(row)] * features;
      for (std::int64_t f = 0; f < features; ++f) to[f] += from[f];
    }
  }
}

// As index_add(zeros, clusters, x) / counts: one chain of additions per cluster and feature, in ascending order of rows.
Tensor means_of(const Tensor& x, const std::vector<std::int64_t>& clusters, std::int64_t count) {
  const std::int64_t features = x.size(1), groups = std::min<std::int64_t>(count, thread_count());
  std::vector<std::int64_t> counts(static_cast<std::size_t>(count));
  for (const std::int64_t cluster : clusters) ++counts[static_cast<std::size_t>(cluster)];
  const std::vector<std::int64_t> group = groups_of(counts, groups);
  std::vector<double> means(static_cast<std::size_t>(count * features));
  parallel_for(groups, [&](std::int64_t own) { add_group(x, clusters, group, own, means.data()); });
  for (std::size_t i = 0; i < means.size(); ++i)
    means[i] /= static_cast<double>(counts[i / static_cast<std::size_t>(features)]);
  return Tensor::from(means, {count, features});
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
  const double enough = parameters_.tol * mean(variance(x, {0})).item<double>();
  std::vector<std::int64_t> before;
  bool going = true;
  const Rows all(x);
  while (going && fit.iterations < parameters_.max_iter) {
    Assignment rows = all.assign(fit.centers, observer != nullptr);
    if (rows.clusters == before) break;
    ++fit.iterations;
    if (observer != nullptr) {
      const StepScalar scalar{"inertia", rows.inertia()};
      going = observer->on_step({++step, {&scalar, 1}});
    }
    before = rows.clusters;
    if (any_empty(rows, parameters_.n_clusters)) {
      if (rows.measures.empty()) rows = all.assign(fit.centers, true);
      refill(rows, parameters_.n_clusters);
    }
    const Tensor centers = means_of(x, rows.clusters, parameters_.n_clusters);
    const double moved = sum_squares(centers - fit.centers).item<double>();
    fit.centers = centers;
    if (moved <= enough) break;
  }
  fit.inertia = all.assign(fit.centers, true).inertia();
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
  const internal::FilterFrame frame(centers_.values<double>(), centers_.size(1));
  return Tensor::from(Rows(x, frame).assign(centers_, false).clusters, {x.size(0)});
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
