// Which class is hard? Four kinds of clothes whose measurements overlap: of each how much is found, with an interval (few rows, wide interval), what it is taken
// for, and the pair that is confused most.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(4);
  const double centers[4][2] = {{0, 0}, {1.5, 0.3}, {6, 0}, {2, 6}};
  const int rows_of[4] = {120, 60, 40, 12};
  std::vector<double> values;
  std::vector<std::int64_t> labels;
  const std::vector<double> noise = random.normal("noise", {464}, DType::kFloat64).to_vector<double>();
  for (int kind = 0; kind < 4; ++kind)
    for (int i = 0; i < rows_of[kind]; ++i) {
      for (int axis = 0; axis < 2; ++axis) values.push_back(centers[kind][axis] + noise[values.size()]);
      labels.push_back(kind);
    }
  const Tensor x = Tensor::from(values, {232, 2}), y = Tensor::from(labels, {232});
  metrics::ConfusionMatrix confusion(4);
  for (const data::Split& fold : data::stratified_k_fold(labels)) {
    const auto rows = [](const std::vector<std::int64_t>& of) {
      return Tensor::from(of, {std::int64_t(of.size())});
    };
    learn::GaussianNB model;
    model.fit(gather(x, rows(fold.train)), gather(y, rows(fold.train)));
    confusion.add(gather(y, rows(fold.held_out)).to_vector<std::int64_t>(),
                  model.predict(gather(x, rows(fold.held_out))).to_vector<std::int64_t>());
  }
  std::printf("%s", learn::hard_classes_text(confusion, {"T-shirt", "shirt", "trouser", "bag"}).c_str());
}
