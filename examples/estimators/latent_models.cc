// Latent linear models: rows are a few hidden numbers through a matrix, plus noise. Probabilistic PCA has the same noise everywhere, and EM finds
// the closed form's optimum; factor analysis gives each feature its own noise, and is not misled by one loud feature, where PCA is.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

void show(const char* what, const Tensor& row) {
  std::printf("%-28s", what);
  for (const double value : row.to_vector<double>()) std::printf(" %6.2f", value);
  std::printf("\n");
}

int main() {
  use_default_backend();
  RandomSource random(11);
  const Tensor hidden = random.normal("hidden", {2000, 1}, DType::kFloat64);
  const Tensor loadings = Tensor::from<double>({0.8, 0.8, 0.8, -0.8, 0}, {1, 5});
  const Tensor noise =
      Tensor::from<double>({0.3, 0.3, 0.3, 0.3, 1.8}, {5});  // the last feature is loud and says nothing
  const Tensor x = matmul(hidden, loadings) + random.normal("noise", {2000, 5}, DType::kFloat64) * noise;

  learn::PCA pca({.n_components = 1});
  learn::ProbabilisticPCA closed({.n_components = 1});
  learn::ProbabilisticPCA em({.n_components = 1, .solver = learn::ProbabilisticPCA::Solver::kEm});
  learn::FactorAnalysis factors({.n_components = 1, .tol = 1e-6});
  pca.fit(x);
  closed.fit(x);
  em.fit(x);
  factors.fit(x);
  show("true loadings", loadings);
  show("pca, its first direction", pca.components());
  show("probabilistic pca", closed.loadings());
  show("the same by EM", em.loadings());
  show("factor analysis", factors.components());
  show("its noise, as deviations", sqrt(factors.noise_variance()));
  std::printf("mean log-likelihood: pca %.6f, probabilistic pca %.6f, by EM %.6f, factor analysis %.6f\n",
              pca.score(x), closed.score(x), em.score(x), factors.score(x));

  // Two factors, as they come and after Kaiser's rotation.
  const Tensor pattern = Tensor::from<double>({0.9, 0.8, 0.7, 0, 0, 0, 0, 0, 0, 0.9, 0.8, 0.7}, {2, 6});
  const Tensor y = matmul(random.normal("two", {3000, 2}, DType::kFloat64), pattern) +
                   random.normal("rest", {3000, 6}, DType::kFloat64) * 0.5;
  for (const auto rotation :
       {learn::FactorAnalysis::Rotation::kNone, learn::FactorAnalysis::Rotation::kVarimax}) {
    learn::FactorAnalysis two({.n_components = 2, .rotation = rotation});
    two.fit(y);
    const bool rotated = rotation == learn::FactorAnalysis::Rotation::kVarimax;
    show(rotated ? "varimax, first factor" : "no rotation, first factor", two.components().slice({0}));
    show(rotated ? "varimax, second factor" : "no rotation, second factor", two.components().slice({1}));
  }
}
