// Networks exported and run again by Tessera's own reader: the bits are the network's, for other numbers of samples, too. (Other programs are
// asked by tests/onnx_exchange.py.)
#include "tessera/interchange/onnx_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/backends/backends.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/recurrent.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::onnx {
namespace {

class OnnxExport : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  static Tensor draw(const std::string& name, const Shape& shape) {
    return RandomSource(7).normal(name, shape);
  }
  static void initialize(nn::Module& network) {
    RandomSource random(7);
    network.initialize(random);
  }

  // Exports, writes, reads, runs.
  Model exchanged(nn::Module& network, const Tensor& sample) {
    const std::string bytes = write_model(export_module(network, sample));
    EXPECT_EQ(bytes, write_model(parse_model(bytes, "again")));
    return Model(parse_model(bytes, "network.onnx"), "network.onnx");
  }

  void expect_same_bits(nn::Module& network, const Shape& sample_shape) {
    initialize(network);
    Shape shape = sample_shape;
    const auto input = [&](std::int64_t samples) {
      shape[0] = samples;
      return draw(fmt::format("x{}", samples), shape);
    };
    const Model model = exchanged(network, input(3));
    for (const std::int64_t samples : {1, 2, 3, 5, 8})
      EXPECT_TRUE(same_bits(model.run(input(samples)), network.evaluate(input(samples))))
          << samples << " samples";
  }

  static std::vector<std::string> operators(const Model& model) {
    std::vector<std::string> names;
    for (const Node& node : model.file().graph.nodes) names.push_back(node.op_type);
    return names;
  }
};

TEST_F(OnnxExport, LinearNetworkIsGemmAndActivation) {
  nn::Sequential network;
  network.add<nn::Linear>(6, 5);
  network.add<nn::ReLU>();
  network.add<nn::Dropout>(0.5);
  network.add<nn::Linear>(5, 4, nn::LinearSettings{.bias = false});
  network.add<nn::Tanh>();
  network.add<nn::Linear>(4, 3);
  network.add<nn::Sigmoid>();
  expect_same_bits(network, {1, 6});
  const Model model = exchanged(network, draw("sample", {2, 6}));
  EXPECT_EQ(operators(model),
            (std::vector<std::string>{"Gemm", "Relu", "Transpose", "MatMul", "Tanh", "Gemm", "Sigmoid"}));
  EXPECT_EQ(model.file().graph.initializers[0].name, "0.weight");
  EXPECT_EQ(model.inputs()[0].dimensions[0].name, "samples");
  EXPECT_EQ(model.outputs()[0].dimensions[1].length, 3);
}

// A product with a transposed weight and a bias is one, too.
TEST_F(OnnxExport, ProductAndBiasAreGemm) {
  const Tensor weight = draw("w", {5, 6}), bias = draw("b", {5});
  const Function function = [&](const std::vector<Tensor>& inputs) {
    return std::vector<Tensor>{matmul(inputs[0], transpose(weight)) + bias};
  };
  const Model model(export_function(function, {draw("x", {2, 6})}, {}, {}), "product.onnx");
  EXPECT_EQ(operators(model), std::vector<std::string>{"Gemm"});
  const Tensor x = draw("other", {3, 6});
  EXPECT_TRUE(same_bits(model.run(x), function({x})[0]));
}

TEST_F(OnnxExport, ConvolutionalNetworkHasItsBiasesInTheConvolutions) {
  nn::Sequential network;
  network.add<nn::Conv2d>(2, 4, nn::Conv2dSettings{.kernel = {3, 3}, .padding = {1, 1}});
  network.add<nn::ReLU>();
  network.add<nn::MaxPool2d>();
  network.add<nn::Conv2d>(
      4, 4, nn::Conv2dSettings{.kernel = {3, 2}, .stride = {2, 1}, .dilation = {1, 2}, .groups = 2});
  network.add<nn::AvgPool2d>(
      nn::Pool2dSettings{.kernel = {2, 2}, .stride = {1, 1}, .padding = {1, 1}, .count_padding = false});
  network.add<nn::LayerNorm>(Shape{4});
  network.add<nn::Flatten>();
  network.add<nn::LayerNorm>(Shape{48});
  network.add<nn::Linear>(48, 3);
  expect_same_bits(network, {1, 2, 12, 10});
  const Model model = exchanged(network, draw("sample", {1, 2, 12, 10}));
  EXPECT_EQ(operators(model),
            (std::vector<std::string>{"Conv", "Relu", "MaxPool", "Conv", "AveragePool", "LayerNormalization",
                                      "Reshape", "LayerNormalization", "Gemm"}));
}

TEST_F(OnnxExport, RecurrentNetworks) {
  nn::GRU gru(3, 4, {.layers = 2, .bidirectional = true});
  expect_same_bits(gru, {1, 6, 3});
  nn::LSTM lstm(3, 4, {.layers = 2, .bidirectional = true});
  expect_same_bits(lstm, {1, 5, 3});
  nn::GRU without_bias(3, 4, {.bias = false});
  expect_same_bits(without_bias, {1, 1, 3});
  const std::vector<std::string> names = operators(exchanged(gru, draw("sample", {2, 6, 3})));
  EXPECT_EQ(std::count(names.begin(), names.end(), "GRU"), 4);
}

TEST_F(OnnxExport, LastStatesOfRecurrentNetworks) {
  nn::LSTM lstm(3, 4);
  initialize(lstm);
  const Function function = [&](const std::vector<Tensor>& inputs) {
    const nn::RecurrentResult result = lstm.run(inputs[0], {.h0 = inputs[1]});
    return std::vector<Tensor>{result.output, result.h, result.c};
  };
  const auto inputs = [&](std::int64_t samples) {
    return std::vector<Tensor>{draw(fmt::format("x{}", samples), {samples, 5, 3}),
                               zeros({1, samples, 4}) + 0.5};
  };
  // The state's samples lie along its second axis.
  const ModelFile file = export_function(
      function, inputs(3), {}, {.inputs = {"x", "h0"}, .outputs = {"y", "h", "c"}, .open_axes = {}});
  const Model model(file, "lstm.onnx");
  const auto found = model.run({{"x", inputs(3)[0]}, {"h0", inputs(3)[1]}});
  const std::vector<Tensor> expected = function(inputs(3));
  EXPECT_TRUE(same_bits(found.at("y"), expected[0]));
  EXPECT_TRUE(same_bits(found.at("h"), expected[1]));
  EXPECT_TRUE(same_bits(found.at("c"), expected[2]));
}

// The gathers of the lengths are constants of the model.
TEST_F(OnnxExport, SequencesOfDifferentLengths) {
  nn::RNN rnn(3, 4, {.bidirectional = true});
  nn::GRU gru(3, 4, {.layers = 2});
  nn::LSTM lstm(3, 4, {.bidirectional = true});
  for (nn::Recurrent* layer : std::initializer_list<nn::Recurrent*>{&rnn, &gru, &lstm}) {
    SCOPED_TRACE(layer->describe());
    initialize(*layer);
    const Function function = [&](const std::vector<Tensor>& inputs) {
      const nn::RecurrentResult result =
          layer->run(inputs[0], {.lengths = Tensor::from<std::int64_t>({2, 9, 0, 5}, {4})});
      return std::vector<Tensor>{result.output, result.h};
    };
    const Tensor x = draw("x", {4, 9, 3});
    const Model model(export_function(function, {x}, {}, {.outputs = {"y", "h"}, .open_axes = {}}),
                      "lengths.onnx");
    const Tensor other = draw("other", {4, 9, 3});
    const Model::Values found = model.run({{"input", other}});
    const std::vector<Tensor> expected = function({other});
    EXPECT_TRUE(same_bits(found.at("y"), expected[0]));
    EXPECT_TRUE(same_bits(found.at("h"), expected[1]));
  }
}

// Recurrent operators with sequence_lens, for any numbers of samples and times. A time is there if its first feature is not 0.
TEST_F(OnnxExport, SequencesOfAnyLengths) {
  nn::RNN rnn(3, 4, {.bidirectional = true, .nonlinearity = Activation::kRelu});
  nn::GRU gru(3, 4, {.layers = 2, .bidirectional = true});
  nn::GRU without_reset_gate(3, 4, {.bidirectional = true, .reset_gate = false});
  nn::LSTM lstm(3, 4, {.layers = 2, .bidirectional = true, .bias = false});
  for (nn::Recurrent* layer : std::initializer_list<nn::Recurrent*>{&rnn, &gru, &without_reset_gate, &lstm}) {
    SCOPED_TRACE(layer->describe());
    initialize(*layer);
    const ContextFunction function = [&](const std::vector<Tensor>& inputs, nn::Context& context) {
      const Tensor first = slice(inputs[0], {Range::all(), Range::all(), 0});
      const Tensor lengths = sum(cast(not_equal(first, 0), DType::kInt64), {1});
      if (context.announce_lengths) context.announce_lengths(lengths);
      const nn::RecurrentResult result = layer->run(inputs[0], {.lengths = lengths});
      return std::vector<Tensor>{result.output, result.h, layer == &lstm ? result.c : result.h};
    };
    const Model model(export_function(function, {draw("x", {2, 5, 3})}, {},
                                      {.outputs = {"y", "h", "c"}, .open_axes = {"samples", "times"}}),
                      "lengths.onnx");
    EXPECT_EQ(model.inputs()[0].dimensions[1].name, "times");
    const std::vector<std::string> names = operators(model);
    EXPECT_EQ(std::count(names.begin(), names.end(), "ReverseSequence"), 0);
    const std::vector<std::vector<std::int64_t>> cases = {
        {7, 2, 9, 0, 5, 1}, {6, 6, 6}, {1}, {0, 0}, {11, 0}};
    for (const std::vector<std::int64_t>& lengths : cases) {
      const auto samples = static_cast<std::int64_t>(lengths.size());
      const Tensor times = reshape(arange(11), {1, 11, 1}),
                   x = select(less(times, reshape(Tensor::from(lengths, {samples}), {samples, 1, 1})),
                              draw("other", {samples, 11, 3}), 0);
      nn::Context context;
      const std::vector<Tensor> expected = function({x}, context);
      const Model::Values found = model.run({{"input", x}});
      EXPECT_TRUE(same_bits(found.at("y"), expected[0]));
      EXPECT_TRUE(same_bits(found.at("h"), expected[1]));
      EXPECT_TRUE(same_bits(found.at("c"), expected[2]));
    }
  }
}

// Lengths of several open axes and their products.
TEST_F(OnnxExport, SeveralOpenAxes) {
  const Function function = [](const std::vector<Tensor>& inputs) {
    const Tensor& x = inputs[0];
    const std::int64_t a = x.size(0), b = x.size(1), c = x.size(2);
    const Tensor flat =
        reshape(x, {a * b * c, 4}) + cast(reshape(arange(a * b * c), {a * b * c, 1}), DType::kFloat32);
    const Tensor rows = concatenate({reshape(flat, {a * b, c, 4}), zeros({a * b, 3, 4})}, 1);
    const Tensor some = slice(rows, {Range::all(), Range(1, c + 2), Range::step(-2)});
    return std::vector<Tensor>{reshape(some, {b, a * (c + 1), 2}),
                               full({a}, static_cast<double>(b * c), DType::kInt64)};
  };
  const Model model(export_function(function, {draw("x", {2, 1, 3, 4})}, {},
                                    {.outputs = {"y", "n"}, .open_axes = {"a", "b", "c"}}),
                    "open.onnx");
  for (const Shape& shape : {Shape{2, 1, 3, 4}, {1, 5, 2, 4}, {7, 3, 1, 4}, {4, 4, 4, 4}}) {
    const Tensor x = draw("other", shape);
    const Model::Values found = model.run({{"input", x}});
    const std::vector<Tensor> expected = function({x});
    EXPECT_TRUE(same_bits(found.at("y"), expected[0]));
    EXPECT_TRUE(same_bits(found.at("n"), expected[1]));
  }
}

TEST_F(OnnxExport, TransposedConvolution) {
  const Tensor weight = draw("w", {3, 2, 3, 3});
  WindowAttributes window;
  window.kernel[0] = window.kernel[1] = 3;
  window.stride[0] = window.stride[1] = 2;
  window.padding[0] = window.padding[1] = 1;
  const Function function = [&](const std::vector<Tensor>& inputs) {
    WindowAttributes own = window;
    own.input_shape = {inputs[0].size(0), 2, 10, 9};
    const std::vector<Tensor> operands = {inputs[0], weight};
    return std::vector<Tensor>{apply(Op::kConv2dInputGradient, operands, own)};
  };
  const Model model(export_function(function, {draw("g", {2, 3, 5, 5})}, {{"weight", weight}}, {}),
                    "transposed.onnx");
  const Tensor x = draw("other", {4, 3, 5, 5});
  EXPECT_TRUE(same_bits(model.run(x), function({x})[0]));
}

// An input, a constant and one value under two names.
TEST_F(OnnxExport, OutputsThatNoNodeMakes) {
  const Tensor weight = draw("w", {3});
  const Function function = [&](const std::vector<Tensor>& inputs) {
    const Tensor twice = inputs[0] * 2;
    return std::vector<Tensor>{inputs[0], weight, twice, twice};
  };
  const std::vector<std::string> outputs = {"same", "constant", "twice", "again"};
  const Model model(
      export_function(function, {draw("x", {2, 3})}, {{"weight", weight}}, {.outputs = outputs}), "m");
  const Tensor x = draw("other", {5, 3});
  const Model::Values found = model.run({{"input", x}});
  const std::vector<Tensor> expected = function({x});
  for (std::size_t i = 0; i < outputs.size(); ++i)
    EXPECT_TRUE(same_bits(found.at(outputs[i]), expected[i])) << outputs[i];
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(OnnxExport, WhatCannotBeExportedIsSaid) {
  const auto exported = [&](const Function& function) {
    return message_of([&] { export_function(function, {draw("x", {2, 3})}, {}, {}); });
  };
  EXPECT_EQ(exported([&](const std::vector<Tensor>& inputs) {
              return std::vector<Tensor>{inputs[0] + RandomSource(1).uniform("u", {3})};
            }),
            "export: random_uniform: ONNX draws other random numbers");
  EXPECT_THAT(exported([](const std::vector<Tensor>& inputs) {
                Tensor y = inputs[0];
                for (std::int64_t i = 0; i < inputs[0].size(0); ++i) y = y + 1;
                return std::vector<Tensor>{y};
              }),
              testing::HasSubstr("depend on the number of samples"));
  EXPECT_THAT(exported([](const std::vector<Tensor>& inputs) {
                return std::vector<Tensor>{inputs[0] + static_cast<double>(inputs[0].size(0))};
              }),
              testing::HasSubstr("depends on the number of samples"));
  EXPECT_EQ(exported([](const std::vector<Tensor>& inputs) {
              return std::vector<Tensor>{inputs[0] +
                                         full({3}, static_cast<double>(inputs[0].size(0)), DType::kFloat32)};
            }),
            "export: fill with a number that depends on open lengths");
}

// Lengths that look like a sum of products of the open ones where these are one longer, and are none farther on.
TEST_F(OnnxExport, LengthsThatAreNoSumsOfProductsAreRefused) {
  const ExportOptions options{.inputs = {"x"}, .outputs = {"y"}, .open_axes = {"samples", "times"}};
  const auto message = [&](const Function& function, std::int64_t times) {
    try {
      export_function(function, {ones({2, times})}, {}, options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("exported");
  };
  const Function every_other = [](const std::vector<Tensor>& x) {
    return std::vector<Tensor>{slice(x[0], {Range::all(), Range::step(2)})};
  };
  const Function square = [](const std::vector<Tensor>& x) {
    const std::int64_t times = x[0].size(1);
    return std::vector<Tensor>{
        broadcast_to(reshape(x[0], {x[0].size(0), 1, times}), {x[0].size(0), times, times})
            .reshape({x[0].size(0), times * times})};
  };
  for (const std::int64_t times : {4, 5}) {
    EXPECT_THAT(message(every_other, times),
                testing::HasSubstr("expected sums of products of these lengths"));
    EXPECT_THAT(message(square, times), testing::HasSubstr("expected sums of products of these lengths"));
  }
  EXPECT_EQ(message([](const std::vector<Tensor>& x) { return std::vector<Tensor>{x[0].reshape({-1})}; }, 4),
            "exported");
}

}  // namespace
}  // namespace tessera::onnx
