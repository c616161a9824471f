// Likelihood encoding: a category becomes the mean of the target where it stands. First six heights by sex; then a column of names that says nothing about the target,
// and how much each way of encoding its training rows seems to know: all rows (its own among them), folds, two levels of folds, folds and noise.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// A category each.
Tensor whole(const Tensor& x) {
  return cast(cast(x, DType::kInt64), DType::kFloat64);
}

double correlation(const Tensor& a, const Tensor& b) {
  const Tensor x = reshape(a, {-1}) - mean(a), y = reshape(b, {-1}) - mean(b);
  return sum(x * y).item<double>() / std::sqrt(sum_squares(x).item<double>() * sum_squares(y).item<double>());
}

int main() {
  use_default_backend();
  const Tensor sex = Tensor::from<double>({1, 0, 1, 0, 1, 0}, {6, 1});  // 1: male
  const Tensor height = Tensor::from<double>({1.80, 1.55, 1.70, 1.65, 1.60, 1.60}, {6});
  learn::TargetEncoder heights({.smooth = 0});
  heights.fit(sex, height);
  const Tensor likelihood = heights.transform(Tensor::from<double>({1, 0, 2}, {3, 1}));
  std::printf("male %.2f, female %.2f, unknown %.2f\n\n", likelihood.at<double>({0, 0}),
              likelihood.at<double>({1, 0}), likelihood.at<double>({2, 0}));

  // 2000 rows, 500 names, a coin for a target.
  RandomSource random(1);
  const Tensor names = whole(random.uniform("names", {2000, 1}, DType::kFloat64) * 500);
  const Tensor coin = cast(greater(random.uniform("coin", {2000}, DType::kFloat64), 0.5), DType::kFloat64);
  learn::TargetEncoder one({.smooth = 0}), two({.smooth = 0, .folding = {.inner_cv = 5}}),
      noisy({.smooth = 0, .noise = 0.2});
  std::printf("correlation of the encoded names with a coin\n");
  const Tensor folds = one.fit_transform(names, coin);
  std::printf("  by all rows          %6.3f\n", correlation(one.transform(names), coin));
  std::printf("  by folds             %6.3f\n", correlation(folds, coin));
  std::printf("  by two levels        %6.3f\n", correlation(two.fit_transform(names, coin), coin));
  std::printf("  by folds, and noise  %6.3f\n\n", correlation(noisy.fit_transform(names, coin), coin));

  // Another coin for one row: its own encoding stays as it is, to the last bit.
  int changed = 0;
  for (std::int64_t row = 0; row < 2000; row += 100) {
    std::vector<double> other = coin.to_vector<double>();
    other[static_cast<std::size_t>(row)] = 1 - other[static_cast<std::size_t>(row)];
    const Tensor found = one.fit_transform(names, Tensor::from(other, {2000}));
    if (found.at<double>({row, 0}) != folds.at<double>({row, 0})) ++changed;
  }
  std::printf("20 coins turned over, one at a time: %d rows saw their own\n", changed);
}
