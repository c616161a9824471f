// Values and gradients of compositions beside PyTorch's: float64, 1e-10.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <iostream>

#include "tessera/autograd/tape.h"
#include "tessera/autograd/torch_cases_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera {
namespace {

using torch_cases::Json;
using torch_cases::NamedTensors;

// A case: the description, and all tensors by name (inputs and parameters together).
using Outputs = NamedTensors;
using Composition = std::function<Outputs(const Json& meta, const NamedTensors& in)>;

Outputs only(const Tensor& y) {
  return {{"y", y}};
}

template <std::size_t kLength>
void read_pair(const Json& meta, const char* key, std::int64_t (&pair)[kLength]) {
  if (!meta.contains(key)) return;
  for (std::size_t i = 0; i < 2; ++i) pair[i] = meta[key].is_array() ? meta[key][i] : meta[key];
}

Tensor with_channel_bias(const Tensor& y, const NamedTensors& in) {
  const auto bias = in.find("m.bias");
  return bias == in.end() ? y : y + reshape(bias->second, {bias->second.elements(), 1, 1});
}

Outputs convolution2d(const Json& meta, const NamedTensors& in) {
  Conv2dOptions options;
  read_pair(meta, "stride", options.stride);
  read_pair(meta, "padding", options.padding);
  read_pair(meta, "dilation", options.dilation);
  options.groups = meta["groups"];
  return only(with_channel_bias(conv2d(in.at("x"), in.at("m.weight"), options), in));
}

Outputs convolution1d(const Json& meta, const NamedTensors& in) {
  const Conv1dOptions options{.stride = meta["stride"], .padding = meta["padding"]};
  const Tensor y = conv1d(in.at("x"), in.at("m.weight"), options);
  return only(y + reshape(in.at("m.bias"), {y.size(1), 1}));
}

// The adjoint of conv2d in its input.
Outputs transposed_convolution(const Json& meta, const NamedTensors& in) {
  const Tensor &x = in.at("x"), &w = in.at("m.weight");
  WindowAttributes window;
  read_pair(meta, "stride", window.stride);
  read_pair(meta, "padding", window.padding);
  window.input_shape = Shape{x.size(0), w.size(1), 0, 0};
  const std::int64_t extra = meta["output_padding"];
  for (int i = 0; i < 2; ++i) {
    window.kernel[i] = w.size(2 + i);
    window.input_shape[2 + i] =
        (x.size(2 + i) - 1) * window.stride[i] - 2 * window.padding[i] + window.kernel[i] + extra;
  }
  return only(with_channel_bias(apply(Op::kConv2dInputGradient, std::array{x, w}, window), in));
}

Pool2dOptions pool_options(const Json& meta) {
  Pool2dOptions options;
  read_pair(meta, "kernel", options.kernel);
  read_pair(meta, "stride", options.stride);
  read_pair(meta, "padding", options.padding);
  read_pair(meta, "dilation", options.dilation);
  options.round_up = meta.value("ceil_mode", false);
  options.count_padding = meta.value("count_include_pad", true);
  return options;
}

// Normalisation over the axes that are not `channel`; weight and bias per channel.
Outputs batch_norm(const Json& meta, const NamedTensors& in) {
  const Tensor& x = in.at("x");
  std::vector<std::int64_t> axes;
  Shape per_channel;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (axis != 1) axes.push_back(axis);
    per_channel.append(axis == 1 ? x.size(1) : 1);
  }
  const bool training = meta["training"];
  const Tensor center = training ? mean(x, axes, true) : reshape(in.at("m.running_mean"), per_channel);
  const Tensor spread = training ? variance(x, axes, true) : reshape(in.at("m.running_var"), per_channel);
  const Tensor normal = (x - center) / sqrt(spread + meta["eps"].get<double>());
  return only(normal * reshape(in.at("m.weight"), per_channel) + reshape(in.at("m.bias"), per_channel));
}

Outputs layer_norm_case(const Json& meta, const NamedTensors& in) {
  return only(layer_norm(in.at("x"), in.at("m.weight"), in.at("m.bias"), meta["eps"].get<double>()));
}

Tensor affine(const NamedTensors& in, const std::string& part, const std::string& suffix, const Tensor& x) {
  const Tensor y = matmul(x, transpose(in.at("m.weight_" + part + suffix)));
  const auto bias = in.find("m.bias_" + part + suffix);
  return bias == in.end() ? y : y + bias->second;
}

// Column block `i` of `count`.
Tensor gate(const Tensor& x, std::int64_t i, std::int64_t count) {
  const std::int64_t width = x.size(-1) / count;
  return slice(x, {Range::all(), Range(i * width, (i + 1) * width)});
}

struct Hidden {
  Tensor h, c;
};
using Cell = std::function<Hidden(const Tensor& from_input, const Tensor& from_hidden, const Hidden& before)>;

Hidden gru_cell(const Tensor& a, const Tensor& b, const Hidden& before) {
  const Tensor r = sigmoid(gate(a, 0, 3) + gate(b, 0, 3)), z = sigmoid(gate(a, 1, 3) + gate(b, 1, 3));
  const Tensor n = tanh(gate(a, 2, 3) + r * gate(b, 2, 3));
  return {z * before.h + (1 - z) * n, {}};
}
Hidden lstm_cell(const Tensor& a, const Tensor& b, const Hidden& before) {
  const Tensor sums = a + b;
  const Tensor c = sigmoid(gate(sums, 1, 4)) * before.c + sigmoid(gate(sums, 0, 4)) * tanh(gate(sums, 2, 4));
  return {sigmoid(gate(sums, 3, 4)) * tanh(c), c};
}
Hidden tanh_cell(const Tensor& a, const Tensor& b, const Hidden&) {
  return {tanh(a + b), {}};
}

// Layers and directions of a recurrent network.
Outputs recurrent(const Json& meta, const NamedTensors& in, const Cell& cell) {
  const bool batch_first = meta.value("batch_first", true), both = meta.value("bidirectional", false);
  const int layers = meta.value("layers", 1), directions = both ? 2 : 1;
  Tensor sequence = batch_first ? permute(in.at("x"), {1, 0, 2}) : in.at("x");  // [time, batch, features]
  const std::int64_t steps = sequence.size(0);
  const auto initial = [&](const char* name, int i) {
    return in.contains(name) ? slice(in.at(name), {i}) : Tensor();
  };
  const auto row = [](const Tensor& t) { return reshape(t, {1, t.size(0), t.size(1)}); };
  std::vector<Tensor> last_h, last_c;
  for (int layer = 0; layer < layers; ++layer) {
    std::vector<Tensor> sides;
    for (int direction = 0; direction < directions; ++direction) {
      const std::string suffix = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      const int number = layer * directions + direction;
      Hidden state{initial("h0", number), initial("c0", number)};
      std::vector<Tensor> outputs(static_cast<std::size_t>(steps));
      for (std::int64_t i = 0; i < steps; ++i) {
        const std::int64_t t = direction == 1 ? steps - 1 - i : i;
        state =
            cell(affine(in, "ih", suffix, slice(sequence, {t})), affine(in, "hh", suffix, state.h), state);
        outputs[static_cast<std::size_t>(t)] = row(state.h);
      }
      sides.push_back(concatenate(outputs, 0));
      last_h.push_back(row(state.h));
      if (state.c.defined()) last_c.push_back(row(state.c));
    }
    sequence = concatenate(sides, 2);
  }
  Outputs outputs = {{"y", batch_first ? permute(sequence, {1, 0, 2}) : sequence},
                     {"h", concatenate(last_h, 0)}};
  if (!last_c.empty()) outputs["c"] = concatenate(last_c, 0);
  return outputs;
}

Tensor softplus(const Tensor& x) {
  return maximum(x, 0) + log1p(exp(-absolute(x)));
}

// Class weights and label smoothing, as PyTorch defines them.
Outputs cross_entropy_case(const Json& meta, const NamedTensors& in) {
  const Tensor &x = in.at("x"), &t = in.at("t");
  const Tensor losses = cross_entropy(x, t);
  if (!in.contains("w")) return only(mean(losses));
  const Tensor& w = in.at("w");
  const double smoothing = meta["label_smoothing"];
  const Tensor weights = gather(w, t);
  const Tensor smooth = -sum(log_softmax(x, 1) * w, {1});
  const Tensor total =
      losses * weights * (1 - smoothing) + smooth * (smoothing / static_cast<double>(w.elements()));
  return only(sum(total) / sum(weights));
}

Outputs attention(const Json&, const NamedTensors& in) {
  const Tensor &q = in.at("q"), &k = in.at("k");
  const Tensor scores = matmul(q, transpose(k)) / std::sqrt(static_cast<double>(q.size(-1)));
  return only(matmul(softmax(scores, -1), in.at("v")));
}

Outputs pointnet(const Json&, const NamedTensors& in) {
  return only(max(relu(matmul(matmul(in.at("x"), in.at("T")), in.at("W")) + in.at("b")), {1}));
}

Outputs embedding_mean(const Json&, const NamedTensors& in) {
  const Tensor &w = in.at("w"), &i = in.at("i");
  return only(mean(reshape(gather(w, reshape(i, {i.elements()})), {i.size(0), i.size(1), w.size(1)}), {1}));
}

Outputs huber(const Json& meta, const NamedTensors& in) {
  const double delta = meta["delta"];
  const Tensor e = in.at("x") - in.at("t"), size = absolute(e);
  return only(mean(select(less(size, delta), e * e * 0.5, (size - 0.5 * delta) * delta)));
}

Outputs binary_cross_entropy(const Json&, const NamedTensors& in) {
  const Tensor& x = in.at("x");
  return only(mean(softplus(x) - x * in.at("t")));
}

Composition activation(const std::function<Tensor(const Tensor&)>& f) {
  return [f](const Json&, const NamedTensors& in) { return only(f(in.at("x"))); };
}

// By the beginning of the case's name.
const std::vector<std::pair<std::string, Composition>>& compositions() {
  constexpr double kSeluScale = 1.0507009873554804934193349852946,
                   kSeluAlpha = 1.6732632423543772848170429916717;
  const auto elu = [](const Tensor& x, double alpha) { return select(greater(x, 0), x, expm1(x) * alpha); };
  static const std::vector<std::pair<std::string, Composition>> kTable = {
      {"conv2d", convolution2d},
      {"conv1d", convolution1d},
      {"conv_transpose2d", transposed_convolution},
      {"maxpool2d",
       [](const Json& m, const NamedTensors& in) { return only(max_pool2d(in.at("x"), pool_options(m))); }},
      {"avgpool2d", [](const Json& m,
                       const NamedTensors& in) { return only(average_pool2d(in.at("x"), pool_options(m))); }},
      {"batchnorm", batch_norm},
      {"layernorm", layer_norm_case},
      {"gru", [](const Json& m, const NamedTensors& in) { return recurrent(m, in, gru_cell); }},
      {"lstm", [](const Json& m, const NamedTensors& in) { return recurrent(m, in, lstm_cell); }},
      {"rnn_tanh", [](const Json& m, const NamedTensors& in) { return recurrent(m, in, tanh_cell); }},
      {"linear",
       [](const Json&, const NamedTensors& in) {
         return only(linear(in.at("x"), in.at("m.weight"), in.at("m.bias")));
       }},
      {"softmax", activation([](const Tensor& x) { return softmax(x, -1); })},
      {"log_softmax", activation([](const Tensor& x) { return log_softmax(x, -1); })},
      {"cross_entropy", cross_entropy_case},
      {"bce_with_logits", binary_cross_entropy},
      {"mse",
       [](const Json&, const NamedTensors& in) {
         const Tensor e = in.at("x") - in.at("t");
         return only(mean(e * e));
       }},
      {"huber", huber},
      {"act_relu", activation([](const Tensor& x) { return relu(x); })},
      {"act_leaky_relu", activation([](const Tensor& x) { return select(greater(x, 0), x, x * 0.1); })},
      {"act_elu", activation([=](const Tensor& x) { return elu(x, 1); })},
      {"act_selu", activation([=](const Tensor& x) { return elu(x, kSeluAlpha) * kSeluScale; })},
      {"act_gelu", activation([](const Tensor& x) { return x * 0.5 * (1 + erf(x / std::sqrt(2.0))); })},
      {"act_sigmoid", activation([](const Tensor& x) { return sigmoid(x); })},
      {"act_tanh", activation([](const Tensor& x) { return tanh(x); })},
      {"act_softplus", activation(softplus)},
      {"act_silu", activation([](const Tensor& x) { return x * sigmoid(x); })},
      {"act_mish", activation([](const Tensor& x) { return x * tanh(softplus(x)); })},
      {"embedding_mean", embedding_mean},
      {"pointnet_block", pointnet},
      {"attention", attention},
  };
  return kTable;
}

const Composition* composition_of(const std::string& name) {
  for (const auto& [prefix, composition] : compositions())
    if (name.starts_with(prefix)) return &composition;
  return nullptr;
}

constexpr double kTolerance = 1e-10;

void check_case(const Json& test, const Composition& composition) {
  NamedTensors in = torch_cases::tensors_of(test["inputs"]);
  in.merge(torch_cases::tensors_of(test["params"]));
  in.merge(torch_cases::tensors_of(
      test["buffers_after"]));  // batch normalisation's, which evaluation leaves as they are
  Tape tape;
  for (const auto& [name, tensor] : in)
    if (is_floating(tensor.dtype())) tape.watch(tensor);
  const Outputs outputs = composition(test["meta"], in);

  // One number whose gradients are those that PyTorch was given for the outputs.
  Tensor weighted = zeros({}, DType::kFloat64);
  const NamedTensors output_gradients = torch_cases::tensors_of(test["grad_outputs"]);
  for (const auto& [name, expected] : torch_cases::tensors_of(test["outputs"])) {
    EXPECT_LE(torch_cases::distance(outputs.at(name), expected), kTolerance) << "output " << name;
    if (output_gradients.contains(name))
      weighted = weighted + sum(outputs.at(name) * output_gradients.at(name));
  }
  for (const char* kind : {"grad_inputs", "grad_params"})
    for (const auto& [name, expected] : torch_cases::tensors_of(test[kind]))
      EXPECT_LE(torch_cases::distance(tape.gradient(weighted, {in.at(name)})[0], expected), kTolerance)
          << "gradient of " << name;
}

TEST(TorchGradients, CompositionsAgree) {
  const auto cases = torch_cases::read();
  if (!cases) GTEST_SKIP() << "TESSERA_DATA is not set";
  use_backend("reference");
  int checked = 0;
  std::string elsewhere;
  for (const Json& test : *cases) {
    const std::string name = test["name"];
    SCOPED_TRACE(name);
    if (const Composition* composition = composition_of(name)) {
      check_case(test, *composition);
      ++checked;
    } else {
      elsewhere += " " + name;  // optimisers and whole trainings: the tests of nn
    }
  }
  std::cout << checked << " of " << cases->size() << " cases checked; not functions:" << elsewhere << "\n";
  EXPECT_EQ(checked, 50);
}

}  // namespace
}  // namespace tessera
