// Backpropagation on a drawn graph: a neuron with two inputs, its values above and the gradients of its output below each operation.
// Add (gate) hands the gradient on, multiply exchanges its arguments, the sigmoid's parts give its slope s (1 - s) step by step.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  const auto number = [](double value) { return Tensor::from<double>({value}, {1}); };
  const Explanation neuron = explain(
      [](const std::vector<Tensor>& in) {
        const Tensor first = in[0] * in[1];
        const Tensor score = first + in[2] * in[3] + in[4];
        return 1 / (exp(-score) + 1);
      },
      {{"w0", number(2)}, {"x0", number(-1)}, {"w1", number(-3)}, {"x1", number(-2)}, {"w2", number(-3)}});
  std::printf("%s", neuron.text().c_str());

  const Explanation layer =
      explain([](const std::vector<Tensor>& in) { return sum_squares(matmul(in[0], in[1])); },
              {{"W", Tensor::from<double>({0.1, 0.5, -0.3, 0.8}, {2, 2})},
               {"x", Tensor::from<double>({0.2, 0.4}, {2})}});
  std::printf("\n%s", layer.text().c_str());
  write_file_atomically("explain.svg", neuron.svg());
}
