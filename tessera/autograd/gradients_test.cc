// Every differentiable row of ops.def against central differences, to second order. A row without an example fails.
#include "tessera/autograd/gradients.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tessera/autograd/gradient_examples_test.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

using namespace gradient_examples;

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

}  // namespace
}  // namespace tessera
