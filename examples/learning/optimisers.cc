// The optimisers beside each other: the same network (two spirals, 2 -> 32 -> 32 -> 2), the same batches, a rate that suits each.
#include <cstdio>
#include <functional>
#include <memory>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kPoints = 256;

// Points of two spirals turning into each other: [N, 2], and which spiral.
std::pair<Tensor, Tensor> spirals(const Tensor& u) {
  const Tensor along = u.slice({Range::all(), 0}) * 3 + 0.5, which = greater(u.slice({Range::all(), 1}), 0.5);
  const Tensor turned = along * 2 + select(which, 3.14159265358979, zeros({1}));
  const Tensor rows = concatenate(
      {reshape(along * cos(turned), {kPoints, 1}), reshape(along * sin(turned), {kPoints, 1})}, 1);
  return {rows * 0.5, cast(which, DType::kInt64)};
}

using Make = std::function<std::unique_ptr<nn::Optimizer>(std::vector<nn::Parameter*>)>;

void run(const char* name, double rate, const Make& make) {
  nn::Sequential network;
  network.add<nn::Linear>(2, 32);
  network.add<nn::Tanh>();
  network.add<nn::Linear>(32, 32);
  network.add<nn::Tanh>();
  network.add<nn::Linear>(32, 2);
  RandomSource random(1);
  network.initialize(random);
  const auto optimizer = make(network.parameters());
  std::printf("%-22s %6g", name, rate);
  for (std::uint64_t step = 1; step <= 400; ++step) {
    random.begin_step(step);
    const auto [x, labels] = spirals(random.uniform("points", {kPoints, 2}));
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const Tensor scores = network.evaluate(x), loss = nn::cross_entropy_loss(scores, labels);
    tape.stop();
    optimizer->step(tape.gradient(loss, values), rate);
    if (step == 100 || step == 400) std::printf("   %.4f", loss.item_as_double());
    if (step == 400)
      std::printf("   %.3f", mean(cast(equal(argmax(scores, 1), labels), DType::kFloat32)).item<float>());
  }
  std::printf("\n");
}

template <typename Optimizer, typename Settings>
Make with(const Settings& settings) {
  return [=](std::vector<nn::Parameter*> p) { return std::make_unique<Optimizer>(p, settings); };
}

int main() {
  use_default_backend();
  std::printf("optimiser                rate   loss at 100, 400   accuracy\n");
  run("SGD", 0.5, with<nn::SGD>(nn::SgdSettings{}));
  run("SGD, momentum", 0.2, with<nn::SGD>(nn::SgdSettings{.momentum = 0.9}));
  run("SGD, Nesterov", 0.2, with<nn::SGD>(nn::SgdSettings{.momentum = 0.9, .nesterov = true}));
  run("Adagrad", 0.1, with<nn::Adagrad>(nn::AdagradSettings{}));
  run("Adadelta", 1, with<nn::Adadelta>(nn::AdadeltaSettings{}));
  run("RMSprop", 0.01, with<nn::RMSprop>(nn::RMSpropSettings{}));
  run("RMSprop, centred", 0.01, with<nn::RMSprop>(nn::RMSpropSettings{.centered = true}));
  run("Adam", 0.01, with<nn::Adam>(nn::AdamSettings{}));
  run("Adam, AMSGrad", 0.01, with<nn::Adam>(nn::AdamSettings{.amsgrad = true}));
  run("AdamW", 0.01, with<nn::AdamW>(nn::AdamWSettings{}));
}
