// Layers of random shapes in float32, with what they gave, as one line of JSON each: tests/layer_errors.py lets PyTorch compute the same in float64 and
// reports how far they are apart.
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/recurrent.h"

namespace {

using namespace tessera;
using Json = nlohmann::json;

// Small numbers that depend on the seed and on a name.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::int64_t between(std::int64_t least, std::int64_t most) {
    const auto word = random_.bits("length " + std::to_string(count_++), {1}).item<std::int64_t>();
    return least + word % (most - least + 1);
  }
  Tensor normal(const Shape& shape) { return random_.normal("values " + std::to_string(count_++), shape); }
  RandomSource& source() { return random_; }

 private:
  RandomSource random_;
  int count_ = 0;
};

// A layer, what PyTorch is to make (a Python expression over torch.nn as nn), and an input.
struct Drawn {
  std::unique_ptr<nn::Module> layer;
  std::string torch;
  Tensor x;
  bool training = false;
};

Json json_of(const Tensor& t) {
  Json json;
  json["shape"] = std::vector<std::int64_t>(t.shape().begin(), t.shape().end());
  if (t.dtype() == DType::kInt64)
    json["data"] = t.to_vector<std::int64_t>();
  else
    json["data"] = cast(t, DType::kFloat64).to_vector<double>();
  json["type"] = dtype_name(t.dtype());
  return json;
}

void print(const std::string& name, Drawn& drawn, Draw& draw) {
  nn::Module& layer = *drawn.layer;
  layer.initialize(draw.source());
  Json json = {{"name", name}, {"torch", drawn.torch}, {"training", drawn.training}, {"x", json_of(drawn.x)}};
  std::vector<Tensor> leaves;
  for (nn::Parameter* parameter : layer.parameters()) {
    parameter->value = parameter->value + draw.normal(parameter->value.shape()) * 0.1;
    leaves.push_back(parameter->value);
    json["parameters"][parameter->name] = json_of(parameter->value);
  }
  const bool floats = is_floating(drawn.x.dtype());
  if (floats) leaves.push_back(drawn.x);
  Tape tape;
  tape.watch(leaves);
  nn::Context context{.training = drawn.training, .random = &draw.source()};
  const Tensor y = layer.forward(drawn.x, context), slope = draw.normal(y.shape());
  const std::vector<Tensor> gradients = tape.gradient(y, leaves, slope);
  json["slope"] = json_of(slope);
  json["y"] = json_of(y);
  std::size_t i = 0;
  for (const nn::Parameter* parameter : layer.parameters())
    json["gradients"][parameter->name] = json_of(gradients[i++]);
  if (floats) json["gradients"]["x"] = json_of(gradients[i]);
  std::printf("%s\n", json.dump().c_str());
}

// ---- The layers ----

template <typename Layer, int kAxes, typename Settings>
Drawn convolution(Draw& draw, bool transposed) {
  Settings settings;
  const std::int64_t groups = draw.between(1, 2), in = groups * draw.between(1, 12),
                     out = groups * draw.between(1, 12);
  Shape shape{draw.between(1, 4), in};
  std::string arguments[4];
  for (int i = 0; i < kAxes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    settings.kernel[at] = draw.between(1, 4);
    settings.stride[at] = draw.between(1, 3);
    settings.padding[at] = draw.between(0, settings.kernel[at] / 2);
    settings.dilation[at] = draw.between(1, 2);
    shape.append(draw.between(8, kAxes == 3 ? 9 : 20));
    arguments[0] += std::to_string(settings.kernel[at]) + ",";
    arguments[1] += std::to_string(settings.stride[at]) + ",";
    arguments[2] += std::to_string(settings.padding[at]) + ",";
    arguments[3] += std::to_string(settings.dilation[at]) + ",";
  }
  settings.groups = groups;
  std::string torch = std::string("nn.Conv") + (transposed ? "Transpose" : "") + std::to_string(kAxes) +
                      "d(" + std::to_string(in) + "," + std::to_string(out) + ",(" + arguments[0] +
                      "),stride=(" + arguments[1] + "),padding=(" + arguments[2] + "),dilation=(" +
                      arguments[3] + "),groups=" + std::to_string(groups) + ")";
  return {std::make_unique<Layer>(in, out, settings), torch, draw.normal(shape)};
}

template <typename Layer, int kAxes>
Drawn pool(Draw& draw, const std::string& name) {
  nn::PoolSettings<kAxes> settings;
  Shape shape{draw.between(1, 3), draw.between(1, 6)};
  std::string kernel, stride, padding;
  for (int i = 0; i < kAxes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    settings.kernel[at] = draw.between(1, 4);
    settings.stride[at] = draw.between(1, 3);
    settings.padding[at] = draw.between(0, settings.kernel[at] / 2);
    shape.append(draw.between(6, 12));
    kernel += std::to_string(settings.kernel[at]) + ",";
    stride += std::to_string(settings.stride[at]) + ",";
    padding += std::to_string(settings.padding[at]) + ",";
  }
  return {std::make_unique<Layer>(settings),
          "nn." + name + "((" + kernel + "),stride=(" + stride + "),padding=(" + padding + "))",
          draw.normal(shape)};
}

Drawn batch_norm(Draw& draw, bool training) {
  const std::int64_t channels = draw.between(1, 20), axes = draw.between(0, 3);
  Shape shape{draw.between(2, 40), channels};
  for (std::int64_t i = 0; i < axes; ++i) shape.append(draw.between(1, 9));
  const std::string dimensions = std::to_string(std::max<std::int64_t>(1, axes));
  return {std::make_unique<nn::BatchNorm>(channels),
          "nn.BatchNorm" + dimensions + "d(" + std::to_string(channels) + ")", draw.normal(shape) * 3 + 1,
          training};
}

Drawn group_norm(Draw& draw) {
  const std::int64_t groups = draw.between(1, 6), channels = groups * draw.between(1, 4);
  return {std::make_unique<nn::GroupNorm>(groups, channels),
          "nn.GroupNorm(" + std::to_string(groups) + "," + std::to_string(channels) + ")",
          draw.normal({draw.between(1, 5), channels, draw.between(2, 9), draw.between(2, 9)})};
}

Drawn layer_norm_rows(Draw& draw) {
  const std::int64_t n = draw.between(2, 400);
  return {std::make_unique<nn::LayerNorm>(Shape{n}), "nn.LayerNorm(" + std::to_string(n) + ")",
          draw.normal({draw.between(1, 30), n})};
}

Drawn embedding(Draw& draw) {
  const std::int64_t entries = draw.between(2, 50), features = draw.between(1, 40);
  const Tensor bits = draw.source().bits("indices", {draw.between(1, 9), draw.between(1, 30)});
  return {std::make_unique<nn::Embedding>(entries, features, nn::EmbeddingSettings{.padding_index = 1}),
          "nn.Embedding(" + std::to_string(entries) + "," + std::to_string(features) + ",padding_idx=1)",
          bits - bits / entries * entries};
}

Drawn linear(Draw& draw) {
  const std::int64_t in = draw.between(1, 600), out = draw.between(1, 60);
  return {std::make_unique<nn::Linear>(in, out),
          "nn.Linear(" + std::to_string(in) + "," + std::to_string(out) + ")",
          draw.normal({draw.between(1, 40), in})};
}

Drawn attention(Draw& draw) {
  const std::int64_t heads = draw.between(1, 4), features = heads * draw.between(1, 12);
  return {std::make_unique<nn::MultiheadAttention>(features, heads),
          "SelfAttention(" + std::to_string(features) + "," + std::to_string(heads) + ")",
          draw.normal({draw.between(1, 4), draw.between(1, 20), features})};
}

template <typename Layer, typename... Arguments>
std::function<Drawn(Draw&)> plain(const std::string& torch, Arguments... arguments) {
  return [=](Draw& draw) {
    return Drawn{std::make_unique<Layer>(arguments...), torch,
                 draw.normal({draw.between(1, 5), 6, draw.between(4, 12), draw.between(4, 12)}) * 3};
  };
}

template <typename Layer>
Drawn recurrent(Draw& draw, const std::string& name) {
  nn::RecurrentSettings settings;
  settings.layers = draw.between(1, 2);
  settings.bidirectional = draw.between(0, 1) == 1;
  const std::int64_t in = draw.between(1, 40), hidden = draw.between(1, 40);
  return {std::make_unique<Layer>(in, hidden, settings),
          "Recurrent(nn." + name + "," + std::to_string(in) + "," + std::to_string(hidden) + "," +
              std::to_string(settings.layers) + "," + (settings.bidirectional ? "True" : "False") + ")",
          draw.normal({draw.between(1, 8), draw.between(1, 25), in})};
}

template <int kAxes, typename Layer, typename Size>
std::function<Drawn(Draw&)> adaptive_pool(const std::string& torch, const Size& size) {
  return [=](Draw& draw) {
    Shape shape{draw.between(1, 4), draw.between(1, 5)};
    for (int i = 0; i < kAxes; ++i) shape.append(draw.between(3, 12));
    return Drawn{std::make_unique<Layer>(size), torch, draw.normal(shape)};
  };
}

std::function<Drawn(Draw&)> global_pool(const std::string& torch, nn::Pooling pooling) {
  return [=](Draw& draw) {
    return Drawn{
        std::make_unique<nn::GlobalPool>(pooling), "Function(lambda x: " + torch + ")",
        draw.normal({draw.between(1, 4), draw.between(1, 5), draw.between(1, 30), draw.between(1, 30)})};
  };
}

// A function as a layer without parameters: losses of scores, whose targets both sides make from the shape.
class FunctionLayer : public nn::Module {
 public:
  explicit FunctionLayer(std::function<Tensor(const Tensor&)> function) : function_(std::move(function)) {}
  Tensor forward(const Tensor& x, nn::Context&) override { return function_(x); }
  Shape output_shape(const Shape& input) const override { return function_(zeros(input)).shape(); }
  std::string describe() const override { return "function"; }

 private:
  std::function<Tensor(const Tensor&)> function_;
};

std::function<Drawn(Draw&)> function(const std::string& torch, std::function<Tensor(const Tensor&)> ours) {
  return [=](Draw& draw) {
    return Drawn{std::make_unique<FunctionLayer>(ours), "Function(" + torch + ")",
                 draw.normal({draw.between(1, 40), draw.between(2, 30)}) * 2};
  };
}

Tensor unpooled(const Tensor& x) {
  const nn::Pooled pooled = nn::max_pool_with_switches(x, {.kernel = {2, 3}, .stride = {2, 3}});
  return nn::max_unpool2d(pooled.values, pooled.switches, x.shape());
}

Drawn unpool(Draw& draw) {
  const Shape shape{draw.between(1, 3), draw.between(1, 6), draw.between(4, 12), draw.between(4, 12)};
  return {std::make_unique<FunctionLayer>(unpooled), "Unpool((2,3))", draw.normal(shape)};
}

Drawn residual(Draw& draw) {
  const std::int64_t n = draw.between(1, 60);
  const std::string text = std::to_string(n);
  return {std::make_unique<nn::Residual>(std::make_unique<nn::Linear>(n, n)),
          "Residual(nn.Linear(" + text + "," + text + "))", draw.normal({draw.between(1, 20), n})};
}

Tensor classes_of(const Tensor& x) {  // sample i has class i modulo their number
  const Tensor samples = arange(x.shape()[0]);
  return samples - samples / x.shape()[1] * x.shape()[1];
}

// Zeros and ones in turns.
Tensor bits_of(const Tensor& x) {
  const Tensor all = arange(x.elements()).reshape(x.shape());
  return cast(all - all / 2 * 2, x.dtype());
}

Tensor shares_of(const Tensor& x) {  // of each sample, positive, with sum 1
  return softmax(cast(arange(x.elements()).reshape(x.shape()), x.dtype()) * 0.01F, 1);
}

struct Kind {
  std::string name;
  std::function<Drawn(Draw&)> make;
};

#define TESSERA_AXES(n)                                                                                   \
  {"Conv" #n "d", [](Draw& d) { return convolution<nn::Conv##n##d, n, nn::ConvSettings<n>>(d, false); }}, \
      {"ConvTranspose" #n "d",                                                                            \
       [](Draw& d) {                                                                                      \
         return convolution<nn::ConvTranspose##n##d, n, nn::ConvTransposeSettings<n>>(d, true);           \
       }},                                                                                                \
      {"MaxPool" #n "d", [](Draw& d) { return pool<nn::MaxPool##n##d, n>(d, "MaxPool" #n "d"); }}, {      \
    "AvgPool" #n "d", [](Draw& d) { return pool<nn::AvgPool##n##d, n>(d, "AvgPool" #n "d"); }             \
  }

std::vector<Kind> losses() {
  using namespace nn;
  return {
      {"cross entropy", function("F.cross_entropy, classes",
                                 [](const Tensor& x) { return cross_entropy_loss(x, classes_of(x)); })},
      {"cross entropy, smoothed",
       function("lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), classes",
                [](const Tensor& x) {
                  return cross_entropy_loss(x, classes_of(x), CrossEntropySettings{.label_smoothing = 0.1});
                })},
      {"multi-class hinge",
       function("lambda x, t: F.multi_margin_loss(x, t) * x.shape[1], classes",
                [](const Tensor& x) { return multi_class_hinge_loss(x, classes_of(x)); })},
      {"binary cross entropy",
       function("F.binary_cross_entropy_with_logits, bits",
                [](const Tensor& x) { return binary_cross_entropy_loss(x, bits_of(x)); })},
      {"hinge", function("lambda x, t: F.relu(1 - (2 * t - 1) * x).mean(), bits",
                         [](const Tensor& x) { return hinge_loss(x, bits_of(x) * 2 - 1); })},
      {"squared error",
       function("F.mse_loss, bits", [](const Tensor& x) { return mse_loss(x, bits_of(x)); })},
      {"absolute error", function("F.l1_loss, bits", [](const Tensor& x) { return l1_loss(x, bits_of(x)); })},
      {"Huber", function("F.huber_loss, bits", [](const Tensor& x) { return huber_loss(x, bits_of(x)); })},
      {"Kullback-Leibler",
       function("lambda x, t: F.kl_div(F.log_softmax(x, 1), t, reduction='batchmean'), shares",
                [](const Tensor& x) { return kl_divergence_loss(log_softmax(x, 1), shares_of(x)); })}};
}

std::vector<Kind> kinds() {
  return {{"Linear", linear},
          TESSERA_AXES(1),
          TESSERA_AXES(2),
          TESSERA_AXES(3),
          {"AdaptiveAvgPool1d",
           adaptive_pool<1, nn::AdaptiveAvgPool1d>("nn.AdaptiveAvgPool1d(3)", std::int64_t{3})},
          {"AdaptiveAvgPool2d",
           plain<nn::AdaptiveAvgPool2d>("nn.AdaptiveAvgPool2d((3,2))", std::array<std::int64_t, 2>{3, 2})},
          {"AdaptiveAvgPool3d", adaptive_pool<3, nn::AdaptiveAvgPool3d>(
                                    "nn.AdaptiveAvgPool3d((3,2,1))", std::array<std::int64_t, 3>{3, 2, 1})},
          {"GlobalPool (max)", global_pool("x.amax((2, 3))", nn::Pooling::kMax)},
          {"GlobalPool (mean)", global_pool("x.mean((2, 3))", nn::Pooling::kMean)},
          {"GlobalPool (sum)", global_pool("x.sum((2, 3))", nn::Pooling::kSum)},
          {"max_unpool2d", unpool},
          {"Residual", residual},
          {"RNN", [](Draw& d) { return recurrent<nn::RNN>(d, "RNN"); }},
          {"GRU", [](Draw& d) { return recurrent<nn::GRU>(d, "GRU"); }},
          {"LSTM", [](Draw& d) { return recurrent<nn::LSTM>(d, "LSTM"); }},
          {"Upsample (nearest)", plain<nn::Upsample>("nn.Upsample(scale_factor=2)", 2)},
          {"Upsample (bilinear)", plain<nn::Upsample>("nn.Upsample(scale_factor=3,mode='bilinear')", 3,
                                                      nn::Interpolation::kBilinear)},
          {"BatchNorm (training)", [](Draw& d) { return batch_norm(d, true); }},
          {"BatchNorm (evaluation)", [](Draw& d) { return batch_norm(d, false); }},
          {"GroupNorm", group_norm},
          {"InstanceNorm", plain<nn::InstanceNorm>("nn.InstanceNorm2d(6)", 6)},
          {"LayerNorm", layer_norm_rows},
          {"LocalResponseNorm", plain<nn::LocalResponseNorm>("nn.LocalResponseNorm(5)", 5)},
          {"PixelNorm",
           plain<nn::PixelNorm>("Function(lambda x: x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt())")},
          {"Maxout",
           plain<nn::Maxout>("Function(lambda x: x.reshape(x.shape[0], 2, 3, *x.shape[2:]).amax(2))", 3)},
          {"Embedding", embedding},
          {"MultiheadAttention", attention},
          {"ReLU", plain<nn::ReLU>("nn.ReLU()")},
          {"LeakyReLU", plain<nn::LeakyReLU>("nn.LeakyReLU(0.2)", 0.2)},
          {"ELU", plain<nn::ELU>("nn.ELU(1.5)", 1.5)},
          {"SELU", plain<nn::SELU>("nn.SELU()")},
          {"Softplus", plain<nn::Softplus>("nn.Softplus(threshold=1000)")},
          {"GELU", plain<nn::GELU>("nn.GELU()")},
          {"GELU (tanh)", plain<nn::GELU>("nn.GELU('tanh')", nn::GeluForm::kTanh)},
          {"SiLU", plain<nn::SiLU>("nn.SiLU()")},
          {"Mish", plain<nn::Mish>("nn.Mish()")},
          {"Tanh", plain<nn::Tanh>("nn.Tanh()")},
          {"Sigmoid", plain<nn::Sigmoid>("nn.Sigmoid()")},
          {"Softmax", plain<nn::Softmax>("nn.Softmax(1)", 1)},
          {"LogSoftmax", plain<nn::LogSoftmax>("nn.LogSoftmax(1)", 1)}};
}

}  // namespace

int main() {
  use_default_backend();
  std::uint64_t seed = 1;
  std::vector<Kind> all = kinds();
  for (Kind& loss : losses()) all.push_back(std::move(loss));
  for (const Kind& kind : all)
    for (int example = 0; example < 12; ++example) {
      Draw draw(seed++);
      Drawn drawn = kind.make(draw);
      print(kind.name, drawn, draw);
    }
}
