// Why networks need activations: layers without one between them collapse to a single matrix, however many there are. And what the activations do to a few numbers.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(1);
  nn::Sequential deep;
  for (int layer = 0; layer < 10; ++layer)
    deep.add<nn::Linear>(8, 8, nn::LinearSettings{.bias = false, .dtype = DType::kFloat64});
  deep.initialize(random);
  Tensor single = deep.parameters()[0]->value;  // y = W10 (... (W1 x))
  for (std::size_t layer = 1; layer < 10; ++layer) single = matmul(deep.parameters()[layer]->value, single);
  const Tensor x = random.normal("x", {100, 8}, DType::kFloat64), expected = deep.evaluate(x);
  std::printf(
      "ten layers of 64 weights without activations and one matrix: largest difference %.0e of %.0e\n",
      max(absolute(expected - matmul(x, transpose(single)))).item_as_double(),
      max(absolute(expected)).item_as_double());
  nn::Sequential bent;
  for (int layer = 0; layer < 10; ++layer) {
    bent.add<nn::Linear>(8, 8, nn::LinearSettings{.bias = false, .dtype = DType::kFloat64});
    bent.add<nn::LeakyReLU>(0.2);
  }
  RandomSource other(2);
  bent.initialize(other);
  const Tensor a = random.normal("a", {1, 8}, DType::kFloat64),
               b = random.normal("b", {1, 8}, DType::kFloat64);
  const Tensor apart = bent.evaluate(a) + bent.evaluate(b), together = bent.evaluate(a + b);
  std::printf(
      "with activations f(a) + f(b) is not f(a + b): they differ by %.0f %%\n\n",
      100 * max(absolute(apart - together)).item_as_double() / max(absolute(together)).item_as_double());

  const Tensor points = Tensor::from<double>({-3, -1, -0.5, 0, 0.5, 1, 3}, {1, 7});
  const auto row = [&](const char* name, const Tensor& y) {
    std::printf("%-12s", name);
    for (const double value : y.to_vector<double>()) std::printf("%9.4f", value);
    std::printf("\n");
  };
  row("x", points);
  row("ReLU", relu(points));
  row("LeakyReLU", nn::leaky_relu(points, 0.2));
  row("ELU", nn::elu(points));
  row("SELU", nn::selu(points));
  row("Softplus", nn::softplus(points));
  row("GELU", nn::gelu(points));
  row("GELU (tanh)", nn::gelu(points, nn::GeluForm::kTanh));
  row("SiLU", nn::silu(points));
  row("Mish", nn::mish(points));
  row("Tanh", tanh(points));
  row("Sigmoid", sigmoid(points));
  row("Softmax", softmax(points));
}
