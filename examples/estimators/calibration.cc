// Probabilities that mean what they say. Naive Bayes takes five copies of one feature for five witnesses and is far too sure; its reliability table shows it,
// and what is left of that after calibration, by a sigmoid and by isotonic regression. All is judged by rows that nobody learned from.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(6);
  const Tensor x = random.normal("x", {6000, 2}, DType::kFloat64);
  const Tensor truth =
      sigmoid(x.slice({Range::all(), Range(0, 1)}) * 1.5 + x.slice({Range::all(), Range(1, 2)}));
  const Tensor y =
      reshape(cast(less(random.uniform("y", {6000, 1}, DType::kFloat64), truth), DType::kInt64), {6000});
  const Tensor first = x.slice({Range::all(), Range(0, 1)});
  const Tensor features = concatenate({first, first, first, first, x}, 1);
  const auto part = [](const Tensor& all, std::int64_t begin, std::int64_t end) {
    return copy(all.slice({Range(begin, end)}));
  };
  const Tensor learned = part(features, 0, 3000), judged = part(features, 3000, 6000),
               target = part(y, 0, 3000);
  const std::vector<std::int64_t> hits = part(y, 3000, 6000).to_vector<std::int64_t>();

  const auto show = [&](const char* title, learn::Classifier& model) {
    model.fit(learned, target);
    const std::vector<double> p = model.predict_proba(judged).slice({Range::all(), 1}).to_vector<double>();
    const auto bins = metrics::reliability(p, hits, {.bins = 10});
    std::printf("%s: Brier score %.4f, calibration error %.4f, accuracy %.3f\n%s\n", title,
                metrics::brier_score(p, hits), metrics::expected_calibration_error(bins),
                model.score(judged, part(y, 3000, 6000)), metrics::reliability_table(bins).c_str());
  };
  learn::GaussianNB plain;
  show("as it is", plain);
  learn::CalibratedClassifier sigmoid_of({.estimator = "gaussian_nb"});
  show("calibrated, sigmoid", sigmoid_of);
  learn::CalibratedClassifier isotonic(
      {.estimator = "gaussian_nb", .method = learn::CalibrationMethod::kIsotonic});
  show("calibrated, isotonic", isotonic);
}
