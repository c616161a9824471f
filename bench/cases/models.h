// The published models as rows: a training step and predictions, the same arithmetic on every side. What a row computes can be written out, so
// that bench/published.py has it compared with PyTorch's from the same weights before anybody compares times.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/cases/tools.h"
#include "tessera/nn/module.h"
#include "tessera/nn/optimizers.h"

namespace bench {

struct ModelSettings {
  std::int64_t batch = 32;
  bool dropout = true;  // off for comparisons: random masks are not the same anywhere else
};

// One model with its inputs, ready to be trained and asked.
struct Model {
  std::vector<std::shared_ptr<tessera::nn::Module>> networks;
  std::vector<tessera::Tensor> inputs;
  std::function<tessera::Tensor()> step;     // one training step; the loss before it
  std::function<tessera::Tensor()> predict;  // outside training
};

struct ModelRow {
  std::string name;
  std::function<Model(const ModelSettings&)> make;
};

std::vector<ModelRow> image_models();       // models_images.cc
std::vector<ModelRow> generative_models();  // models_generative.cc
std::vector<ModelRow> cloud_models();       // models_clouds.cc
std::vector<ModelRow> text_models();        // models_text.cc
std::vector<ModelRow> sequence_models();    // models_sequences.cc

// Training steps that a comparison takes.
inline constexpr std::uint64_t kCheckedSteps = 3;

// ---- What their files share ----

using Draws = std::shared_ptr<tessera::RandomSource>;
using Loss = std::function<tessera::Tensor(tessera::nn::Context&)>;

// With its initial weights.
template <typename Network, typename... Arguments>
std::shared_ptr<Network> initialized(const Draws& draws, Arguments&&... arguments) {
  auto network = std::make_shared<Network>(std::forward<Arguments>(arguments)...);
  network->initialize(*draws);
  return network;
}

// Gradients of the loss, and the optimiser's step.
tessera::Tensor update(tessera::nn::Optimizer& optimizer, double rate, const Loss& loss, const Draws& draws);

// The usual model: one network, one loss, one optimiser.
Model trained_model(std::shared_ptr<tessera::nn::Module> network, std::vector<tessera::Tensor> inputs,
                    std::shared_ptr<tessera::nn::Optimizer> optimizer, double rate, Loss loss,
                    const Draws& draws);

}  // namespace bench
