// A GRU learns to remember: of each sequence of 10 random numbers it is asked for the first one, after the last one. A network that sees only
// the end cannot do better than 1, the variance of the numbers. Every gradient passes through all 10 times.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

struct Memory {
  nn::GRU layer{1, 16};
  nn::Linear readout{16, 1};

  std::vector<nn::Parameter*> parameters() {
    std::vector<nn::Parameter*> all = layer.parameters();
    for (nn::Parameter* parameter : readout.parameters()) all.push_back(parameter);
    return all;
  }
  // The mean square of what is wrong about the first number of each sequence.
  Tensor loss(const Tensor& x) {
    const Tensor last = layer.evaluate(x).slice({Range::all(), Range(-1)});
    const Tensor wrong = readout.evaluate(last) - x.slice({Range::all(), Range(0)});
    return mean(wrong * wrong);
  }
};

int main() {
  use_default_backend();
  RandomSource random(5);
  Memory memory;
  memory.layer.initialize(random);
  memory.readout.initialize(random);
  nn::Adam optimizer(memory.parameters());
  for (std::uint64_t step = 1; step <= 300; ++step) {
    random.begin_step(step);
    const Tensor x = random.normal("sequences", {64, 10, 1});
    std::vector<Tensor> parameters;
    for (nn::Parameter* parameter : memory.parameters()) parameters.push_back(parameter->value);
    Tape tape;
    tape.watch(parameters);
    const Tensor loss = memory.loss(x);
    tape.stop();
    optimizer.step(tape.gradient(loss, parameters), 0.01);
    if (step == 1 || step % 50 == 0)
      std::printf("step %3d   mean square %.4f\n", static_cast<int>(step), loss.item_as_double());
  }
}
