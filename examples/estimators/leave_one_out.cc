// Leaving one out, and how it goes wrong. 3000 rows, a column of 30 names that says nothing about the target. A tree that learns from the encoded column should do
// no better than the larger class on rows that it has not seen, and should not believe that it does: what it says of its own training rows shows what leaked.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

// A category each.
Tensor whole(const Tensor& x) {
  return cast(cast(x, DType::kInt64), DType::kFloat64);
}

int main() {
  use_default_backend();
  RandomSource random(7);
  const Tensor names = whole(random.uniform("names", {6000, 1}, DType::kFloat64) * 30);
  const Tensor target = cast(greater(random.uniform("target", {6000}, DType::kFloat64), 0.5), DType::kInt64);
  const Range first = Range::to(3000), second = Range::from(3000);
  const Tensor x = copy(names.slice({first})), y = copy(target.slice({first}));
  const Tensor new_x = copy(names.slice({second})), new_y = copy(target.slice({second}));

  const auto judge = [&](const char* name, const Tensor& encoded, const learn::Transformer& encoder) {
    learn::DecisionTreeClassifier tree({.limits = {.min_samples_leaf = 10}});
    tree.fit(encoded, y);
    std::printf("  %-34s %.3f     %.3f\n", name, tree.score(encoded, y),
                tree.score(encoder.transform(new_x), new_y));
  };
  std::printf("accuracy of a tree on               training rows  new rows\n");
  learn::LeaveOneOutEncoder out, noisy({.sigma = 0.3});
  learn::CatBoostEncoder ordered;
  learn::TargetEncoder folds;
  const Tensor left_out = out.fit_transform(x, y);
  judge("mean with the row itself", out.transform(x), out);
  judge("leave one out", left_out, out);
  judge("leave one out, noise", noisy.fit_transform(x, y), noisy);
  judge("rows before only (CatBoost)", ordered.fit_transform(x, y), ordered);
  judge("folds", folds.fit_transform(x, y), folds);

  // Why leaving out alone is not enough: among the rows of one name the encoding tells the target.
  std::printf("\nthe first rows of name %g, left out\n", names.at<double>({0, 0}));
  int shown = 0;
  for (std::int64_t i = 0; i < 3000 && shown < 5; ++i)
    if (x.at<double>({i, 0}) == x.at<double>({0, 0})) {
      std::printf("  target %d: %.4f\n", static_cast<int>(y.at<std::int64_t>({i})),
                  left_out.at<double>({i, 0}));
      ++shown;
    }
}
