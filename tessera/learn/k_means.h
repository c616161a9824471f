// k-means: rows are put into clusters so that the sum of squared distances to the clusters' means is small. Lloyd, "Least squares quantization in PCM", IEEE
// Transactions on Information Theory 28 (1982); starts by Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
//
//   init       k_means++: each next start is the best of 2 + log(k) rows drawn in proportion to their squared distance from the starts so far, draws by
//              counter from `seed`; random: rows drawn; first_rows: the first rows of the data, for starts that are given
//   n_init     how many starts are tried; the one of least inertia is kept, of equal ones the first
//   max_iter   Lloyd's iterations at most; they end before when no row changes its cluster, or the means move less than
//   tol        times the mean variance of the features
//
// A row belongs to the nearest mean by nearest.h's measure (exact differences, no expansion of squares), of equally near ones to the one of lower number.
// A cluster that is left without rows takes the row farthest from its mean (of equal ones the lowest) out of a cluster with several. Means
// are sums in ascending order of rows (index_add), divided once. An iteration takes N k F operations.
//
// Errors: those of estimator.h; more clusters than rows. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 10, 1, 11}, {4, 1});
// learn::KMeans model({.n_clusters = 2, .init = learn::KMeans::Init::kFirstRows});
// model.fit(x);
// assert(model.predict(x).to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 1, 0, 1}));
// assert(model.inertia() == 1 && model.centers().to_vector<double>() == (std::vector<double>{0.5, 10.5}));
// ```
#pragma once

#include "tessera/learn/estimator.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

class KMeans : public Clusterer {
 public:
  enum class Init : std::uint8_t { kKMeansPlusPlus, kRandom, kFirstRows };
  struct Parameters {
    std::int64_t n_clusters = 8;
    Init init = Init::kKMeansPlusPlus;
    std::int64_t n_init = 1, max_iter = 300;
    double tol = 1e-4;
    std::int64_t seed = 0;
  };
  KMeans() = default;
  explicit KMeans(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "k_means"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  Tensor centers() const { return centers_; }  // [clusters, F]
  double inertia() const { return inertia_; }  // sum of squared distances of the rows that were learned from
  std::int64_t iterations() const { return iterations_; }  // of the start that was kept

 protected:
  // The observer is told of "inertia" before each move of the means.
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  struct Fit;
  Tensor start(const Tensor& x, RandomSource& random) const;
  bool lloyd(const Tensor& x, Fit& fit, std::uint64_t& step, StepObserver* observer) const;

  Parameters parameters_;
  Tensor centers_;
  double inertia_ = 0;
  std::int64_t iterations_ = 0;
};

}  // namespace tessera::learn
