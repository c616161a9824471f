// Bias and variance as learning curves: the same rows, learned by a model that is too simple and by one that is too free. Where both curves meet low, more rows do not
// help (bias); where they lie far apart and come nearer, they do (variance).
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(2);
  const Tensor x = random.uniform("x", {640, 1}, DType::kFloat64) * 6;
  const Tensor y = reshape(sin(x * 2), {-1}) + random.normal("noise", {640}, DType::kFloat64) * 0.3;
  const std::vector<data::Split> folds = data::k_fold(640);
  const std::vector<double> shares = {0.03125, 0.0625, 0.125, 0.25, 0.5, 1};
  const std::vector<std::int64_t> lengths = learn::training_lengths(folds, shares);

  learn::DecisionTreeRegressor simple, free;
  learn::set_parameter(simple, "max_depth", "2");
  std::printf("bias: a tree of depth 2 (R2 by number of training rows)\n%s\n",
              learn::learning_curve(simple, x, y, folds, lengths).to_text().c_str());
  std::printf("variance: a tree without a limit\n%s",
              learn::learning_curve(free, x, y, folds, lengths).to_text().c_str());
}
