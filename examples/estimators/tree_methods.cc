// Trees on two interleaved half moons: one tree, a forest with its out-of-bag score, boosting, and a bag of something that is no tree.
// Some values are missing, which trees can do with as they are.
#include <cstdio>
#include <limits>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

struct Moons {
  Tensor x, y;
};

// Each moon is half a circle with noise; every `missing`-th row lacks its second feature (0: none).
Moons moons(std::int64_t rows, std::uint64_t seed, std::int64_t missing) {
  RandomSource random(seed);
  const std::vector<double> places = random.uniform("places", {rows}, DType::kFloat64).to_vector<double>();
  const std::vector<double> noise = random.normal("noise", {rows, 2}, DType::kFloat64).to_vector<double>();
  std::vector<double> x;
  std::vector<std::int64_t> y;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double angle = 3.141592653589793 * places[at], side = i % 2 == 0 ? 1 : -1;
    x.push_back(side * numerics::cos(angle) + (i % 2) + 0.25 * noise[2 * at]);
    x.push_back(side * numerics::sin(angle) + 0.5 * static_cast<double>(i % 2) + 0.25 * noise[2 * at + 1]);
    if (missing > 0 && i % missing == 0) x.back() = std::numeric_limits<double>::quiet_NaN();
    y.push_back(i % 2);
  }
  return {Tensor::from(x, {rows, 2}), Tensor::from(y, {rows})};
}

int main() {
  use_default_backend();
  const Moons learned = moons(500, 1, 9), fresh = moons(500, 2, 0);

  std::printf("depth of one tree   leaves   rows it learned from   fresh rows\n");
  for (const std::int64_t depth : {1, 2, 4, 8, 0}) {
    learn::DecisionTreeClassifier tree({.limits = {.max_depth = depth}});
    tree.fit(learned.x, learned.y);
    std::printf("%17lld   %6lld   %20.3f   %10.3f\n", static_cast<long long>(tree.depth()),
                static_cast<long long>(tree.leaves()), tree.score(learned.x, learned.y),
                tree.score(fresh.x, fresh.y));
  }

  learn::RandomForestClassifier forest({.limits = {.min_samples_leaf = 3}, .oob_score = true});
  forest.fit(learned.x, learned.y);
  std::printf("\nforest of %lld trees: out of bag %.3f, fresh rows %.3f\n",
              static_cast<long long>(forest.trees()), forest.oob_score(), forest.score(fresh.x, fresh.y));

  learn::HistGradientBoostingClassifier boosting({.max_iter = 60, .max_leaf_nodes = 8});
  boosting.fit(learned.x, learned.y);
  std::printf("boosting, %lld iterations: fresh rows %.3f\n", static_cast<long long>(boosting.iterations()),
              boosting.score(fresh.x, fresh.y));

  const auto bag = learn::make_estimator("bagging_classifier");
  learn::set_parameter(*bag, "estimator", "gaussian_nb");
  const Moons whole = moons(500, 1, 0);  // naive Bayes cannot do with missing values
  bag->fit(whole.x, whole.y);
  std::printf("bag of naive Bayes: fresh rows %.3f\n", bag->score(fresh.x, fresh.y));
}
