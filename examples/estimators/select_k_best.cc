// What a feature says about the target, seen by five functions: a line, a parabola, the target with noise, a copy of it, a constant and pure noise. The
// F test sees straight lines only, mutual information sees the parabola, too; a forest leans on one of the two that say the same.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(3);
  const Tensor hidden = random.normal("hidden", {300, 2}, DType::kFloat64);
  const Tensor noise = random.normal("noise", {300, 2}, DType::kFloat64);
  const Tensor line = copy(hidden.slice({Range::all(), 0})), curve = copy(hidden.slice({Range::all(), 1}));
  const Tensor y = line + curve * curve;
  const auto column = [](const Tensor& values) { return reshape(values, {-1, 1}); };
  const Tensor x = concatenate(
      {column(line), column(curve), column(y + copy(noise.slice({Range::all(), 0}))), column(line),
       ones({300, 1}, DType::kFloat64), column(copy(noise.slice({Range::all(), 1})))},
      1);
  const std::vector<double> target = y.to_vector<double>();

  const learn::FeatureScores straight = learn::f_regression(x, target);
  const learn::FeatureScores any = learn::mutual_info_regression(x, target);
  learn::RandomForestRegressor forest({.n_estimators = 50});
  forest.fit(x, y);
  const std::vector<double> leaned_on = forest.importances().to_vector<double>();
  const char* names[] = {"line", "parabola", "noisy target", "line again", "constant", "noise"};
  std::printf("feature        F test   p-value  mutual info  importance\n");
  for (std::size_t f = 0; f < 6; ++f)
    std::printf("%-12s %8.1f  %8.1e  %11.3f  %10.3f\n", names[f], straight.scores[f], straight.p_values[f],
                any.scores[f], leaned_on[f]);

  for (const char* function : {"f_regression", "mutual_info_regression"}) {
    learn::SelectKBest best({.k = 4});
    learn::set_parameter(best, "score_func", function);
    best.fit(x, y);
    std::printf("\nthe best four by %s:", function);
    for (const std::int64_t f : best.support().to_vector<std::int64_t>()) std::printf(" %s;", names[f]);
  }
  std::printf("\n");
}
