// One bit of one weight flips in memory, once, while a run is recorded. Nothing in the record says so; re-executing it on a sound
// machine does.
#include <cstdio>

#include "tessera/tensor/fault.h"
#include "tessera/tessera.h"

using namespace tessera;

struct Model : Stateful {
  Tensor weights = zeros({3});
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights); }
};

void descend(runs::Run& run) {
  const Tensor x = RandomSource(1).normal("inputs", {64, 3});
  const Tensor y = matmul(x, Tensor::from<float>({1, -2, 3}, {3}));
  Model model;
  run.keep("model", model);
  for (auto& step : run.steps(40)) {
    const Tensor error = matmul(x, model.weights) - y;
    model.weights = model.weights - matmul(transpose(x), error) * (0.1 / 64);
    step.record("loss", mean(error * error));
  }
  run.finish();
}

int main() {
  use_default_backend();
  const runs::RunOptions options = {.store = "runs", .base_name = "linear", .steps = 40, .digest_every = 10};
  plant_fault(parse_fault("step=17 tensor=model.weights element=1 bit=9"), {.quiet = true});
  auto recorded = runs::Run::open(options);
  descend(recorded);
  const FaultReport fault = fault_report();
  std::printf("the broken machine: %s: %s -> %s\n", fault.place.c_str(), fault.before.c_str(),
              fault.after.c_str());
  remove_fault();

  auto replayed = runs::Run::replay(recorded.folder(), options);
  descend(replayed);
  std::printf("the sound machine:  %s\n", replayed.replay_outcome().mismatch->sentence().c_str());
}
