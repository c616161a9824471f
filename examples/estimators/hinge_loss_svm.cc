// A linear support vector machine: the border with the widest margin between two clouds, planted 1.5 away from a line. The larger C, the closer the margin comes
// to what was planted; the smaller, the more rows may lie within it. Both losses, and the rows that the border rests on.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(3);
  const Tensor draws = random.uniform("rows", {200, 2}, DType::kFloat64);
  const Tensor y = random.permutation("classes", 200);
  std::vector<double> rows;
  std::vector<std::int64_t> classes;
  for (std::int64_t i = 0; i < 200; ++i) {
    const double side = y.at<std::int64_t>({i}) % 2 == 0 ? 1 : -1;
    const double away = side * (1.5 + 4 * draws.at<double>({i, 0})),
                 along = 20 * draws.at<double>({i, 1}) - 10;
    rows.insert(rows.end(), {0.6 * away - 0.8 * along, 0.8 * away + 0.6 * along});
    classes.push_back(side > 0 ? 1 : 0);
  }
  const Tensor x = Tensor::from(rows, {200, 2}), target = Tensor::from(classes, {200});

  std::printf("loss           C       margin  direction        rows within it\n");
  for (const auto loss : {learn::LinearSVC::Loss::kHinge, learn::LinearSVC::Loss::kSquaredHinge})
    for (const double C : {0.001, 0.01, 1.0, 100.0}) {
      learn::LinearSVC model({.loss = loss, .tol = 1e-8, .C = C, .max_iter = 100'000});
      model.fit(x, target);
      const double length = std::sqrt(sum_squares(model.coef()).item<double>());
      const Tensor scores = absolute(model.decision_function(x));
      std::printf("%-13s %6g %8.4f  (%.4f, %.4f) %5lld\n",
                  loss == learn::LinearSVC::Loss::kHinge ? "hinge" : "squared hinge", C, 1 / length,
                  model.coef().at<double>({0, 0}) / length, model.coef().at<double>({0, 1}) / length,
                  static_cast<long long>(sum(less(scores, 1 - 1e-6)).item<std::int64_t>()));
    }

  learn::SVC exact({.C = 1e6, .kernel = {.kernel = learn::Kernel::kLinear}, .tol = 1e-9});
  exact.fit(x, target);
  std::printf("the widest margin rests on %lld of 200 rows:",
              static_cast<long long>(exact.support().size(0)));
  for (const std::int64_t row : exact.support().to_vector<std::int64_t>())
    std::printf(" %.4f", (x.at<double>({row, 0}) * 0.6 + x.at<double>({row, 1}) * 0.8));
  std::printf(" from the planted line\n");
}
