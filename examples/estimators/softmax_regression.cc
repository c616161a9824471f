// Softmax regression: logistic regression of three classes. Each class has a score that is linear in the features, and the probabilities are their
// softmax. Adding a number to all scores changes nothing; of all such coefficients those are given whose sum over the classes is 0.
#include <cstdio>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  // Three clouds of 100 points around the corners of a triangle.
  RandomSource random(4);
  const Tensor corners = Tensor::from<double>({0, 2, -2, -1, 2, -1}, {3, 2});
  std::vector<std::int64_t> labels(300);
  for (std::size_t i = 0; i < 300; ++i) labels[i] = static_cast<std::int64_t>(i % 3);
  const Tensor y = Tensor::from(labels, {300});
  const Tensor x = gather(corners, y) + random.normal("noise", {300, 2}, DType::kFloat64);

  learn::LogisticRegression model({.tol = 1e-10});
  model.fit(x, y);
  std::printf("accuracy %.3f after %lld iterations, mean loss %.4f\n", model.score(x, y),
              static_cast<long long>(model.iterations()), mean(model.losses(x, y)).item<double>());
  for (std::int64_t c = 0; c < 3; ++c)
    std::printf("class %lld: score %+.3f %+.3f x0 %+.3f x1\n", static_cast<long long>(c),
                model.intercept().at<double>({c}), model.coef().at<double>({c, 0}),
                model.coef().at<double>({c, 1}));
  std::printf("sum of the coefficients over the classes is 0: %s\n",
              max(absolute(sum(model.coef(), {0}))).item<double>() < 1e-9 ? "yes" : "no");

  const Tensor questions = Tensor::from<double>({0, 3, 0, 0, 3, -3}, {3, 2});
  const std::vector<double> chances = model.predict_proba(questions).to_vector<double>();
  for (std::size_t i = 0; i < 3; ++i)
    std::printf("at (%g, %g): %.3f %.3f %.3f\n", questions.to_vector<double>()[2 * i],
                questions.to_vector<double>()[2 * i + 1], chances[3 * i], chances[3 * i + 1],
                chances[3 * i + 2]);
}
