// Weights and activations stored in bfloat16, with 8 bits of precision: the weights, and so a checkpoint, take half the memory, and the peak of a training falls, too. Each operation
// computes in float32 and rounds once. The same network on the same made data, both ways; and why small steps get lost: a weight near 1 cannot change by less than 1/256.
#include <cstdio>

#include "tessera/tensor/storage.h"
#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kSamples = 2048, kFeatures = 32, kHidden = 256, kClasses = 4;

// Points around four centres that overlap.
std::pair<Tensor, Tensor> samples(const char* name) {
  RandomSource random(5);
  const Tensor labels = arange(kSamples) - arange(kSamples) / kClasses * kClasses;
  const Tensor centres = random.normal("centres", {kClasses, kFeatures}) * 0.5;
  return {gather(centres, labels, 0) + random.normal(name, {kSamples, kFeatures}), labels};
}

void run(DType dtype) {
  const auto [x, labels] = samples("train");
  const auto [fresh, truth] = samples("test");
  nn::Sequential network;
  network.add<nn::Linear>(kFeatures, kHidden, nn::LinearSettings{.dtype = dtype});
  network.add<nn::Tanh>();
  network.add<nn::Linear>(kHidden, kClasses, nn::LinearSettings{.dtype = dtype});
  RandomSource random(1);
  network.initialize(random);
  nn::SGD optimizer(network.parameters(), {.momentum = 0.9});
  const Tensor input = x.to(dtype);
  const auto before = static_cast<double>(memory_statistics().in_use_bytes);
  reset_peak_memory();
  for (int step = 1; step <= 60; ++step) {
    std::vector<Tensor> values;
    for (nn::Parameter* parameter : network.parameters()) values.push_back(parameter->value);
    nn::Context context{.training = true, .random = &random};
    Tape tape;
    tape.watch(values);
    const Tensor loss = nn::cross_entropy_loss(network.forward(input, context).to(DType::kFloat32), labels);
    tape.stop();
    optimizer.step(tape.gradient(loss, values), 0.05);
  }
  const double peak = static_cast<double>(memory_statistics().peak_bytes) - before;
  const Tensor scores = network.evaluate(fresh.to(dtype)).to(DType::kFloat32);
  std::size_t stored = 0;
  for (const nn::Parameter* parameter : network.parameters())
    stored +=
        static_cast<std::size_t>(parameter->value.elements()) * static_cast<std::size_t>(dtype_size(dtype));
  std::printf("%-9s held out %.2f %%, loss %.4f, weights %zu bytes, at most %.1f MB beside the data\n",
              std::string(dtype_name(dtype)).c_str(),
              100 * mean(cast(equal(argmax(scores, 1), truth), DType::kFloat32)).item_as_double(),
              mean(cross_entropy(scores, truth)).item_as_double(), stored, peak * 1e-6);
}

int main() {
  use_default_backend();
  run(DType::kFloat32);
  run(DType::kBFloat16);
  const auto stored = [](double value) { return full({1}, value).to(DType::kBFloat16).to(DType::kFloat32); };
  for (const double change : {0.002, 0.003, 0.006, 0.01})
    std::printf("1 + %.3f is stored as %g\n", change, stored(1 + change).item_as_double());
}
