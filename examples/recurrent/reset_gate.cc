// What is the reset gate good for? The same task for four layers: sequences of 8 to 20 numbers, two of them marked; the sum of the two is asked for after
// the last time (Hochreiter & Schmidhuber, 1997). Without any memory the mean square is 1/6, the variance of the sum.
#include <cstdio>
#include <memory>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kSamples = 64, kLeast = 8, kMost = 20;

struct Batch {
  Tensor x, lengths, sums;  // [N, T, 2]: number, mark
};

Batch draw(RandomSource& random) {
  const Tensor numbers = random.uniform("numbers", {kSamples, kMost}),
               u = random.uniform("lengths", {kSamples, 3}, DType::kFloat64);
  const auto column = [&](std::int64_t i) { return slice(u, {Range::all(), i}); };
  const Tensor lengths = cast(column(0) * (kMost - kLeast + 1), DType::kInt64) + kLeast;
  // One mark in the first half, one in the second.
  const Tensor half = lengths / 2, first = cast(column(1) * cast(half, DType::kFloat64), DType::kInt64),
               second = half + cast(column(2) * cast(lengths - half, DType::kFloat64), DType::kInt64);
  const auto mark = [&](const Tensor& at) {
    return cast(equal(reshape(at, {kSamples, 1}), arange(kMost)), DType::kFloat32);
  };
  const Tensor marks = mark(first) + mark(second);
  const Shape one{kSamples, kMost, 1};
  return {concatenate({reshape(numbers, one), reshape(marks, one)}, 2), lengths,
          sum(numbers * marks, {1}, true)};
}

void run(const char* name, std::unique_ptr<nn::Recurrent> layer) {
  RandomSource random(1);
  layer->initialize(random);
  nn::Linear readout(32, 1);
  readout.initialize(random);
  std::vector<nn::Parameter*> parameters = layer->parameters();
  for (nn::Parameter* parameter : readout.parameters()) parameters.push_back(parameter);
  nn::Adam optimizer(parameters);
  const auto loss_of = [&](const Batch& batch) {
    return nn::mse_loss(readout.evaluate(layer->run(batch.x, {.lengths = batch.lengths}).h.slice({0})),
                        batch.sums);
  };
  std::printf("%-18s %6d", name, static_cast<int>(layer->parameter_elements()));
  double recent = 0;
  for (std::uint64_t step = 1; step <= 600; ++step) {
    random.begin_step(step);
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : parameters) values.push_back(parameter->value);
    Tape tape;
    tape.watch(values);
    const Tensor loss = loss_of(draw(random));
    tape.stop();
    std::vector<Tensor> gradients = tape.gradient(loss, values);
    nn::clip_by_norm(gradients, 1);
    optimizer.step(gradients, 0.005);
    recent += loss.item_as_double() / 20;
    if (step % 20 == 0) {
      if (step % 200 == 0) std::printf("   %.4f", recent);
      recent = 0;
    }
  }
  std::printf("\n");
}

int main() {
  use_default_backend();
  std::printf("layer          parameters   mean square before step 200, 400, 600\n");
  run("RNN", std::make_unique<nn::RNN>(2, 32));
  run("LSTM", std::make_unique<nn::LSTM>(2, 32));
  run("GRU", std::make_unique<nn::GRU>(2, 32));
  run("GRU without reset", std::make_unique<nn::GRU>(2, 32, nn::RecurrentSettings{.reset_gate = false}));
}
