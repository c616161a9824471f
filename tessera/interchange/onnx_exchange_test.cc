// Every layer of the library exported and run again: by Tessera's own reader here, with the same bits; by onnxruntime in
// tests/onnx_exchange.py (onnx_exchange_test.h).
#include "tessera/interchange/onnx_exchange_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/interchange/onnx_export.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/nn/activations.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/convolution.h"
#include "tessera/nn/embedding.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/normalization.h"
#include "tessera/nn/pooling.h"
#include "tessera/nn/recurrent.h"
#include "tessera/nn/resampling.h"
#include "tessera/nn/residual.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::onnx {
namespace {

using Build = void (*)(nn::Sequential& network);

struct Exchange {
  const char* name;
  Shape sample;  // of one sample
  Build build;
  std::int64_t entries = 0;  // above 0: the input are indices below it
};

// Runs whatever the network needs once, so that running statistics are not what they were made with.
const std::vector<Exchange>& exchanges() {
  static const std::vector<Exchange> table = {
      {"perceptron",
       {6},
       [](nn::Sequential& network) {
         network.add<nn::Linear>(6, 8);
         network.add<nn::ReLU>();
         network.add<nn::Dropout>(0.5);
         network.add<nn::Linear>(8, 8, nn::LinearSettings{.bias = false});
         network.add<nn::Sigmoid>();
         network.add<nn::Linear>(8, 3);
         network.add<nn::Softmax>();
       }},
      {"convolution",
       {3, 12, 12},
       [](nn::Sequential& network) {
         network.add<nn::Conv2d>(3, 8, nn::Conv2dSettings{.padding = {1, 1}});
         network.add<nn::BatchNorm>(8);
         network.add<nn::LeakyReLU>(0.2);
         network.add<nn::MaxPool2d>();
         network.add<nn::Conv2d>(
             8, 8, nn::Conv2dSettings{.kernel = {3, 2}, .stride = {2, 1}, .dilation = {1, 2}, .groups = 4});
         network.add<nn::Tanh>();
         network.add<nn::AvgPool2d>();
         network.add<nn::Flatten>();
         network.add<nn::LayerNorm>(Shape{16});
         network.add<nn::Linear>(16, 5);
         network.add<nn::LogSoftmax>();
       }},
      {"generator",
       {4, 3, 3},
       [](nn::Sequential& network) {
         network.add<nn::ConvTranspose2d>(
             4, 6, nn::ConvTranspose2dSettings{.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}});
         network.add<nn::BatchNorm>(6);
         network.add<nn::ReLU>();
         network.add<nn::Upsample>(2);
         network.add<nn::Conv2d>(6, 6, nn::Conv2dSettings{.padding = {1, 1}});
         network.add<nn::PixelNorm>();
         network.add<nn::ConvTranspose2d>(
             6, 3,
             nn::ConvTranspose2dSettings{
                 .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .output_padding = {1, 1}});
         network.add<nn::Upsample>(2, nn::Interpolation::kBilinear);
         network.add<nn::Tanh>();
       }},
      {"normalizations",
       {6, 5, 5},
       [](nn::Sequential& network) {
         network.add<nn::GroupNorm>(3, 6);
         network.add<nn::InstanceNorm>(6);
         network.add<nn::LocalResponseNorm>(3);
         network.add<nn::AdaptiveAvgPool2d>(std::array<std::int64_t, 2>{2, 3});
         network.add<nn::GlobalPool>(nn::Pooling::kMean);
       }},
      {"residual",
       {4, 6},
       [](nn::Sequential& network) {
         auto body = std::make_unique<nn::Sequential>();
         body->add<nn::Conv1d>(4, 4, nn::Conv1dSettings{.kernel = {3}, .padding = {1}});
         body->add<nn::SiLU>();
         network.add(std::make_unique<nn::Residual>(std::move(body)));
         network.add<nn::MaxPool1d>();
         network.add<nn::GELU>();
         network.add<nn::Maxout>(2);
       }},
      {"activations",
       {7},
       [](nn::Sequential& network) {
         network.add<nn::GELU>(nn::GeluForm::kTanh);
         network.add<nn::ELU>(0.5);
         network.add<nn::SELU>();
         network.add<nn::Mish>();
         network.add<nn::Softplus>();
       }},
      {"volume",
       {2, 4, 5, 6},
       [](nn::Sequential& network) {
         network.add<nn::Conv3d>(2, 3, nn::Conv3dSettings{.kernel = {2, 3, 3}, .padding = {0, 1, 1}});
         network.add<nn::ReLU>();
         network.add<nn::MaxPool3d>(nn::Pool3dSettings{.kernel = {1, 2, 2}});
         network.add<nn::GlobalPool>(nn::Pooling::kMax);
       }},
      {"upwards",
       {4, 3, 2, 2},
       [](nn::Sequential& network) {
         network.add<nn::ConvTranspose3d>(
             4, 6, nn::ConvTranspose3dSettings{.kernel = {3, 2, 2}, .stride = {2, 2, 2}, .groups = 2});
         network.add<nn::BatchNorm>(6);
         network.add<nn::AvgPool3d>(nn::Pool3dSettings{.kernel = {2, 2, 3}, .stride = {1, 1, 1}});
         network.add<nn::AdaptiveAvgPool3d>(std::array<std::int64_t, 3>{2, 3, 1});
         network.add<nn::Flatten>();
         network.add<nn::BatchNorm>(36);
       }},
      {"line",
       {3, 9},
       [](nn::Sequential& network) {
         network.add<nn::ConvTranspose1d>(
             3, 4, nn::ConvTranspose1dSettings{.kernel = {3}, .stride = {2}, .output_padding = {1}});
         network.add<nn::AvgPool1d>();
         network.add<nn::BatchNorm>(4);
         network.add<nn::AdaptiveAvgPool1d>(5);
         network.add<nn::GlobalPool>(nn::Pooling::kSum);
       }},
      {"gru",
       {7, 3},
       [](nn::Sequential& network) {
         network.add<nn::GRU>(3, 5, nn::RecurrentSettings{.layers = 2, .bidirectional = true});
         network.add<nn::Linear>(10, 2);
       }},
      {"update_gate",
       {4, 3},
       [](nn::Sequential& network) {
         network.add<nn::GRU>(3, 5, nn::RecurrentSettings{.reset_gate = false});
       }},
      {"lstm",
       {7, 3},
       [](nn::Sequential& network) {
         network.add<nn::LSTM>(3, 5,
                               nn::RecurrentSettings{.layers = 2, .bidirectional = true, .bias = false});
       }},
      {"rnn",
       {4, 3},
       [](nn::Sequential& network) {
         network.add<nn::RNN>(
             3, 5, nn::RecurrentSettings{.bidirectional = true, .nonlinearity = Activation::kRelu});
       }},
      {"words",
       {6},
       [](nn::Sequential& network) {
         network.add<nn::Embedding>(20, 4, nn::EmbeddingSettings{.padding_index = 0});
         network.add<nn::GRU>(4, 3);
         network.add<nn::LayerNorm>(Shape{3});
       },
       20},
      {"attention",
       {5, 8},
       [](nn::Sequential& network) {
         network.add<nn::MultiheadAttention>(8, 2);
         network.add<nn::MultiheadAttention>(8, 4, nn::AttentionSettings{.causal = true});
         network.add<nn::Linear>(8, 3);
       }},
      {"statistics",
       {6, 3, 2},
       [](nn::Sequential& network) {
         network.add<nn::BatchNorm>(6, nn::BatchNormSettings{.affine = false});
         network.add<nn::BatchNorm>(6, nn::BatchNormSettings{.track_running_statistics = false});
         network.add<nn::GroupNorm>(2, 6, nn::GroupNormSettings{.affine = false});
       }},
  };
  return table;
}

Tensor input_of(const Exchange& exchange, std::int64_t samples) {
  Shape shape{samples};
  for (const std::int64_t length : exchange.sample) shape.append(length);
  RandomSource random(5);
  const std::string name = fmt::format("{} {}", exchange.name, samples);
  if (exchange.entries == 0) return random.normal(name, shape);
  return cast(random.uniform(name, shape) * static_cast<double>(exchange.entries), DType::kInt64);
}

std::unique_ptr<nn::Sequential> network_of(const Exchange& exchange) {
  auto network = std::make_unique<nn::Sequential>();
  exchange.build(*network);
  RandomSource random(3);
  network->initialize(random);
  if (exchange.entries == 0) {  // so that running statistics are not those that they begin with
    nn::Context context{.training = true, .random = &random};
    network->forward(input_of(exchange, 9), context);
  }
  return network;
}

TEST(OnnxExchange, EveryLayer) {
  use_default_backend();
  for (const Exchange& exchange : exchanges()) {
    SCOPED_TRACE(exchange.name);
    const auto network = network_of(exchange);
    const std::string bytes = write_model(export_module(*network, input_of(exchange, 2)));
    const Model model(parse_model(bytes, exchange.name), exchange.name);
    EXPECT_EQ(model.unsupported(), std::vector<std::string>{});
    if (std::string(exchange.name) == "convolution") {
      std::vector<std::string> operators;
      for (const Node& node : model.file().graph.nodes) operators.push_back(node.op_type);
      EXPECT_THAT(operators,
                  testing::ElementsAre("Conv", "BatchNormalization", "LeakyRelu", "MaxPool", "Conv", "Tanh",
                                       "AveragePool", "Reshape", "LayerNormalization", "Gemm", "LogSoftmax"));
    }
    for (const std::int64_t samples : {1, 4, 5}) {
      const Tensor x = input_of(exchange, samples), found = model.run(x), expected = network->evaluate(x);
      ASSERT_EQ(found.shape(), expected.shape());
      EXPECT_TRUE(same_bits(found, expected)) << samples << " samples";
    }
    leave_exchange(exchange.name, bytes, input_of(exchange, 4), network->evaluate(input_of(exchange, 4)));
  }
}

}  // namespace
}  // namespace tessera::onnx
