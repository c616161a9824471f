// PyTorch's cases that are layers.
#include <algorithm>

#include "tessera/nn/layers.h"
#include "tessera/nn/torch_case_kinds_test.h"

namespace tessera::nn {
namespace {

using torch_cases::Json;
using torch_cases::NamedTensors;

constexpr DType kDouble = DType::kFloat64;

template <std::size_t kAxes>
std::array<std::int64_t, kAxes> lengths(const Json& meta, const char* key, std::int64_t otherwise) {
  std::array<std::int64_t, kAxes> values{};
  values.fill(otherwise);
  if (!meta.contains(key)) return values;
  const Json& given = meta[key];
  for (std::size_t i = 0; i < kAxes; ++i)
    values[i] = given.is_array() ? given[i].get<std::int64_t>() : given.get<std::int64_t>();
  return values;
}

// The case as one layer from x to y; the buffers that it leaves are compared, too.
double layer_distance(const Json& test, Module& layer, bool training = false) {
  NamedTensors buffers = torch_cases::tensors_of(test["buffers_after"]);
  if (!training)
    take_parameters(layer, [&] {  // evaluation leaves buffers as they are: these are the ones it had
      NamedTensors all = buffers;
      all.merge(torch_cases::tensors_of(test["params"]));
      return all;
    }());
  double largest = torch_distance(test, [&](const NamedTensors& in) {
    for (Parameter* parameter : layer.parameters()) parameter->value = in.at("m." + parameter->name);
    Context context{.training = training};
    const Tensor y = layer.forward(in.at("x"), context);
    return NamedTensors{{"y", layer.output_shape(in.at("x").shape()) == y.shape() ? y : Tensor::scalar(0.0)}};
  });
  for (const Parameter* buffer : layer.buffers()) {
    const Tensor expected = buffers.at("m." + buffer->name);
    const bool whole = expected.dtype() == DType::kInt64;
    largest = std::max(largest, torch_cases::distance(cast(buffer->value, kDouble),
                                                      whole ? cast(expected, kDouble) : expected));
  }
  return largest;
}

Shape weight_shape(const Json& test) {
  return torch_cases::tensor_of(test["params"]["m.weight"]).shape();
}

template <typename Layer, int kAxes>
double convolution(const Json& test) {
  const Json& meta = test["meta"];
  const Shape weight = weight_shape(test);
  const std::int64_t groups = meta.value("groups", 1);
  Layer layer(weight[1] * groups, weight[0],
              {.kernel = lengths<kAxes>(meta, "kernel", 0),
               .stride = lengths<kAxes>(meta, "stride", 1),
               .padding = lengths<kAxes>(meta, "padding", 0),
               .dilation = lengths<kAxes>(meta, "dilation", 1),
               .groups = groups,
               .bias = test["params"].contains("m.bias"),
               .dtype = kDouble});
  return layer_distance(test, layer);
}

double transposed(const Json& test) {
  const Json& meta = test["meta"];
  const Shape weight = weight_shape(test);
  ConvTranspose2d layer(weight[0], weight[1],
                        {.kernel = lengths<2>(meta, "kernel", 0),
                         .stride = lengths<2>(meta, "stride", 1),
                         .padding = lengths<2>(meta, "padding", 0),
                         .output_padding = lengths<2>(meta, "output_padding", 0),
                         .dtype = kDouble});
  return layer_distance(test, layer);
}

template <typename Layer>
double pooling(const Json& test) {
  const Json& meta = test["meta"];
  Layer layer(Pool2dSettings{.kernel = lengths<2>(meta, "kernel", 0),
                             .stride = lengths<2>(meta, "stride", 0),
                             .padding = lengths<2>(meta, "padding", 0),
                             .count_padding = meta.value("count_include_pad", true),
                             .round_up = meta.value("ceil_mode", false),
                             .dilation = lengths<2>(meta, "dilation", 1)});
  return layer_distance(test, layer);
}

double batch_norm(const Json& test) {
  const Json& meta = test["meta"];
  BatchNorm layer(weight_shape(test)[0],
                  {.epsilon = meta["eps"], .momentum = meta["momentum"], .dtype = kDouble});
  return layer_distance(test, layer, meta["training"]);
}

double linear(const Json& test) {
  Linear layer(weight_shape(test)[1], weight_shape(test)[0], {.dtype = kDouble});
  return layer_distance(test, layer);
}

double layer_norm_case(const Json& test) {
  LayerNorm layer(weight_shape(test), {.epsilon = test["meta"]["eps"], .dtype = kDouble});
  return layer_distance(test, layer);
}

double embedding_mean(const Json& test) {
  return torch_distance(test, [](const NamedTensors& in) {
    Embedding layer(in.at("w").size(0), in.at("w").size(1), {.dtype = kDouble});
    layer.weight().value = in.at("w");
    return NamedTensors{
        {"y", GlobalPool(Pooling::kMean, {.axes = {1}}).evaluate(layer.evaluate(in.at("i")))}};
  });
}

// A per-sample transform, a shared layer, the symmetric maximum over points.
double pointnet(const Json& test) {
  return torch_distance(test, [](const NamedTensors& in) {
    Linear shared(in.at("W").size(0), in.at("W").size(1), {.dtype = kDouble});
    shared.weight().value = transpose(in.at("W"));
    shared.bias()->value = in.at("b");
    const Tensor points = ReLU().evaluate(shared.evaluate(matmul(in.at("x"), in.at("T"))));
    return NamedTensors{{"y", GlobalPool(Pooling::kMax, {.axes = {1}}).evaluate(points)}};
  });
}

double attention(const Json& test) {
  return torch_distance(test, [](const NamedTensors& in) {
    return NamedTensors{{"y", scaled_dot_product_attention(in.at("q"), in.at("k"), in.at("v")).output}};
  });
}

template <typename Layer>
double plain(const Json& test) {
  Layer layer;
  return layer_distance(test, layer);
}

double leaky(const Json& test) {
  LeakyReLU layer(0.1);
  return layer_distance(test, layer);
}

}  // namespace

std::vector<TorchCaseKind> layer_cases() {
  return {{"conv2d", convolution<Conv2d, 2>},
          {"conv1d", convolution<Conv1d, 1>},
          {"conv_transpose2d", transposed},
          {"maxpool2d", pooling<MaxPool2d>},
          {"avgpool2d", pooling<AvgPool2d>},
          {"batchnorm", batch_norm},
          {"layernorm", layer_norm_case},
          {"linear", linear},
          {"softmax", plain<Softmax>},
          {"log_softmax", plain<LogSoftmax>},
          {"act_relu", plain<ReLU>},
          {"act_leaky_relu", leaky},
          {"act_elu", plain<ELU>},
          {"act_selu", plain<SELU>},
          {"act_gelu", plain<GELU>},
          {"act_sigmoid", plain<Sigmoid>},
          {"act_tanh", plain<Tanh>},
          {"act_softplus", plain<Softplus>},
          {"act_silu", plain<SiLU>},
          {"act_mish", plain<Mish>},
          {"embedding_mean", embedding_mean},
          {"pointnet_block", pointnet},
          {"attention", attention}};
}

}  // namespace tessera::nn
