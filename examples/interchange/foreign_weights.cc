// Weights from a safetensors file, as another program may have written it: by name, all or nothing.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  nn::Sequential network;
  network.add<nn::Linear>(2, 3);
  network.add<nn::ReLU>();
  network.add<nn::Linear>(3, 1);
  RandomSource random(1);
  network.initialize(random);

  // |a - b|, written by hand: relu(a - b) + relu(b - a).
  const std::vector<runs::NamedTensor> weights = {
      {"model.0.weight", Tensor::from<float>({1, -1, -1, 1, 0, 0}, {3, 2})},
      {"model.0.bias", zeros({3})},
      {"model.2.weight", Tensor::from<float>({1, 1, 0}, {1, 3})},
      {"model.2.bias", zeros({1})},
      {"optimizer.step", Tensor::scalar<std::int64_t>(12)},
  };
  runs::save_safetensors("weights.safetensors", weights);

  try {
    interchange::load_weights_file(network, "weights.safetensors");
  } catch (const Error& error) {
    std::printf("%s\n\n", error.what());
  }
  interchange::load_weights_file(network, "weights.safetensors", {.prefix = "model."});
  const Tensor pairs = Tensor::from<float>({5, 3, 2, 9, 4, 4}, {3, 2});
  std::printf("|5 - 3|, |2 - 9|, |4 - 4| = %s\n", network.evaluate(pairs).reshape({3}).to_string().c_str());
}
