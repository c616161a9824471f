// Two rings, one within the other: no line parts them, a kernel does. The border is printed as the sign of the decision function over the plane; four kernels
// learn the same rows.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(8);
  const Tensor around = random.uniform("angle", {300, 1}, DType::kFloat64) * 6.283185307179586;
  const Tensor noise = random.normal("noise", {300, 2}, DType::kFloat64) * 0.15;
  const Tensor inner = cast(less(reshape(arange(300), {300, 1}), 150), DType::kFloat64);
  const Tensor x = concatenate({cos(around), sin(around)}, 1) * (2 - inner) + noise;
  const Tensor y = cast(reshape(inner, {300}), DType::kInt64);

  std::printf("kernel    accuracy  support vectors of each class\n");
  for (const char* kernel : {"linear", "poly", "rbf", "sigmoid"}) {
    learn::SVC model({.kernel = {.degree = 2}});
    learn::set_parameter(model, "kernel", kernel);
    model.fit(x, y);
    std::printf("%-9s %8.3f  %lld, %lld\n", kernel, model.score(x, y),
                static_cast<long long>(model.n_support().at<std::int64_t>({0})),
                static_cast<long long>(model.n_support().at<std::int64_t>({1})));
  }

  learn::SVC model;
  model.fit(x, y);
  std::printf("\nrbf, gamma \"scale\" = %.4f; # inside, + within the margin of it, - within the other's\n",
              model.gamma());
  for (int row = 0; row <= 14; ++row) {
    for (int column = 0; column <= 28; ++column) {
      const Tensor place = Tensor::from<double>({-2.8 + 0.2 * column, 2.8 - 0.4 * row}, {1, 2});
      const double f = model.decision_function(place).item<double>();
      std::putchar(f > 1 ? '#' : f > 0 ? '+' : f > -1 ? '-' : '.');
    }
    std::putchar('\n');
  }
}
