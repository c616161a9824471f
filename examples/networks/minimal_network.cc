// The smallest network that learns something: two linear layers with tanh between them, 3 inputs, 2 classes.
// Which class a point has depends on the product of its first two coordinates, which no single linear layer can say;
// without the tanh, two linear layers are one.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

double trained_accuracy(bool with_activation) {
  RandomSource random(3);
  const Tensor x = random.uniform("points", {200, 3}) * 2 - 1;
  const Tensor y = cast(greater(x.slice({Range::all(), 0}) * x.slice({Range::all(), 1}), 0), DType::kInt64);

  nn::Sequential network;
  network.add<nn::Linear>(3, 8);
  if (with_activation) network.add<nn::Tanh>();
  network.add<nn::Linear>(8, 2);
  network.initialize(random);
  nn::Adam optimizer(network.parameters());

  for (int epoch = 0; epoch < 300; ++epoch) {
    Tape tape;
    std::vector<Tensor> parameters;
    for (nn::Parameter* parameter : network.parameters()) parameters.push_back(parameter->value);
    tape.watch(parameters);
    nn::Context context{.training = true, .random = &random};
    const Tensor loss = nn::cross_entropy_loss(network.forward(x, context), y);
    optimizer.step(tape.gradient(loss, parameters), 0.02);
  }
  const Tensor hits = equal(argmax(network.evaluate(x), 1), y);
  return mean(cast(hits, DType::kFloat64)).item<double>();
}

int main() {
  use_default_backend();
  std::printf("two linear layers            accuracy %.3f\n", trained_accuracy(false));
  std::printf("the same with tanh between   accuracy %.3f\n", trained_accuracy(true));
}
