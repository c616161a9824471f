// k nearest neighbours: a row is what the nearest rows of the training data are. Cover and Hart, "Nearest neighbor pattern classification", IEEE
// Transactions on Information Theory 13 (1967); nearest.h says how the nearest are found and of equally distant ones the lower row taken.
//
//   n_neighbors  k, at least 1 and at most the rows that are learned from
//   weights      uniform: each neighbour counts the same. distance: as 1 / distance; neighbours at distance 0, if there are any, count alone
//   metric       l1 (sum of absolute differences), l2 (Euclidean), chebyshev (the largest difference)
//   algorithm    brute, kd_tree, or auto (kd_tree up to 15 features); the results are the same bits, only the time differs
//
// Probabilities are the neighbours' shares of weight, sums over neighbours from near to far by the contract's rule. A rotation of all rows
// changes no l2 distance, but l1 and chebyshev distances; l2 squares differences, so that those beyond 1e154 are all as far, and those below 1e-162 all 0. Features of larger scale count more: scale them first (scalers.h).
//
// Errors: those of estimator.h; more neighbours than rows. Thread-safety: as estimator.h.
//
// ```cpp
// learn::KNeighborsRegressor model({.n_neighbors = 2, .weights = learn::NeighborWeights::kDistance});
// model.fit(Tensor::from<double>({0, 1, 2}, {3, 1}), Tensor::from<double>({0, 10, 20}, {3}));
// assert(std::abs(model.predict(Tensor::from<double>({0.25}, {1, 1})).item<double>() - 2.5) < 1e-12);
// assert(model.predict(Tensor::from<double>({2}, {1, 1})).item<double>() == 20);
// ```
#pragma once

#include <optional>

#include "tessera/learn/estimator.h"
#include "tessera/learn/nearest.h"

namespace tessera::learn {

enum class NeighborWeights : std::uint8_t { kUniform, kDistance };
enum class NeighborAlgorithm : std::uint8_t { kAuto, kBrute, kKdTree };

struct KNeighborsParameters {
  std::int64_t n_neighbors = 5;
  NeighborWeights weights = NeighborWeights::kUniform;
  Metric metric = Metric::kL2;
  NeighborAlgorithm algorithm = NeighborAlgorithm::kAuto;
};

// The training data, and the search in it. Restoring the points builds the index anew.
class NeighborSearch {
 public:
  explicit NeighborSearch(const KNeighborsParameters& chosen) : parameters(chosen) {}
  void visit_parameters(ParameterVisitor& visitor);
  void learn(std::string_view estimator, const Tensor& x, const Tensor& y);
  void visit_learned(StateVisitor& visitor);
  void check_restored(std::string_view owner, std::int64_t features, DType targets) const;
  Neighbours nearest(const Tensor& x) const;
  // Weights of neighbours [N, k].
  Tensor weights(const Tensor& distances) const;
  const Tensor& targets() const { return targets_; }

  KNeighborsParameters parameters;

 private:
  bool wants_tree(std::int64_t features) const;
  void build();
  Tensor points_, targets_;
  std::optional<NearestPoints> index_;
};

class KNeighborsClassifier : public Classifier {
 public:
  using Parameters = KNeighborsParameters;
  KNeighborsClassifier() : KNeighborsClassifier(Parameters()) {}
  explicit KNeighborsClassifier(const Parameters& parameters) : search_(parameters) {}

  std::string_view name() const override { return "k_neighbors_classifier"; }
  void visit_parameters(ParameterVisitor& visitor) override { search_.visit_parameters(visitor); }
  Neighbours nearest(const Tensor& features) const;  // of each row

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor probabilities(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override { search_.visit_learned(visitor); }
  void check_learned() const override;

 private:
  NeighborSearch search_;
};

class KNeighborsRegressor : public Regressor {
 public:
  using Parameters = KNeighborsParameters;
  KNeighborsRegressor() : KNeighborsRegressor(Parameters()) {}
  explicit KNeighborsRegressor(const Parameters& parameters) : search_(parameters) {}

  std::string_view name() const override { return "k_neighbors_regressor"; }
  void visit_parameters(ParameterVisitor& visitor) override { search_.visit_parameters(visitor); }
  Neighbours nearest(const Tensor& features) const;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override { search_.visit_learned(visitor); }
  void check_learned() const override;

 private:
  NeighborSearch search_;
};

}  // namespace tessera::learn
