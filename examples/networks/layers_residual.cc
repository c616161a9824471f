// A signal through 50 layers, and the gradient on its way back: without shortcuts it fades away, with them it arrives.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

std::unique_ptr<nn::Module> block() {
  auto body = std::make_unique<nn::Sequential>();
  body->add<nn::Linear>(32, 32);
  body->add<nn::Tanh>();
  return body;
}

// The root mean square of the output, and of the input's gradient where ones arrive at the output.
void measure(const char* name, bool shortcuts) {
  nn::Sequential network;
  for (int layer = 0; layer < 50; ++layer) {
    if (shortcuts)
      network.add(std::make_unique<nn::Residual>(block()));
    else
      network.add(block());
  }
  RandomSource random(1);
  network.initialize(random);
  const Tensor x = random.normal("x", {64, 32});
  const auto size = [](const Tensor& t) { return std::sqrt(mean(t * t).item_as_double()); };
  const Tensor slope = grad([&](const Tensor& at) { return sum(network.evaluate(at)); }, x);
  std::printf("%-18s output %9.2e   gradient at the input %9.2e\n", name, size(network.evaluate(x)),
              size(slope));
}

int main() {
  use_default_backend();
  measure("plain", false);
  measure("with shortcuts", true);
}
