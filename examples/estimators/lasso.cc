// The lasso picks out of one-hot columns. A category has 40 values, of which three change the number; each value becomes a column of its own
// ("dummy"). Least squares gives all 40 a coefficient; the lasso sets those that do not help to exactly 0.
#include <cstdio>
#include <string>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kRows = 2000, kValues = 40;

int main() {
  use_default_backend();
  RandomSource random(5);
  const Tensor values = cast(
      random.uniform("values", {kRows, 1}, DType::kFloat64) * static_cast<double>(kValues), DType::kInt64);
  const Tensor dummies = cast(equal(values, reshape(arange(kValues), {1, -1})), DType::kFloat64);
  std::vector<double> effects(kValues);
  effects[3] = 4;
  effects[17] = -3;
  effects[29] = 2;
  const Tensor y = reshape(matmul(dummies, Tensor::from(effects, {kValues, 1})), {-1}) +
                   random.normal("noise", {kRows}, DType::kFloat64);

  learn::LinearRegression plain;
  plain.fit(dummies, y);
  std::printf(
      "least squares: %lld coefficients that are not 0, R^2 %.3f\n",
      static_cast<long long>(sum(cast(not_equal(plain.coef(), 0.0), DType::kInt64)).item<std::int64_t>()),
      plain.score(dummies, y));
  for (const double alpha : {0.001, 0.005, 0.02, 0.1}) {
    learn::Lasso model({.alpha = alpha, .tol = 1e-8});
    model.fit(dummies, y);
    std::printf("lasso, alpha %5g: %2lld, R^2 %.3f", alpha, static_cast<long long>(model.selected()),
                model.score(dummies, y));
    if (model.selected() <= 5) {
      const std::vector<double> coef = model.coef().to_vector<double>();
      for (std::size_t j = 0; j < coef.size(); ++j)
        if (coef[j] != 0) std::printf("   value %zu: %+.2f", j, coef[j]);
    }
    std::printf("\n");
  }
}
