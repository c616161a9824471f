// A pipeline learns everything from the training rows: 30 rows, 400 features of noise, and a target that has nothing to do with them. Who selects the best
// features before the folds are cut believes in an accuracy that is not there; a pipeline selects within each fold and says what is true.
#include <cstdio>
#include <numeric>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(1);
  const Tensor x = random.normal("noise", {30, 400}, DType::kFloat64);
  std::vector<std::int64_t> labels(30);
  for (std::size_t row = 0; row < labels.size(); ++row) labels[row] = static_cast<std::int64_t>(row % 2);
  const Tensor y = Tensor::from(labels, {30});
  const std::vector<data::Split> folds = data::stratified_k_fold(labels, {.folds = 5});
  const auto mean = [](const std::vector<double>& scores) {
    return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
  };

  learn::SelectKBest selection({.k = 5});
  const Tensor leaked = selection.fit_transform(x, y);  // has seen the rows that will be held out
  const double before = mean(learn::cross_val_score(learn::GaussianNB(), leaked, y, folds));

  learn::PipelineClassifier pipeline("standard_scaler, select_k_best, gaussian_nb");
  learn::set_parameter(pipeline, "select_k_best__k", "5");
  const double within = mean(learn::cross_val_score(pipeline, x, y, folds));

  std::printf("selected before the folds  accuracy %.3f\n", before);
  std::printf("selected within each fold  accuracy %.3f\n\n", within);
  for (const learn::ParameterText& parameter : learn::parameters(pipeline))
    std::printf("%s = %s\n", parameter.name.c_str(), parameter.value.c_str());
}
