#include "tessera/learn/k_neighbors.h"

#include <limits>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/learn/present_classes.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kWeights[] = {"uniform", "distance"};
constexpr std::string_view kMetrics[] = {"l1", "l2", "chebyshev"};
constexpr std::string_view kAlgorithms[] = {"auto", "brute", "kd_tree"};
constexpr std::int64_t kTreeFeatures = 15;

}  // namespace

void NeighborSearch::visit_parameters(ParameterVisitor& visitor) {
  visitor.integer("n_neighbors", parameters.n_neighbors, Bounds::at_least(1), "How many neighbours decide.");
  visitor.choice("weights", parameters.weights, kWeights,
                 "Whether each neighbour counts the same, or as the inverse of its distance.");
  visitor.choice("metric", parameters.metric, kMetrics, "How far two rows are apart.");
  visitor.choice("algorithm", parameters.algorithm, kAlgorithms,
                 "How neighbours are found; the result does not depend on it.");
}

void NeighborSearch::learn(std::string_view estimator, const Tensor& x, const Tensor& y) {
  if (parameters.n_neighbors > x.size(0))
    fail("{}: n_neighbors: expected at most the {} rows that are learned from, found {}", estimator,
         x.size(0), parameters.n_neighbors);
  // Shared where nothing is built from the points. Whoever has only lent them takes a copy of the whole model, and would build a tree twice.
  points_ = wants_tree(x.size(1)) ? copy(x) : x;
  targets_ = copy(y);
  build();
}

bool NeighborSearch::wants_tree(std::int64_t features) const {
  return parameters.algorithm == NeighborAlgorithm::kKdTree ||
         (parameters.algorithm == NeighborAlgorithm::kAuto && features <= kTreeFeatures);
}

void NeighborSearch::build() {
  index_.emplace(points_, parameters.metric, wants_tree(points_.size(1)));
}

Neighbours NeighborSearch::nearest(const Tensor& x) const {
  if (parameters.n_neighbors > points_.size(0))  // set after learning
    fail("n_neighbors: expected at most the {} rows that were learned from, found {}", points_.size(0),
         parameters.n_neighbors);
  return index_->search(x, parameters.n_neighbors);
}

void NeighborSearch::visit_learned(StateVisitor& visitor) {
  const void* before = points_.defined() ? points_.identity() : nullptr;
  visitor.tensor("points", points_);
  visitor.tensor("targets", targets_);
  if (points_.defined() && points_.identity() != before) {
    require_restored("nearest neighbours", "points", points_, DType::kFloat64, {-1, -1});
    require_finite("nearest neighbours", "points", points_);
    build();
  }
}

Tensor NeighborSearch::weights(const Tensor& distances) const {
  if (parameters.weights == NeighborWeights::kUniform) return ones(distances.shape(), DType::kFloat64);
  const Tensor inverse = 1 / distances;
  const Tensor at_zero = cast(equal(inverse, std::numeric_limits<double>::infinity()), DType::kFloat64);
  // All of them infinitely far: no one is nearer.
  const Tensor of_all = select(greater(sum(inverse, {1}, true), 0), inverse, 1.0);
  return select(greater(sum(at_zero, {1}, true), 0), at_zero, of_all);
}

// ---- Classification ----

void KNeighborsClassifier::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  search_.learn(name(), x, y);
}

Neighbours KNeighborsClassifier::nearest(const Tensor& features) const {
  require_fitted();
  return search_.nearest(checked_features(features, false));
}

Tensor KNeighborsClassifier::probabilities(const Tensor& x) const {
  const Neighbours found = search_.nearest(x);
  const Tensor weights = search_.weights(found.distances);
  const Tensor classes_of = reshape(gather(search_.targets(), reshape(found.rows, {-1})), found.rows.shape());
  // Of the classes that any neighbour is of, however many there are besides.
  std::vector<bool> is_present(static_cast<std::size_t>(classes()));
  for (const std::int64_t c : classes_of.values<std::int64_t>())
    is_present[static_cast<std::size_t>(c)] = true;
  std::vector<std::int64_t> present;
  std::vector<Tensor> votes;
  for (std::int64_t c = 0; c < classes(); ++c) {
    if (!is_present[static_cast<std::size_t>(c)]) continue;
    present.push_back(c);
    votes.push_back(sum(select(equal(classes_of, c), weights, 0.0), {1}, true));
  }
  const Tensor places = Tensor::from(present, {static_cast<std::int64_t>(present.size())});
  const Tensor all = among_all(places, concatenate(votes, 1), classes());
  return all / sum(all, {1}, true);
}

// ---- Regression ----

void KNeighborsRegressor::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  search_.learn(name(), x, y);
}

Neighbours KNeighborsRegressor::nearest(const Tensor& features) const {
  require_fitted();
  return search_.nearest(checked_features(features, false));
}

Tensor KNeighborsRegressor::answer(const Tensor& x) const {
  const Neighbours found = search_.nearest(x);
  const Tensor weights = search_.weights(found.distances);
  const Tensor values = reshape(gather(search_.targets(), reshape(found.rows, {-1})), found.rows.shape());
  return sum(weights * values, {1}) / sum(weights, {1});
}

// ---- What was read from a file ----

void NeighborSearch::check_restored(std::string_view owner, std::int64_t features, DType targets) const {
  require_restored(owner, "points", points_, DType::kFloat64, {-1, features});
  require_restored(owner, "targets", targets_, targets, {points_.size(0)});
}

void KNeighborsClassifier::check_learned() const {
  search_.check_restored(name(), features(), DType::kInt64);
  require_below(name(), "targets", search_.targets(), classes());
}

void KNeighborsRegressor::check_learned() const {
  search_.check_restored(name(), features(), DType::kFloat64);
}

}  // namespace tessera::learn
