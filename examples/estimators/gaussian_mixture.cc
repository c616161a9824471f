// A Gaussian mixture by EM: three drawn groups, one long, one round and small, one wide. The log-likelihood of each iteration never falls; the
// number of components is chosen by the Bayesian information criterion; a row between two groups belongs to both in part.
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

class Printer : public StepObserver {
 public:
  bool on_step(const StepReport& report) override {
    const double now = report.scalars[0].value;
    std::printf("iteration %2d: mean log-likelihood %.9f%s\n", static_cast<int>(report.step), now,
                report.step > 1 && now < before_ ? " FELL" : "");
    before_ = now;
    return true;
  }

 private:
  double before_ = 0;
};

int main() {
  use_default_backend();
  const std::int64_t n = 600;
  RandomSource random(7);
  std::vector<std::int64_t> of;
  for (std::int64_t i = 0; i < n; ++i) of.push_back(i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2);  // 3 : 2 : 1
  const Tensor group = Tensor::from(of, {n});
  const Tensor centers = Tensor::from<double>({0, 0, 6, 0, 3, 6}, {3, 2});
  const Tensor spread = Tensor::from<double>({2, 1, 0, 0.3, 0.5, 0, 0, 0.5, 1.5, 0, 0, 1.5}, {3, 2, 2});
  const Tensor z = random.normal("z", {n, 1, 2}, DType::kFloat64);
  const Tensor x = contiguous(gather(centers, group) + reshape(matmul(z, gather(spread, group)), {n, 2}));

  learn::GaussianMixture model({.n_components = 3, .tol = 1e-6});
  Printer printer;
  model.fit(x, {}, &printer);
  for (std::int64_t k = 0; k < 3; ++k) {
    const auto number = [&](const Tensor& t, std::int64_t i) {
      return copy(t.slice({k})).to_vector<double>()[static_cast<std::size_t>(i)];
    };
    std::printf("component %d: weight %.3f, mean (%.2f, %.2f), covariance (%.2f %.2f; %.2f %.2f)\n",
                static_cast<int>(k), model.weights().at<double>({k}), number(model.means(), 0),
                number(model.means(), 1), number(model.covariances(), 0), number(model.covariances(), 1),
                number(model.covariances(), 2), number(model.covariances(), 3));
  }
  const Tensor between = Tensor::from<double>({4.2, 1.2, 0, 0}, {2, 2});
  const Tensor shares = model.predict_proba(between);
  for (std::int64_t i = 0; i < 2; ++i)
    std::printf("row (%.1f, %.1f): %.3f %.3f %.3f\n", between.at<double>({i, 0}), between.at<double>({i, 1}),
                shares.at<double>({i, 0}), shares.at<double>({i, 1}), shares.at<double>({i, 2}));
  for (std::int64_t k = 1; k <= 5; ++k) {
    learn::GaussianMixture other({.n_components = k, .n_init = 3});
    other.fit(x);
    std::printf("%d components: BIC %.1f, AIC %.1f\n", static_cast<int>(k), other.bic(x), other.aic(x));
  }
}
