// A validation curve: how deep should a tree be? Training scores rise with every level; test scores rise, stay, and fall again when the tree learns the noise.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(2);
  const Tensor x = random.uniform("x", {400, 1}, DType::kFloat64) * 6;
  const Tensor y = reshape(sin(x * 2), {-1}) + random.normal("noise", {400}, DType::kFloat64) * 0.3;
  const std::vector<std::string> depths = {"1", "2", "3", "4", "5", "6", "8", "12"};
  const learn::Curve curve = learn::validation_curve(learn::DecisionTreeRegressor(), "max_depth", depths, x,
                                                     y, data::k_fold(400, {.folds = 10}));
  std::printf("R2 by depth\n%s\nbest depth: %s\n", curve.to_text().c_str(),
              curve.points[curve.best()].c_str());
}
