#include "tessera/nn/layers.h"

#include <functional>

#include "bench/cases/tools.h"
#include "tessera/autograd/tape.h"

namespace bench {

using tessera::Shape;
using tessera::Tensor;
namespace nn = tessera::nn;

namespace {

// One layer in training: forward pass, and the gradients of its parameters and its input.
template <typename Make>
Case layer_case(const std::string& name, const Shape& shape, Make make) {
  return lazy("layer " + name, [=] {
    std::shared_ptr<nn::Module> layer = make();
    tessera::RandomSource random(1);
    layer->initialize(random);
    std::vector<Tensor> leaves;
    for (const nn::Parameter* parameter : layer->parameters()) leaves.push_back(parameter->value);
    leaves.push_back(normal(shape));
    const Tensor slope = normal(layer->output_shape(shape));
    return [=] {
      tessera::Tape tape;
      tape.watch(leaves);
      nn::Context context{.training = true};
      const Tensor y = layer->forward(leaves.back(), context);
      tape.stop();
      tape.gradient(y, leaves, slope);
    };
  });
}

Case embedding_case() {
  return lazy("layer embedding 10000x128 of 64x100", [] {
    auto layer = std::make_shared<nn::Embedding>(10000, 128);
    tessera::RandomSource random(1);
    layer->initialize(random);
    const Tensor x = tessera::reshape(labels(6400, 10000), {64, 100}), slope = normal({64, 100, 128});
    return [=] {
      tessera::Tape tape;
      tape.watch(layer->weight().value);
      const Tensor y = layer->evaluate(x);
      tape.stop();
      tape.gradient(y, {layer->weight().value}, slope);
    };
  });
}

template <typename Layer, typename... Arguments>
std::function<std::shared_ptr<nn::Module>()> of(Arguments... arguments) {
  return [=] { return std::make_shared<Layer>(arguments...); };
}

}  // namespace

std::vector<Case> layer_cases() {
  const Shape images{64, 64, 28, 28}, small{64, 64, 7, 7}, rows{64, 100, 256};
  return {layer_case("batch_norm 64x64x28x28", images, of<nn::BatchNorm>(64)),
          layer_case("batch_norm 64x64x7x7", small, of<nn::BatchNorm>(64)),
          layer_case("batch_norm 128x1024", {128, 1024}, of<nn::BatchNorm>(1024)),
          layer_case("group_norm 64x64x28x28", images, of<nn::GroupNorm>(8, 64)),
          layer_case("instance_norm 64x64x28x28", images, of<nn::InstanceNorm>(64)),
          layer_case("leaky_relu 64x64x28x28", images, of<nn::LeakyReLU>(0.2)),
          layer_case("elu 64x64x28x28", images, of<nn::ELU>(1.0)),
          layer_case("gelu 64x64x28x28", images, of<nn::GELU>()),
          layer_case("silu 64x64x28x28", images, of<nn::SiLU>()),
          layer_case("max_pool 64x64x28x28", images, of<nn::MaxPool2d>()),
          layer_case("avg_pool 64x64x28x28", images, of<nn::AvgPool2d>()),
          layer_case("upsample 64x64x28x28", images, of<nn::Upsample>(2)),
          layer_case("conv1d 64x64x256", {64, 64, 256},
                     of<nn::Conv1d>(64, 64, nn::Conv1dSettings{.padding = {1}})),
          layer_case("conv_transpose2d 64x64x7x7", small,
                     of<nn::ConvTranspose2d>(
                         64, 32,
                         nn::ConvTranspose2dSettings{.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}})),
          layer_case("attention 64x100x256", rows, of<nn::MultiheadAttention>(256, 8)),
          embedding_case()};
}

}  // namespace bench
