// Every differentiable row of ops.def against central differences, to second order. A row without an example fails.
#include "tessera/autograd/gradients.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "tessera/autograd/functional.h"
#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/batch_norm.h"
#include "tessera/tensor/finish.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/recurrent.h"

namespace tessera {
namespace {

using Inputs = std::vector<Tensor>;

struct Example {
  std::string name;
  TensorsFunction function;
  Inputs inputs;
  GradcheckOptions options = {.second_order = true};
};
using Examples = std::map<Op, std::vector<Example>>;

// Irregular, distinct numbers between low and high.
Tensor numbers(const Shape& shape, double low = -2, double high = 2, int salt = 0) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double t = (static_cast<double>(i) + 1 + 17 * salt) * 0.7548776662466927;
    values[i] = low + (high - low) * (t - std::floor(t));
  }
  return Tensor::from(values, shape);
}

void add_elementwise(Examples& all) {
  const auto unary = [&](Op op, Tensor (*f)(const Operand&), double low = -2, double high = 2) {
    all[op].push_back({"", [f](const Inputs& in) { return f(in[0]); }, {numbers({2, 3}, low, high)}});
  };
  unary(Op::kNegate, negate);
  unary(Op::kAbsolute, absolute);
  unary(Op::kSqrt, sqrt, 0.5, 3);
  unary(Op::kExp, exp);
  unary(Op::kLog, log, 0.5, 3);
  unary(Op::kExpm1, expm1);
  unary(Op::kLog1p, log1p, -0.5, 3);
  unary(Op::kTanh, tanh);
  unary(Op::kSigmoid, sigmoid);
  unary(Op::kErf, erf);
  unary(Op::kSin, sin);
  unary(Op::kCos, cos);
  unary(Op::kRelu, relu);

  const auto binary = [&](Op op, Tensor (*f)(const Operand&, const Operand&), double low = -2,
                          double high = 2) {
    const auto function = [f](const Inputs& in) { return f(in[0], in[1]); };
    all[op].push_back({"same shape", function, {numbers({2, 3}, low, high), numbers({2, 3}, low, high, 1)}});
    all[op].push_back(
        {"broadcast", function, {numbers({2, 1, 3}, low, high), numbers({4, 1}, low, high, 2)}});
    all[op].push_back({"scalar", function, {numbers({}, low, high), numbers({3}, low, high, 3)}});
  };
  binary(Op::kAdd, add);
  binary(Op::kSubtract, subtract);
  binary(Op::kMultiply, multiply);
  binary(Op::kDivide, divide, 0.5, 2);
  binary(Op::kPow, pow, 0.5, 2);
  binary(Op::kMaximum, maximum);
  binary(Op::kMinimum, minimum);
  all[Op::kPow].push_back({"negative base",
                           [](const Inputs& in) { return pow(in[0], 3); },
                           {Tensor::from<double>({-1.5, -0.25, 0.75}, {3})}});

  const Tensor condition = greater(numbers({2, 3}, -1, 1, 5), 0);
  all[Op::kSelect].push_back({"",
                              [=](const Inputs& in) { return select(condition, in[0], in[1]) * in[0]; },
                              {numbers({2, 3}), numbers({3})}});
  // float32 has 24 bits: large steps.
  all[Op::kCast].push_back(
      {"",
       [](const Inputs& in) { return cast(cast(in[0], DType::kFloat32), DType::kFloat64); },
       {numbers({4})},
       {.step = 0.01, .tolerance = 1e-4, .second_order = true}});
}

void add_along(Examples& all) {
  const Tensor places = Tensor::from<std::int64_t>({2, 0, 1, 1, 2, 0, 0, 2}, {4, 2});
  for (const int axis : {0, 1}) {
    const Tensor index = axis == 0 ? places : transpose(places);
    const Shape shape = axis == 0 ? Shape{3, 2} : Shape{2, 3};
    all[Op::kTakeAlong].push_back(
        {"", [=](const Inputs& in) { return take_along(in[0] * in[0], index, axis); }, {numbers(shape)}});
    all[Op::kScatterAdd].push_back(
        {"",
         [=](const Inputs& in) { return scatter_add(in[0] * in[0], index, in[1] * in[1], axis); },
         {numbers(shape), numbers(index.shape(), -1, 1, 4)}});
    for (const bool descending : {false, true})
      all[Op::kSort].push_back(
          {"", [=](const Inputs& in) { return sort(in[0] * in[0], axis, descending); }, {numbers({4, 5})}});
  }
}

void add_shape(Examples& all) {
  const auto unary = [&](Op op, TensorFunction f, const Shape& shape) {
    // The square makes second derivatives that are not 0.
    all[op].push_back({"", [f](const Inputs& in) { return f(in[0] * in[0]); }, {numbers(shape)}});
  };
  unary(Op::kReshape, [](const Tensor& x) { return reshape(x, {3, 2}); }, {2, 3});
  unary(Op::kPermute, [](const Tensor& x) { return permute(x, {2, 0, 1}); }, {2, 3, 4});
  unary(Op::kSlice,
        [](const Tensor& x) {
          return slice(x, {Range(1, 4), Range::step(-2), Range(1)});
        },
        {5, 4, 2});
  unary(Op::kBroadcastTo, [](const Tensor& x) { return broadcast_to(x, {2, 3, 4}); }, {3, 1});
  unary(Op::kCopy, [](const Tensor& x) { return copy(transpose(x)); }, {2, 3});
  const SliceAttributes places{{{3, 2, -2, false}, {1, 1, 1, true}}, {5, 3}};
  unary(Op::kEmbed, [=](const Tensor& x) { return embed(x, places); }, {2});
  all[Op::kConcatenate].push_back({"",
                                   [](const Inputs& in) {
                                     return concatenate({in[0], in[1] * in[0], in[1]}, -1);
                                   },
                                   {numbers({2, 2}), numbers({2, 1})}});
  const Tensor index = Tensor::from<std::int64_t>({2, 0, 2, 1}, {4});
  unary(Op::kGather, [=](const Tensor& x) { return gather(x, index, 0); }, {3, 2});
  unary(Op::kGather, [=](const Tensor& x) { return gather(x, index, 1); }, {2, 3});
  for (const int axis : {0, 1})
    all[Op::kIndexAdd].push_back(
        {"axis " + std::to_string(axis),
         [=](const Inputs& in) { return index_add(in[0] * in[0], index, in[1] * in[1], axis); },
         {numbers(axis == 0 ? Shape{3, 2} : Shape{2, 3}),
          numbers(axis == 0 ? Shape{4, 2} : Shape{2, 4}, -1, 1, 4)}});
  add_along(all);
}

void add_matmul(Examples& all) {
  const auto product = [&](const char* name, const Shape& a, const Shape& b) {
    all[Op::kMatrixMultiply].push_back(
        {name, [](const Inputs& in) { return matmul(in[0], in[1]); }, {numbers(a), numbers(b, -1, 1, 3)}});
  };
  product("matrices", {2, 3}, {3, 4});
  product("row", {3}, {3, 2});
  product("column", {2, 3}, {3});
  product("inner", {3}, {3});
  product("shared right", {2, 2, 3}, {3, 2});
  product("shared left", {2, 3}, {2, 3, 2});
  product("broadcast batches", {2, 1, 2, 3}, {3, 3, 2});
  all[Op::kMatrixMultiply].push_back({"transposed weight",
                                      [](const Inputs& in) { return matmul(in[0], transpose(in[1])); },
                                      {numbers({2, 2, 3}), numbers({4, 3}, -1, 1, 3)}});
}

void add_linear(Examples& all) {
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid})
    for (const Shape& shape : {Shape{3}, Shape{2, 3}, Shape{2, 2, 3}})
      all[Op::kLinear].push_back(
          {fmt::format("activation {}, x {}", static_cast<int>(activation), shape.to_string()),
           [=](const Inputs& in) { return linear(in[0], in[1], in[2], activation) * sum(in[1]); },
           {numbers(shape), numbers({4, 3}, -1, 1, 3), numbers({4}, -1, 1, 5)}});
}

WindowAttributes window(std::int64_t stride, std::int64_t padding, std::int64_t dilation,
                        std::int64_t groups) {
  WindowAttributes w;
  for (int i = 0; i < kMaxSpatialAxes; ++i) {
    w.stride[i] = stride;
    w.padding[i] = padding + i * (stride > 1);  // rows and columns differ
    w.dilation[i] = dilation;
  }
  w.groups = groups;
  return w;
}

void add_convolution(Examples& all) {
  const auto family = [&](const std::string& name, const Shape& x, const Shape& weight, WindowAttributes w) {
    w.axes = x.rank() - 2;
    for (int i = 0; i < w.axes; ++i) w.kernel[i] = weight[2 + i];
    const bool volumes = w.axes == 3;
    const Op forward = volumes ? Op::kConv3d : Op::kConv2d;
    const Op to_input = volumes ? Op::kConv3dInputGradient : Op::kConv2dInputGradient;
    const Op to_filters = volumes ? Op::kConv3dWeightGradient : Op::kConv2dWeightGradient;
    const Inputs inputs = {numbers(x), numbers(weight, -1, 1, 2)};
    const auto convolve = [w, forward](const Inputs& in) { return apply(forward, in, w); };
    const Tensor g = numbers(convolve(inputs).shape(), -1, 1, 7);
    WindowAttributes to_x = w, to_weight = w;
    to_x.input_shape = x;
    to_weight.input_shape = weight;
    all[forward].push_back({name, convolve, inputs});
    all[to_input].push_back(
        {name, [=](const Inputs& in) { return apply(to_input, in, to_x); }, {g, inputs[1]}});
    all[to_filters].push_back(
        {name, [=](const Inputs& in) { return apply(to_filters, in, to_weight); }, {g, inputs[0]}});
  };
  family("plain", {2, 2, 3, 3}, {2, 2, 2, 2}, window(1, 0, 1, 1));
  family("stride and padding", {1, 1, 4, 5}, {2, 1, 3, 2}, window(2, 1, 1, 1));
  family("dilation and groups", {1, 2, 4, 4}, {2, 1, 2, 2}, window(1, 1, 2, 2));
  family("volumes", {1, 2, 2, 3, 3}, {2, 2, 2, 1, 2}, window(1, 0, 1, 1));
  family("volumes, stride and padding", {1, 1, 3, 4, 3}, {2, 1, 2, 3, 2}, window(2, 1, 1, 1));
  family("volumes, dilation and groups", {1, 2, 3, 4, 3}, {2, 1, 2, 2, 2}, window(1, 1, 2, 2));
}

void add_pooling(Examples& all) {
  Pool2dOptions overlapping;
  for (int i = 0; i < 2; ++i) {
    overlapping.kernel[i] = 3;
    overlapping.padding[i] = 1;
  }
  Pool2dOptions partial = overlapping;
  partial.count_padding = false;
  partial.round_up = true;
  Pool2dOptions dilated = overlapping;
  dilated.stride[0] = dilated.stride[1] = 1;
  dilated.dilation[0] = 2;
  all[Op::kMaxPool2d].push_back({"dilated",
                                 [=](const Inputs& in) { return max_pool2d(in[0] * in[0], dilated); },
                                 {numbers({1, 2, 4, 5})}});
  int number = 0;
  for (const Pool2dOptions& options : {Pool2dOptions{}, overlapping, partial}) {
    const std::string name = std::to_string(number++);
    const Inputs inputs = {numbers({1, 2, 4, 5})};
    all[Op::kMaxPool2d].push_back(
        {name, [=](const Inputs& in) { return max_pool2d(in[0] * in[0], options); }, inputs});
    all[Op::kAveragePool2d].push_back(
        {name, [=](const Inputs& in) { return average_pool2d(in[0] * in[0], options); }, inputs});

    WindowAttributes w;
    for (int i = 0; i < 2; ++i) {
      w.kernel[i] = options.kernel[i];
      w.stride[i] = options.stride[i];
      w.padding[i] = options.padding[i];
    }
    w.count_padding = options.count_padding;
    w.round_up = options.round_up;
    w.input_shape = inputs[0].shape();
    const Tensor g = numbers(average_pool2d(inputs[0], options).shape());
    all[Op::kAveragePool2dGradient].push_back(
        {name,
         [=](const Inputs& in) { return apply(Op::kAveragePool2dGradient, std::array{in[0] * in[0]}, w); },
         {g}});
  }
}

void add_reductions(Examples& all) {
  using Reduce = Tensor (*)(const Operand&, const std::vector<std::int64_t>&, bool);
  const auto reduction = [&](Op op, Reduce f) {
    const std::vector<std::vector<std::int64_t>> choices = {{0}, {-1}, {0, 2}, {0, 1, 2}, {}};
    for (const auto& axes : choices)
      for (const bool keep : {false, true})
        all[op].push_back({fmt::format("{} axes, keep {}", axes.size(), keep),
                           [=](const Inputs& in) { return f(in[0] * in[0], axes, keep); },
                           {numbers({2, 3, 2}, 0.5, 2)}});
  };
  reduction(Op::kSum, sum);
  reduction(Op::kSumSquares, sum_squares);
  reduction(Op::kMean, mean);
  reduction(Op::kVariance, variance);
  reduction(Op::kMax, max);
  reduction(Op::kMin, min);
  for (const int axis : {0, 1, 2}) {
    const Inputs inputs = {numbers({2, 3, 2})};
    const std::string name = "axis " + std::to_string(axis);
    all[Op::kSoftmax].push_back({name, [=](const Inputs& in) { return softmax(in[0], axis); }, inputs});
    all[Op::kLogSoftmax].push_back(
        {name, [=](const Inputs& in) { return log_softmax(in[0], axis); }, inputs});
  }
  const Tensor labels = Tensor::from<std::int64_t>({2, 0, 1, 2}, {4});
  all[Op::kCrossEntropy].push_back(
      {"", [=](const Inputs& in) { return cross_entropy(in[0], labels); }, {numbers({4, 3})}});
  for (const int axis : {0, 1})
    for (const Op op : {Op::kSoftmaxGradient, Op::kLogSoftmaxGradient})
      all[op].push_back({"axis " + std::to_string(axis),
                         [=](const Inputs& in) { return apply(op, in, AxisAttributes{axis}); },
                         {numbers({4, 3}), numbers({4, 3}, -1, 1, 2)}});
  all[Op::kCrossEntropyGradient].push_back(
      {"",
       [=](const Inputs& in) {
         return apply(Op::kCrossEntropyGradient, std::array{in[0], labels, in[1]}, NoAttributes{});
       },
       {numbers({4, 3}), numbers({4}, -1, 1, 2)}});
}

void add_layer_norm(Examples& all) {
  for (const int axes : {1, 2}) {
    const LayerNormAttributes attributes{axes, 0.1};
    const Shape shape = {2, 3, 4}, row = axes == 1 ? Shape{4} : Shape{3, 4};
    const auto example = [&](Op op, const Inputs& inputs) {
      all[op].push_back({"axes " + std::to_string(axes),
                         [=](const Inputs& in) { return apply(op, in, attributes); }, inputs});
    };
    const Tensor x = numbers(shape), g = numbers(shape, -1, 1, 2), scale = numbers(row, 0.5, 2, 3);
    example(Op::kLayerNorm, {x, scale, numbers(row, -1, 1, 4)});
    example(Op::kLayerNormInputGradient, {g, x, scale});
    example(Op::kLayerNormScaleGradient, {g, x});
    example(Op::kLayerNormGradient, {g, x, scale});
  }
}

void add_batch_norm(Examples& all) {
  for (const bool own : {true, false}) {
    const BatchNormAttributes attributes{0.1, own};
    const Tensor x = numbers({3, 2, 4}), g = numbers({3, 2, 4}, -1, 1, 2), scale = numbers({2}, 0.5, 2, 3);
    const Tensor constants = numbers({2, 2}, 0.5, 2, 5);
    const auto with = [=](const Inputs& in) { return own ? batch_statistics(in[1]) : in[3]; };
    const auto sums = [=](const Inputs& in) {
      return apply(Op::kBatchNormSums, std::array{in[0], in[1], with(in)}, attributes);
    };
    const std::string name = own ? "own statistics" : "constant statistics";
    all[Op::kBatchNorm].push_back({name,
                                   [=](const Inputs& in) {
                                     return batch_norm(in[1], with(in), in[2], in[0],
                                                       {.epsilon = 0.1, .own = own});
                                   },
                                   {numbers({2}, -1, 1, 4), x, scale, constants}});
    all[Op::kBatchNormSums].push_back({name, sums, {g, x, scale, constants}});
    all[Op::kBatchNormInputGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return apply(Op::kBatchNormInputGradient, std::array{in[0], in[1], with(in), in[2], sums(in)},
                        attributes);
         },
         {g, x, scale, constants}});
  }
}

void add_group_norm(Examples& all) {
  const GroupNormAttributes attributes{2, 0.1};
  const Tensor x = numbers({3, 4, 5}), g = numbers({3, 4, 5}, -1, 1, 2), scale = numbers({4}, 0.5, 2, 3);
  const auto example = [&](Op op, const Inputs& inputs) {
    all[op].push_back({"", [=](const Inputs& in) { return apply(op, in, attributes); }, inputs});
  };
  example(Op::kGroupNorm, {x, scale, numbers({4}, -1, 1, 4)});
  example(Op::kGroupNormGradient, {g, x, scale});
}

void add_activate(Examples& all) {
  for (const Curve curve : {Curve::kLeakyRelu, Curve::kElu, Curve::kSoftplus, Curve::kGelu, Curve::kGeluTanh,
                            Curve::kSilu, Curve::kMish}) {
    const std::string name = "curve " + std::to_string(static_cast<int>(curve));
    const Inputs inputs = {numbers({3, 4}, -1, 1, 2), numbers({3, 4}, -2, 2, 3)};
    all[Op::kActivate].push_back(
        {name, [=](const Inputs& in) { return activate(in[1], curve, 0.3) * in[0]; }, inputs});
    all[Op::kActivateGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return apply(Op::kActivateGradient, in, CurveAttributes{curve, 0.3});
         },
         inputs});
  }
}

// x, h0, (c0,) input weight, hidden weight, biases; two times, two samples, two hidden features.
Inputs recurrent_inputs(std::int64_t gates, int states) {
  Inputs inputs = {numbers({2, 2, 3})};
  for (int state = 0; state < states; ++state) inputs.push_back(numbers({2, 2}, -1, 1, 2 + state));
  for (const Shape& shape : {Shape{gates * 2, 3}, Shape{gates * 2, 2}, Shape{gates * 2}, Shape{gates * 2}})
    inputs.push_back(numbers(shape, -1, 1, static_cast<int>(inputs.size()) + 5));
  return inputs;
}

// The row of a gradient, of the inputs of its layer's row; what the layer computed is made of them.
Tensor gradient_row(Op layer, Op gradient, const Inputs& in, const Attributes& attributes = {}) {
  Inputs inputs = in;
  inputs.push_back(apply(layer, std::span(in).subspan(1), attributes));
  return apply(gradient, inputs, attributes);
}

void add_recurrent(Examples& all) {
  all[Op::kGru].push_back({"",
                           [](const Inputs& in) {
                             return gru(in[0], in[1], {in[2], in[3], in[4], in[5]});
                           },
                           recurrent_inputs(3, 1)});
  all[Op::kLstm].push_back({"",
                            [](const Inputs& in) {
                              const auto [h, c] = lstm(in[0], in[1], in[2], {in[3], in[4], in[5], in[6]});
                              return h * 2 + c * h;
                            },
                            recurrent_inputs(4, 2)});
  const Tensor g = numbers({2, 2, 2}, -1, 1, 9), both = numbers({2, 2, 2, 2}, -1, 1, 9);
  const Tensor bias3 = numbers({6}, -1, 1, 3), bias4 = numbers({8}, -1, 1, 3);
  all[Op::kGruGradient].push_back(
      {"",
       [](const Inputs& in) { return gradient_row(Op::kGru, Op::kGruGradient, in); },
       {g, numbers({2, 2, 6}), numbers({2, 2}), numbers({6, 2}, -1, 1, 2), bias3, bias3 * 0.5}});
  all[Op::kLstmGradient].push_back(
      {"",
       [](const Inputs& in) { return gradient_row(Op::kLstm, Op::kLstmGradient, in); },
       {both, numbers({2, 2, 8}), numbers({2, 2}), numbers({2, 2}, -1, 1, 4), numbers({8, 2}, -1, 1, 2),
        bias4, bias4 * 0.5}});
  const Tensor bias1 = numbers({2}, -1, 1, 3);
  for (const Activation activation : {Activation::kTanh, Activation::kRelu}) {
    const std::string name = activation == Activation::kTanh ? "tanh" : "relu";
    all[Op::kRnn].push_back({name,
                             [=](const Inputs& in) {
                               return rnn(in[0], in[1], {in[2], in[3], in[4], in[5]}, activation);
                             },
                             recurrent_inputs(1, 1)});
    all[Op::kRnnGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return gradient_row(Op::kRnn, Op::kRnnGradient, in, RecurrentAttributes{activation});
         },
         {g, numbers({2, 2, 2}), numbers({2, 2}), numbers({2, 2}, -1, 1, 2), bias1, bias1 * 0.5}});
  }
}

void add_finish(Examples& all) {
  const Tensor draws = cast(numbers({2, 3, 2}, 0, 1, 4), DType::kFloat32);
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kSigmoid}) {
    const std::string name = "activation " + std::to_string(static_cast<int>(activation));
    const Inputs inputs = {numbers({2, 3, 2}), numbers({3}, -1, 1, 3)};
    all[Op::kFinish].push_back(
        {name,
         [=](const Inputs& in) {
           return finish(in[0],
                         {.bias = in[1], .activation = activation, .draws = draws, .drop = 0.3, .scale = 2}) *
                  in[0];
         },
         inputs});
    all[Op::kFinish].push_back({name + " alone",
                                [=](const Inputs& in) { return finish(in[0], {.activation = activation}); },
                                {inputs[0]}});
    const FinishAttributes attributes{
        .activation = activation, .bias = true, .drops = true, .drop = 0.3, .scale = 2};
    all[Op::kFinishGradient].push_back(
        {name,
         [=](const Inputs& in) {
           return apply(Op::kFinishGradient, std::array{in[0], in[1], in[2], draws}, attributes);
         },
         {numbers({2, 3, 2}, -1, 1, 8), inputs[0], inputs[1]}});
  }
}

Examples examples() {
  Examples all;
  add_elementwise(all);
  add_shape(all);
  add_matmul(all);
  add_linear(all);
  add_convolution(all);
  add_pooling(all);
  add_reductions(all);
  add_layer_norm(all);
  add_recurrent(all);
  add_finish(all);
  add_batch_norm(all);
  add_group_norm(all);
  add_activate(all);
  return all;
}

class SeenOps : public OpObserver {
 public:
  void on_op(const OpEvent& event) override { seen.insert(event.op); }
  std::set<Op> seen;
};

class GradientOf : public ::testing::TestWithParam<int> {};

TEST_P(GradientOf, AgreesWithCentralDifferences) {
  use_backend("reference");
  const Op op = static_cast<Op>(GetParam());
  if (!op_info(op).differentiable) {
    EXPECT_EQ(internal::gradient_function(op), nullptr);
    return;
  }
  Examples all = examples();
  const std::vector<Example>& mine = all[op];
  ASSERT_FALSE(mine.empty()) << "no example for the gradient of " << op_info(op).name;
  for (const Example& example : mine) {
    SCOPED_TRACE(example.name);
    SeenOps observer;
    {
      const ObserveOps scope(&observer);
      example.function(example.inputs);
    }
    EXPECT_TRUE(observer.seen.contains(op)) << "the example does not use " << op_info(op).name;
    const GradcheckResult result = gradcheck(example.function, example.inputs, example.options);
    EXPECT_TRUE(result.passed) << result.message;
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, GradientOf, ::testing::Range(0, kOpCount), [](const auto& suite) {
  return std::string(op_info(static_cast<Op>(suite.param)).name);
});

// ---- What central differences cannot see: ties and edges ----

std::vector<double> slope(const TensorFunction& f, std::vector<double> x) {
  use_backend("reference");
  const Tensor at = Tensor::from(x, {static_cast<std::int64_t>(x.size())});
  return grad([&](const Tensor& t) { return sum(f(t)); }, at).to_vector<double>();
}

TEST(GradientTies, AsTheTableSays) {
  EXPECT_EQ(slope([](const Tensor& x) { return max(x); }, {3, 1, 3, 3, 2}),
            (std::vector<double>{1. / 3, 0, 1. / 3, 1. / 3, 0}));
  EXPECT_EQ(slope([](const Tensor& x) { return min(x); }, {1, 1, 2}), (std::vector<double>{0.5, 0.5, 0}));
  const Tensor one = Tensor::scalar(1.0);
  EXPECT_EQ(slope([&](const Tensor& x) { return maximum(x, one); }, {0, 1, 2}),
            (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(slope([&](const Tensor& x) { return maximum(one, x); }, {0, 1, 2}),
            (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(slope([&](const Tensor& x) { return minimum(x, one); }, {0, 1, 2}),
            (std::vector<double>{1, 1, 0}));
  EXPECT_EQ(slope([](const Tensor& x) { return relu(x); }, {-1, 0, 1}), (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(slope([](const Tensor& x) { return absolute(x); }, {-1, 0, 1}), (std::vector<double>{-1, 0, 1}));
}

TEST(GradientEdges, PowAtZero) {
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 2); }, {0, -3}), (std::vector<double>{0, -6}));
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 0); }, {0, 2}), (std::vector<double>{0, 0}));
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 1); }, {0, 2}), (std::vector<double>{1, 1}));
  const Tensor zero = Tensor::scalar(0.0);
  EXPECT_EQ(slope([&](const Tensor& b) { return pow(zero, b); }, {0, 2}), (std::vector<double>{0, 0}));
}

// Taps at -1 and 2 beside rows and columns 0 and 1: one window has a tap in each direction, the others' gaps skip the image.
TEST(GradientEdges, PoolingWindowsWithoutAnyElement) {
  const auto pooled = [](const Tensor& x) {
    Pool2dOptions options;
    for (int i = 0; i < 2; ++i) {
      options.stride[i] = options.padding[i] = 1;
      options.dilation[i] = 2;
    }
    return max_pool2d(reshape(x, {1, 1, 1, -1}), options);
  };
  use_backend("reference");
  const Tensor row = Tensor::from<double>({5, 7, 6}, {3});
  // Rows -1 and 1 of an image with one row: no window has an element.
  EXPECT_EQ(pooled(row).to_vector<double>(), std::vector<double>(3, -INFINITY));
  EXPECT_EQ(slope(pooled, {5, 7, 6}), (std::vector<double>{0, 0, 0}));
  const auto one_way = [](const Tensor& x) {
    Pool2dOptions options;
    options.kernel[0] = options.stride[0] = options.stride[1] = 1;
    options.padding[1] = 1;
    options.dilation[1] = 2;
    return max_pool2d(reshape(x, {1, 1, 1, 1}), options);
  };
  EXPECT_EQ(slope(one_way, {5}), (std::vector<double>{0}));
}

TEST(GradientEdges, NoElements) {
  EXPECT_EQ(slope([](const Tensor& x) { return exp(x) * 2; }, {}), std::vector<double>{});
  const Tensor x = zeros({0, 3}, DType::kFloat64), w = ones({3, 2}, DType::kFloat64);
  const auto gradients = grad([](const Inputs& in) { return sum(matmul(in[0], in[1])); }, Inputs{x, w});
  EXPECT_EQ(gradients[0].shape(), x.shape());
  EXPECT_EQ(gradients[1].to_vector<double>(), std::vector<double>(6, 0.0));
}

// With one x in both places of activate_gradient, s = x f'(x), so s' = f' + x f''; with a copy of x in one of them, the two parts come apart.
TEST(GradientPlaces, SlopeTimesItsArgument) {
  use_backend("reference");
  const Tensor x = numbers({7});
  Tape tape;
  tape.watch(x);
  const Tensor s = tape.gradient(activate(x, Curve::kSilu), {x}, x)[0];
  const Tensor found = tape.gradient(sum(s), {x})[0], p = sigmoid(x), q = p * (1 - p);
  const Tensor first = p + x * q, second = q * 2 + x * (q * (1 - p * 2));  // of x p(x)
  EXPECT_LT(max(absolute(found - (first + x * second))).item<double>(), 1e-14);
}

TEST(GradientPlaces, OneTensorInTwoPlacesOfAGradient) {
  use_backend("reference");
  const auto expect_whole = [](const std::function<Tensor(const Tensor&)>& layer, const Tensor& x) {
    const auto slopes = [&](const Tensor& g, const std::vector<Tensor>& watched) {
      Tape tape;
      tape.watch(watched);
      const Tensor s = tape.gradient(layer(x), {x}, g)[0];
      return tape.gradient(sum(s * s), watched);
    };
    const Tensor g = copy(x);
    const std::vector<Tensor> apart = slopes(g, {x, g});
    const Tensor whole = apart[0] + apart[1];
    EXPECT_LT(max(absolute(slopes(x, {x})[0] - whole)).item<double>(), 1e-12);
    EXPECT_GT(max(absolute(whole)).item<double>(), 1e-3);
  };
  const Tensor x = numbers({4, 3});
  for (const Curve curve : {Curve::kSilu, Curve::kGelu, Curve::kMish})
    expect_whole([=](const Tensor& in) { return activate(in, curve); }, x);
  const FinishAttributes tangent{.activation = Activation::kTanh};
  expect_whole([=](const Tensor& in) { return apply(Op::kFinish, std::array{in}, tangent); }, x);
  const Tensor scale = numbers({3}, 0.5, 2), shift = zeros({3}, DType::kFloat64);
  const Tensor statistics = numbers({2, 3}, 0.5, 2);
  for (const bool own : {true, false})
    expect_whole(
        [=](const Tensor& in) {
          const Tensor found = own ? batch_statistics(in) : statistics;
          return batch_norm(in, found, scale, shift, {.epsilon = 1, .own = own});
        },
        x);
}

// First hidden and cell states that are one tensor, beside two; and biases.
TEST(GradientPlaces, OneTensorInTwoPlacesOfALayer) {
  use_backend("reference");
  const Tensor products = numbers({2, 2, 8}), weight = numbers({8, 2}, -1, 1), bias = numbers({8}, -1, 1);
  const auto second = [&](const Tensor& h0, const Tensor& c0) {
    Tape tape;
    tape.watch({products, h0, c0});
    const Tensor states = apply(Op::kLstm, std::array{products, h0, c0, weight, bias, bias}, NoAttributes{});
    const Tensor first = tape.gradient(sum(states * states), {products})[0];
    return tape.gradient(sum(first * first), {h0, c0, products});
  };
  const Tensor state = numbers({2, 2}, -1, 1);
  const std::vector<Tensor> one = second(state, state), two = second(state, copy(state));
  EXPECT_LT(max(absolute(one[0] - (two[0] + two[1]))).item<double>(), 1e-13);
  EXPECT_LT(max(absolute(one[2] - two[2])).item<double>(), 1e-13);
  for (const auto& [op, gates] : {std::pair(Op::kGru, 3), std::pair(Op::kRnn, 1)}) {
    const Tensor inputs = numbers({2, 2, 2 * gates}), matrix = numbers({2 * gates, 2}, -1, 1);
    const auto of_biases = [&, row = op](const Tensor& a, const Tensor& b) {
      const Attributes attributes = row == Op::kRnn ? Attributes(RecurrentAttributes{}) : NoAttributes{};
      Tape tape;
      tape.watch({inputs, a, b});
      const Tensor states = apply(row, std::array{inputs, state, matrix, a, b}, attributes);
      const Tensor first = tape.gradient(sum(states * states), {inputs})[0];
      return tape.gradient(sum(first * first), {a, b});
    };
    const Tensor vector = numbers({2 * gates}, -1, 1);
    const std::vector<Tensor> joined = of_biases(vector, vector), apart = of_biases(vector, copy(vector));
    EXPECT_LT(max(absolute(joined[0] - (apart[0] + apart[1]))).item<double>(), 1e-13);
  }
}

}  // namespace
}  // namespace tessera
