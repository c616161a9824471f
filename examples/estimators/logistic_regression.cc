// Logistic regression twice. One view is a risk to be minimised: labels are -1 and 1, and a row's loss is log(1 + e^-m) of its margin m = y z. The other
// one is a probability: labels are 0 and 1, Bernoulli with p = 1 / (1 + e^-z), and the loss is minus the log likelihood. Row by row they are the
// same number, log 2 for a score of 0 and above 0 always; so L-BFGS on margins and Newton on the likelihood end at the same coefficients.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;
using Solver = learn::LogisticRegression::Solver;

double largest(const Tensor& values) {
  return max(absolute(values)).item<double>();
}

int main() {
  use_default_backend();
  RandomSource random(8);
  const Tensor x = random.normal("x", {400, 3}, DType::kFloat64);
  const Tensor chance = sigmoid(reshape(matmul(x, Tensor::from<double>({2, -1, 0}, {3, 1})), {-1}) + 0.5);
  const Tensor y = cast(less(random.uniform("y", {400}, DType::kFloat64), chance), DType::kInt64);

  learn::LogisticRegression likelihood({.tol = 1e-12});
  learn::LogisticRegression margins({.tol = 1e-12, .solver = Solver::kMargin});
  likelihood.fit(x, y);
  margins.fit(x, y);
  for (const auto* model : {&likelihood, &margins})
    std::printf("%s: coefficients %.6f %.6f %.6f, intercept %.6f; accuracy %.3f\n",
                model == &likelihood ? "likelihood" : "margins   ", model->coef().at<double>({0, 0}),
                model->coef().at<double>({0, 1}), model->coef().at<double>({0, 2}),
                model->intercept().item<double>(), model->score(x, y));
  std::printf("coefficients differ by less than 1e-9: %s\n",
              largest(likelihood.coef() - margins.coef()) < 1e-9 ? "yes" : "no");

  const Tensor one = likelihood.losses(x, y), other = margins.losses(x, y);
  std::printf("losses of rows differ by less than 1e-9: %s; the smallest is %.4f, the largest %.4f\n",
              largest(one - other) < 1e-9 ? "yes" : "no", min(one).item<double>(), max(one).item<double>());

  learn::LogisticRegression nothing({.C = 1e-9, .fit_intercept = false});  // held at 0
  nothing.fit(x, y);
  std::printf("at a score of 0 a row's loss is %.6f\n", mean(nothing.losses(x, y)).item<double>());
}
