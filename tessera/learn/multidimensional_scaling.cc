#include "tessera/learn/multidimensional_scaling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/distance_kernels.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

// What is computed with points that meet, instead of 0: scikit-learn's.
constexpr double kTouching = 1e-5;

Tensor finite_matrix(const Tensor& given, std::string_view function, std::string_view what) {
  if (!given.defined() || given.rank() != 2 || given.size(0) < 1 || given.size(1) < 1)
    fail("{}: {}: expected [rows, columns] with at least one of each, found {}", function, what,
         given.defined() ? given.shape().to_string() : "no tensor");
  const Tensor x = contiguous(given.dtype() == DType::kFloat64 ? given : cast(given, DType::kFloat64));
  const auto values = x.values<double>();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      fail("{}: {}: row {}, column {} is not a finite number", function, what,
           static_cast<std::int64_t>(i) / x.size(1), static_cast<std::int64_t>(i) % x.size(1));
  return x;
}

Tensor checked_dissimilarities(const Tensor& given, std::string_view function) {
  const Tensor x = finite_matrix(given, function, "dissimilarities");
  const std::int64_t n = x.size(0);
  if (x.size(1) != n)
    fail("{}: dissimilarities: expected as many columns as rows, found {}", function, x.shape().to_string());
  const double* values = x.values<double>().data();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      const double here = values[i * n + j], there = values[j * n + i];
      if (here < 0 || (i == j && here != 0))
        fail("{}: dissimilarities: expected {} at row {}, column {}, found {}", function,
             i == j ? "0" : "at least 0", i, j, here);
      if (std::abs(here - there) > 1e-10 * std::max(1.0, std::abs(here)))
        fail("{}: dissimilarities: row {}, column {} is {} and row {}, column {} is {}; expected the same",
             function, i, j, here, j, i, there);
    }
  return x;
}

void check_dimensions(std::int64_t n_components, std::int64_t points, std::string_view function) {
  if (n_components < 1 || n_components > points)
    fail("{}: n_components: expected 1 to the {} points, found {}", function, points, n_components);
}

struct Placed {
  Tensor points;
  double stress = 0, squares = 0;  // sums over pairs
};

Placed placed(const Tensor& points, const Tensor& distances, const Tensor& dissimilarities) {
  return {points, sum_squares(distances - dissimilarities).item<double>() / 2,
          sum_squares(distances).item<double>() / 2};
}

// Guttman's transform: each point becomes the mean of where the others would have it.
Tensor transformed(const Tensor& points, const Tensor& distances, const Tensor& dissimilarities) {
  const Tensor ratio = dissimilarities / select(equal(distances, 0.0), kTouching, distances);
  const Tensor moved = points * sum(ratio, {1}, true) - matmul(ratio, points);
  return moved / static_cast<double>(points.size(0));
}

}  // namespace

Tensor euclidean_distances(const Tensor& given) {
  const FloatEnvironment contract;
  const Tensor x = finite_matrix(given, "euclidean_distances", "x");
  const std::int64_t n = x.size(0), features = x.size(1);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const std::span<const double> values = x.values<double>();
  const PointBlocks blocks(values, features, order);
  std::vector<double> found(static_cast<std::size_t>(n * n));
  parallel_for(n, [&](std::int64_t i) {
    double measures[kBlockPoints];
    for (std::int64_t b = 0; b < blocks.blocks(); ++b) {
      block_measures(Metric::kL2, values.data() + i * features, blocks.block(b), features, measures);
      for (std::int64_t p = 0; p < std::min(kBlockPoints, n - b * kBlockPoints); ++p)
        found[static_cast<std::size_t>(i * n + b * kBlockPoints + p)] = distance_of(Metric::kL2, measures[p]);
    }
  });
  return Tensor::from(found, {n, n});
}

ClassicalScaling classical_mds(const Tensor& given, std::int64_t n_components) {
  const FloatEnvironment contract;
  const Tensor x = checked_dissimilarities(given, "classical_mds");
  check_dimensions(n_components, x.size(0), "classical_mds");
  const Tensor squares = x * x;
  const Tensor by_column = squares - mean(squares, {0}, true);
  const Tensor centered = (by_column - mean(by_column, {1}, true)) * -0.5;
  const linalg::SymmetricEigen eigen =
      linalg::largest_symmetric_eigen((centered + transpose(centered)) * 0.5, n_components);
  const Tensor values = copy(eigen.values.slice({Range::step(-1)}));
  const Tensor vectors = eigen.vectors.slice({Range::all(), Range::step(-1)});
  // An eigenvalue that rounding alone has made, or that no points could have.
  const double least = values.at<double>({n_components - 1}), most = values.at<double>({0});
  if (least < -1e-10 * std::max(most, 1e-300))
    fail(
        "classical_mds: n_components: the dissimilarities fill fewer than {} dimensions (an eigenvalue of "
        "{:.3g}); "
        "expected fewer",
        n_components, least);
  // What is within rounding of 0 is an axis without extent.
  const Tensor kept = select(less(values, 1e-14 * std::max(most, 0.0)), 0.0, values);
  return {copy(vectors * sqrt(kept)), kept};
}

Scaling smacof_from(const Tensor& given, const Tensor& start, const SmacofOptions& options) {
  const FloatEnvironment contract;
  const Tensor x = checked_dissimilarities(given, "smacof");
  const Tensor first = finite_matrix(start, "smacof", "start");
  if (first.size(0) != x.size(0))
    fail("smacof: start: expected {} points, found {}", x.size(0), first.size(0));
  if (options.max_iter < 1) fail("smacof: max_iter: expected at least 1, found {}", options.max_iter);
  Tensor distances = euclidean_distances(first);
  Placed now{first};
  std::int64_t iterations = 0;
  while (iterations < options.max_iter) {
    const double before = now.stress;
    const Tensor points = transformed(now.points, distances, x);
    distances = euclidean_distances(points);
    now = placed(points, distances, x);
    ++iterations;
    if (iterations > 1 && !(before - now.stress >= options.eps * now.squares)) break;
  }
  const double normalized = now.squares > 0 ? std::sqrt(now.stress / now.squares) : 0;
  return {now.points, now.stress, normalized, iterations};
}

Scaling smacof(const Tensor& given, const SmacofOptions& options) {
  const FloatEnvironment contract;
  const Tensor x = checked_dissimilarities(given, "smacof");
  check_dimensions(options.n_components, x.size(0), "smacof");
  if (options.init == SmacofOptions::Init::kClassical)
    return smacof_from(x, classical_mds(x, options.n_components).embedding, options);
  if (options.n_init < 1) fail("smacof: n_init: expected at least 1, found {}", options.n_init);
  RandomSource random(static_cast<std::uint64_t>(options.seed));
  Scaling best;
  for (std::int64_t i = 0; i < options.n_init; ++i) {
    if (i > 0) random.begin_step(static_cast<std::uint64_t>(i));
    const Tensor start = random.uniform("smacof.start", {x.size(0), options.n_components}, DType::kFloat64);
    Scaling found = smacof_from(x, start, options);
    if (i == 0 || found.stress < best.stress) best = found;
  }
  return best;
}

}  // namespace tessera::learn
