// Two averages. Gradients over micro-batches: a batch that does not fit is taken in parts, and the sum has the bits of the same batch cut into shards.
// Weights over steps: at a constant rate the weights wander around the minimum, and their mean is nearer to it than they are.
#include <cmath>
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  RandomSource random(1);

  const Tensor x = random.normal("x", {96, 8}), y = random.normal("y", {96, 1}),
               w = random.normal("w", {8, 1});
  const auto gradient_of_part = [&](std::int64_t part) {
    const Range rows(part * 16, part * 16 + 16);
    Tape tape;
    tape.watch(w);
    const Tensor loss =
        nn::mse_loss(matmul(x.slice({rows}), w), y.slice({rows}), 96);  // divided by the whole batch
    tape.stop();
    return tape.gradient(loss, {w});
  };
  nn::GradientSum sum;
  for (std::int64_t part = 0; part < 6; ++part) sum.add(gradient_of_part(part));
  const Tensor shards = numerics::tree_combine(
      6, [&](std::int64_t part) { return gradient_of_part(part)[0]; },
      [](const Tensor& left, const Tensor& right) { return left + right; });
  std::printf("6 micro-batches and 6 shards: %s\n",
              same_bits(sum.take()[0], shards) ? "the same bits" : "different");

  // Least squares with noise: the distance from the true weights.
  const Tensor truth = random.normal("truth", {8, 1});
  nn::Parameter weights{"w", zeros({8, 1})};
  nn::SGD optimizer({&weights});
  nn::WeightAverage recent({&weights}, {.decay = 0.99}),
      equal({&weights}, {.kind = nn::WeightAverage::Kind::kEqual});
  const auto distance = [&] { return std::sqrt(sum_squares(weights.value - truth).item_as_double()); };
  const auto averaged = [&](nn::WeightAverage& average) {
    average.swap();
    const double found = distance();
    average.swap();
    return found;
  };
  std::printf("step   weights   exponential mean   mean since step 100\n");
  for (std::uint64_t step = 1; step <= 1000; ++step) {
    random.begin_step(step);
    const Tensor in = random.normal("in", {4, 8}), out = matmul(in, truth) + random.normal("noise", {4, 1});
    Tape tape;
    tape.watch(weights.value);
    const Tensor loss = nn::mse_loss(matmul(in, weights.value), out);
    tape.stop();
    optimizer.step(tape.gradient(loss, {weights.value}), 0.05);
    recent.observe();
    if (step >= 100) equal.observe();
    if (step == 100 || step == 300 || step == 1000)
      std::printf("%4d   %.4f    %.4f             %.4f\n", static_cast<int>(step), distance(),
                  averaged(recent), averaged(equal));
  }
}
