// Gradients of the classes Reduce and Normalize.
#include <array>

#include "tessera/autograd/gradients.h"

namespace tessera::internal::gradients {
namespace {

// A reduction seen from its gradient: the input's shape, and how to bring things of the output's shape back to it.
struct Reduction {
  explicit Reduction(const GradientCall& call) : x(call.inputs[0]), kept(x.shape()) {
    for (int axis : std::get<ReduceAttributes>(call.attributes).axes) {
      axes.push_back(axis);
      count *= kept[axis];
      kept[axis] = 1;
    }
  }

  // With the reduced axes as length 1, so that it broadcasts against x.
  Tensor keep(const Tensor& reduced) const {
    return reduced.shape() == kept ? reduced : reshape(reduced, kept);
  }
  Tensor spread(const Tensor& reduced) const { return broadcast_to(keep(reduced), x.shape()); }

  const Tensor& x;
  Shape kept;
  std::vector<std::int64_t> axes;
  std::int64_t count = 1;  // elements per result
};

// Shared equally by the elements that equal the result.
Contributions extremum(const GradientCall& call) {
  const Reduction r(call);
  const Tensor chosen = equal(r.x, r.keep(call.output));
  const Tensor number = sum(cast(chosen, r.x.dtype()), r.axes, true);
  return {select(chosen, r.keep(call.gradient) / number, 0)};
}

}  // namespace

Contributions Sum(const GradientCall& call) {
  return {Reduction(call).spread(call.gradient)};
}

Contributions SumSquares(const GradientCall& call) {
  const Reduction r(call);
  return {(r.keep(call.gradient) * 2) * r.x};
}

Contributions Mean(const GradientCall& call) {
  const Reduction r(call);
  return {r.spread(call.gradient / r.count)};
}

Contributions Variance(const GradientCall& call) {
  const Reduction r(call);
  return {((r.keep(call.gradient) * 2) / r.count) * (r.x - mean(r.x, r.axes, true))};
}

Contributions Max(const GradientCall& call) {
  return extremum(call);
}
Contributions Min(const GradientCall& call) {
  return extremum(call);
}

// The softmax family's gradients are rows of the table themselves, defined as the compositions in their comments.

namespace {

Tensor along_axis(const GradientCall& call, Op op, const Tensor& y, const Tensor& g) {
  return apply(op, std::array{y, g}, std::get<AxisAttributes>(call.attributes));
}

}  // namespace

// y * (g - sum(g * y))
Contributions Softmax(const GradientCall& call) {
  return {along_axis(call, Op::kSoftmaxGradient, call.output, call.gradient)};
}

// g - exp(y) * sum(g)
Contributions LogSoftmax(const GradientCall& call) {
  return {along_axis(call, Op::kLogSoftmaxGradient, call.output, call.gradient)};
}

// (softmax(logits) - one-hot(labels)) * g, row by row.
Contributions CrossEntropy(const GradientCall& call) {
  const std::array inputs = {call.inputs[0], call.inputs[1], call.gradient};
  return {apply(Op::kCrossEntropyGradient, inputs, NoAttributes{}), Tensor()};
}

Contributions SoftmaxGradient(const GradientCall& call) {
  const Tensor &y = call.inputs[0], &g = call.inputs[1], &h = call.gradient;
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  Contributions result(2);
  if (call.wanted[0]) result[0] = h * (g - sum(g * y, {axis}, true)) - g * sum(h * y, {axis}, true);
  if (call.wanted[1]) result[1] = along_axis(call, Op::kSoftmaxGradient, y, h);
  return result;
}

Contributions LogSoftmaxGradient(const GradientCall& call) {
  const Tensor &y = call.inputs[0], &g = call.inputs[1], &h = call.gradient;
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  Contributions result(2);
  const Tensor slope = h * exp(y);
  if (call.wanted[0]) result[0] = -(slope * sum(g, {axis}, true));
  if (call.wanted[1]) result[1] = h - sum(slope, {axis}, true);
  return result;
}

Contributions CrossEntropyGradient(const GradientCall& call) {
  const Tensor &logits = call.inputs[0], &labels = call.inputs[1], &g = call.inputs[2], &h = call.gradient;
  const std::int64_t samples = logits.size(0), classes = logits.size(1);
  const Tensor y = softmax(logits, 1);
  Contributions result(3);
  if (call.wanted[0])
    result[0] = apply(Op::kSoftmaxGradient, std::array{y, h * reshape(g, {samples, 1})}, AxisAttributes{1});
  if (call.wanted[2]) {
    const Tensor one_hot =
        cast(equal(reshape(labels, {samples, 1}), arange(classes, labels.dtype())), logits.dtype());
    result[2] = sum(h * (y - one_hot), {1});
  }
  return result;
}

}  // namespace tessera::internal::gradients
