// Nearest neighbours and what "near" means: two classes on either side of a diagonal, seen by three metrics, before and after the plane is rotated.
// A rotation leaves l2 distances alone, so it cannot change what they predict; l1 and chebyshev distances it changes.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(7);
  const Tensor x = random.normal("learned", {400, 2}, DType::kFloat64);
  const Tensor others = random.normal("judged", {200, 2}, DType::kFloat64);
  const Tensor across = Tensor::from<double>({1, -1}, {2, 1});
  const auto classes_of = [&](const Tensor& rows) {
    return cast(greater(reshape(matmul(rows, across), {-1}), 0), DType::kInt64);
  };
  const Tensor rotation = Tensor::from<double>({0.6, 0.8, -0.8, 0.6}, {2, 2});

  std::printf("metric     accuracy  rotated  predictions changed\n");
  for (const char* metric : {"l1", "l2", "chebyshev"}) {
    learn::KNeighborsClassifier model({.n_neighbors = 9});
    learn::set_parameter(model, "metric", metric);
    model.fit(x, classes_of(x));
    const Tensor before = model.predict_proba(others);
    const double accuracy = model.score(others, classes_of(others));
    model.fit(matmul(x, rotation), classes_of(x));
    const Tensor after = model.predict_proba(matmul(others, rotation));
    const double rotated = model.score(matmul(others, rotation), classes_of(others));
    const double changed =
        sum(cast(not_equal(before.slice({Range::all(), 0}), after.slice({Range::all(), 0})), DType::kFloat64))
            .item<double>();
    std::printf("%-10s %8.3f %8.3f %8.0f of 200\n", metric, accuracy, rotated, changed);
  }
}
