// Poisson regression of counts: calls per hour grow by a factor with every unit of the feature. Least squares on the counts predicts fewer than no
// calls at the quiet end; the Poisson model's mean is an exponential, and its coefficients are the logarithms of factors.
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(2);
  const Tensor x = random.uniform("x", {500, 1}, DType::kFloat64) * 4.0;
  const Tensor rates = exp(reshape(x, {-1}) * 0.9 - 1.0);  // a factor of e^0.9 = 2.46 for every unit
  // The count is how many waiting times of a Poisson process fit into an hour.
  const Tensor waits = -log(random.uniform("waits", {500, 80}, DType::kFloat64)) / reshape(rates, {-1, 1});
  std::vector<double> counts(500);
  const std::vector<double> times = waits.to_vector<double>();
  for (std::size_t i = 0; i < 500; ++i)
    for (double clock = times[80 * i]; clock < 1 && counts[i] < 79;
         clock += times[80 * i + static_cast<std::size_t>(counts[i])])
      ++counts[i];
  const Tensor y = Tensor::from(counts, {500});

  learn::PoissonRegressor poisson({.alpha = 0, .tol = 1e-10});
  learn::LinearRegression line;
  poisson.fit(x, y);
  line.fit(x, y);
  std::printf("Poisson: rate e^(%.3f + %.3f x), a factor of %.2f for every unit; deviance explained %.3f\n",
              poisson.intercept(), poisson.coef().item<double>(),
              numerics::exp(poisson.coef().item<double>()), poisson.d2_score(x, y));
  std::printf("R^2: Poisson %.3f, least squares %.3f\n", poisson.score(x, y), line.score(x, y));
  std::printf("   x    rate   Poisson   least squares\n");
  for (const double at : {0.0, 1.0, 2.0, 3.0, 4.0}) {
    const Tensor place = Tensor::from<double>({at}, {1, 1});
    std::printf("%4g %7.2f %9.2f %15.2f\n", at, numerics::exp(0.9 * at - 1),
                poisson.predict(place).item<double>(), line.predict(place).item<double>());
  }
}
