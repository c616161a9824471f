// Models of any kind vote. Three that are wrong in different places are right together more often than each by itself; by counting classes or by averaging
// probabilities, and with a vote that weighs more.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(11);
  const Tensor x = random.normal("x", {1200, 4}, DType::kFloat64);
  const Tensor bent =
      sum(x * Tensor::from<double>({1, -1, 0.5, 0}, {4}), {1}) +
      reshape(x.slice({Range::all(), Range(0, 1)}) * x.slice({Range::all(), Range(3, 4)}), {1200});
  const Tensor y =
      cast(greater(bent + random.normal("noise", {1200}, DType::kFloat64) * 0.5, 0), DType::kInt64);
  const auto part = [](const Tensor& all, std::int64_t begin, std::int64_t end) {
    return copy(all.slice({Range(begin, end)}));
  };
  const Tensor learned = part(x, 0, 400), target = part(y, 0, 400), judged = part(x, 400, 1200),
               truth = part(y, 400, 1200);

  const char* names = "decision_tree_classifier, k_neighbors_classifier, linear_svc";
  learn::VotingClassifier hard({.estimators = names});
  hard.fit(learned, target);
  for (std::int64_t i = 0; i < hard.members(); ++i)
    std::printf("%-34s %.4f\n", std::string(hard.member(i).name()).c_str(),
                hard.member(i).score(judged, truth));
  std::printf("%-34s %.4f\n", "the majority", hard.score(judged, truth));
  learn::set_parameter(hard, "weights", "1, 3, 1");
  hard.fit(learned, target);
  std::printf("%-34s %.4f\n", "the neighbours outvote the others", hard.score(judged, truth));

  learn::VotingClassifier soft(
      {.estimators = "decision_tree_classifier, k_neighbors_classifier, calibrated_classifier"});
  learn::set_parameter(soft, "voting", "soft");
  learn::set_parameter(soft, "calibrated_classifier__estimator", "linear_svc");
  soft.fit(learned, target);
  std::printf("%-34s %.4f\n", "the mean of probabilities", soft.score(judged, truth));
}
