// A gradient is believed after it has been compared with centred differences: (f(x+h) - f(x-h)) / 2h, in double precision.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(7);
  const Tensor weights = random.normal("weights", {3, 4}, DType::kFloat64);
  const Tensor input = random.normal("input", {5, 3}, DType::kFloat64);

  const auto network = [](const std::vector<Tensor>& in) { return tanh(matmul(in[0], in[1])); };
  const GradcheckResult right = gradcheck(network, {input, weights});
  std::printf("tanh(x W): %s\n",
              right.passed ? "the gradient agrees with centred differences" : right.message.c_str());

  // A function with a jump has no derivative there, and the check says so.
  const auto jump = [](const std::vector<Tensor>& in) {
    return select(greater(in[0], 0.0), in[0] + 1, in[0]);
  };
  const GradcheckResult wrong = gradcheck(jump, {Tensor::from<double>({0.0}, {1})});
  std::printf("a jump at 0: %s\n", wrong.passed ? "agrees" : "differs, as it must");
}
