// Ridge regression trades variance for bias. 200 times a polynomial of degree 9 is learned from 15 noisy points; the more its coefficients are held
// back, the less the curves differ from each other (variance) and the farther their mean is from the truth (bias). The error has its least between.
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kPoints = 15, kDegree = 9, kTables = 200;

Tensor places(std::int64_t n) {
  return cast(arange(n), DType::kFloat64) * (2.0 / static_cast<double>(n - 1)) - 1.0;
}
Tensor truth(const Tensor& x) {
  return sin(x * 3.0);
}
Tensor powers(const Tensor& x) {
  std::vector<Tensor> columns = {reshape(x, {-1, 1})};
  for (std::int64_t k = 1; k < kDegree; ++k) columns.push_back(columns.back() * columns.front());
  return concatenate(columns, 1);
}

int main() {
  use_default_backend();
  const Tensor learned = places(kPoints), fresh = places(50);
  RandomSource random(11);
  const Tensor noise = random.normal("noise", {kTables, kPoints}, DType::kFloat64) * 0.3;
  std::printf("   alpha     bias^2   variance      error\n");
  for (const double alpha : {0.0, 1e-4, 1e-2, 1e-1, 1.0, 10.0, 100.0}) {
    std::vector<Tensor> curves;
    for (std::int64_t t = 0; t < kTables; ++t) {
      learn::Ridge model({.alpha = alpha});
      model.fit(powers(learned), truth(learned) + noise.slice({t}));
      curves.push_back(reshape(model.predict(powers(fresh)), {1, -1}));
    }
    const Tensor all = concatenate(curves, 0);
    const Tensor off = mean(all, {0}) - truth(fresh);
    const double bias = mean(off * off).item<double>(), spread = mean(variance(all, {0})).item<double>();
    std::printf("%8g %10.4f %10.4f %10.4f\n", alpha, bias, spread, bias + spread);
  }
}
