// Without an activation a network of any depth is one linear layer; with one it is not. And tanh is a sigmoid, stretched and moved: tanh(x) = 2 sigma(2x) - 1.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(1);
  nn::Linear first(6, 64, {.dtype = DType::kFloat64}), second(64, 3, {.dtype = DType::kFloat64});
  RandomSource of_second(2);
  first.initialize(random);
  second.initialize(of_second);
  const Tensor x = random.normal("x", {100, 6}, DType::kFloat64);

  // W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)
  nn::Linear both(6, 3, {.dtype = DType::kFloat64});
  both.weight().value = matmul(second.weight().value, first.weight().value);
  both.bias()->value = matmul(second.weight().value, first.bias()->value) + second.bias()->value;
  const auto furthest = [](const Tensor& a, const Tensor& b) { return max(absolute(a - b)).item<double>(); };
  const Tensor flat = second.evaluate(first.evaluate(x)), bent = second.evaluate(tanh(first.evaluate(x)));
  std::printf("448 + 195 numbers do what %d do: largest difference %s\n",
              static_cast<int>(both.parameter_elements()),
              furthest(flat, both.evaluate(x)) < 1e-14 ? "below 1e-14" : "too large");
  std::printf("with tanh between them it is %.2f\n", furthest(bent, both.evaluate(x)));

  const Tensor line = (arange(20'001, DType::kFloat64) - 10'000) / 1000;  // -10 to 10
  const double difference = furthest(tanh(line), sigmoid(line * 2) * 2 - 1);
  std::printf("tanh(x) and 2 sigma(2x) - 1 on [-10, 10]: largest difference %.1e\n", difference);
}
