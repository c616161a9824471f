// Scores where one class is rare. The two classes lie as far apart in both tables, but in the second one row in fifty is of class 1: who always says 0 is right 98 times in
// 100, the area under the ROC curve is what it was (it compares rows of one class with rows of the other, however many there are), and average precision says what the
// user will see: of the rows that are said to be of class 1, how many are.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

namespace {

void judge(const char* title, double share) {
  constexpr std::int64_t kRows = 4000;
  RandomSource random(3);
  const Tensor rare = less(random.uniform("class", {kRows}, DType::kFloat64), share);
  const Tensor y = cast(rare, DType::kInt64);
  const Tensor x = random.normal("x", {kRows, 2}, DType::kFloat64) +
                   reshape(cast(rare, DType::kFloat64), {kRows, 1}) * 1.4;
  const std::vector<data::Split> folds = data::stratified_k_fold(y.to_vector<std::int64_t>());
  const learn::LogisticRegression model;
  std::printf("%s (%g rows of class 1)\n", title, sum(cast(rare, DType::kFloat64)).item<double>());
  for (const char* name :
       {"accuracy", "balanced_accuracy", "roc_auc", "average_precision", "precision", "recall", "f1"}) {
    double mean = 0;
    for (const double score : learn::cross_val_score(model, x, y, folds, name)) mean += score / 5;
    std::printf("  %-18s %.3f\n", name, mean);
  }
}

}  // namespace

int main() {
  use_default_backend();
  judge("half of the rows", 0.5);
  judge("one row in fifty", 0.02);
}
