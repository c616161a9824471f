// Principal components step by step: center, covariance, eigenvectors, order, project; and that the estimator does the same. Then few components of
// many features by random projection beside the exact ones, and PCA of one-hot features: words that always come together share a direction.
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

double difference(const Tensor& a, const Tensor& b) {
  return max(absolute(a - b)).item<double>();
}

int main() {
  use_default_backend();
  RandomSource random(5);
  const Tensor x = matmul(random.normal("hidden", {200, 2}, DType::kFloat64),
                          Tensor::from<double>({3, 2, 1, 0, -1, 1}, {2, 3})) +
                   random.normal("noise", {200, 3}, DType::kFloat64) * 0.2 + 5.0;

  const Tensor centered = x - mean(x, {0});                                 // 1. center
  const Tensor covariance = matmul(transpose(centered), centered) / 199.0;  // 2. covariance
  const linalg::SymmetricEigen eigen =
      linalg::symmetric_eigen((covariance + transpose(covariance)) * 0.5);  // 3. eigenvectors
  const Tensor variances = copy(eigen.values.slice({Range::step(-1)}));     // 4. largest first
  const Tensor directions = copy(transpose(eigen.vectors).slice({Range::step(-1)}));
  const Tensor projected = matmul(centered, transpose(directions.slice({Range::to(2)})));  // 5. project

  learn::PCA model({.n_components = 2});
  const Tensor found = model.fit_transform(x);
  std::printf("variances by hand %.6f %.6f %.6f; pca explains %.4f and %.4f of them\n",
              variances.at<double>({0}), variances.at<double>({1}), variances.at<double>({2}),
              model.explained_variance_ratio().at<double>({0}),
              model.explained_variance_ratio().at<double>({1}));
  std::printf("projections agree to 1e-12: %s\n", difference(projected, found) < 1e-12 ? "yes" : "no");
  const Tensor back = model.inverse_transform(found);
  std::printf("rows rebuilt from two of three numbers: mean squared error %.4f, the third variance %.4f\n",
              sum_squares(x - back).item<double>() / 199, variances.at<double>({2}));

  const Tensor many =
      matmul(random.normal("left", {300, 60}, DType::kFloat64) * exp(arange(60, DType::kFloat64) * -0.25),
             random.normal("right", {60, 120}, DType::kFloat64));
  learn::PCA exact({.n_components = 5, .svd_solver = learn::PCA::Solver::kFull});
  learn::PCA fast({.n_components = 5, .svd_solver = learn::PCA::Solver::kRandomized});
  exact.fit(many);
  fast.fit(many);
  std::printf("random projection, 5 of 120 components: the same to 1e-9: %s\n",
              difference(exact.components(), fast.components()) < 1e-9 ? "yes" : "no");

  // Three words that always come with the same place, and a third column that knows nothing of them, as one-hot features.
  std::vector<double> hot;
  for (std::int64_t i = 0; i < 60; ++i)
    for (const auto& [value, of] : {std::pair{i % 3, 3}, std::pair{i % 3, 3}, std::pair{i / 3 % 2, 2}})
      for (std::int64_t v = 0; v < of; ++v) hot.push_back(v == value ? 1 : 0);
  learn::PCA codes;
  codes.fit(Tensor::from(hot, {60, 8}));
  std::printf("one-hot, 8 features, variances:");
  for (const double variance : codes.explained_variance().to_vector<double>()) std::printf(" %.3f", variance);
  std::printf("\n");
}
