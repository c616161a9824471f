// A loop of one's own that can be killed, resumed and verified: gradient descent on a linear model, recorded by Run.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

struct Model : Stateful {
  Tensor weights = zeros({3});
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights); }
};

int main() {
  use_default_backend();
  const Tensor x = RandomSource(1).normal("inputs", {64, 3});
  const Tensor y = matmul(x, Tensor::from<float>({1, -2, 3}, {3}));
  Model model;
  auto run = runs::Run::open({.store = "runs", .base_name = "linear", .seed = 1, .steps = 100});
  run.keep("model", model);
  for (auto& step : run.steps(100)) {
    Tape tape;
    tape.watch(model.weights);
    const Tensor loss = mean((matmul(x, model.weights) - y) * (matmul(x, model.weights) - y));
    const Tensor gradient = tape.gradient(loss, {model.weights})[0];
    model.weights = model.weights - gradient * 0.1;
    step.record("loss", loss);
  }
  std::printf("weights %s\nseal %s\n", model.weights.to_string().c_str(), run.finish().c_str());
}
