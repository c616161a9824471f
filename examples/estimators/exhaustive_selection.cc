// Two features that say nothing alone and everything together (exclusive or), between three of noise. Scores of single features cannot find them; a search
// through all 31 subsets by cross-validation does, and leaves the noise out.
#include <algorithm>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const Tensor x = RandomSource(5).normal("x", {200, 5}, DType::kFloat64);
  const Tensor up = greater(copy(x.slice({Range::all(), 1})), 0.0),
               right = greater(copy(x.slice({Range::all(), 3})), 0.0);
  const Tensor y = cast(not_equal(cast(up, DType::kInt64), cast(right, DType::kInt64)), DType::kInt64);

  const learn::FeatureScores alone = learn::f_classif(x, y.to_vector<std::int64_t>());
  std::printf("F tests of single features:");
  for (const double score : alone.scores) std::printf(" %.2f", score);

  learn::ExhaustiveSelection search;
  learn::set_parameter(search, "estimator", "k_neighbors_classifier");
  search.fit(x, y);
  const std::vector<double> scores = search.scores().to_vector<double>();
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::printf("\n\nthe best of %zu subsets\n", order.size());
  for (std::size_t i = 0; i < 4; ++i) {
    std::printf("accuracy %.3f  features", scores[order[i]]);
    for (const std::int64_t f : learn::elements_of(order[i] + 1))
      std::printf(" %lld", static_cast<long long>(f));
    std::printf("\n");
  }
}
