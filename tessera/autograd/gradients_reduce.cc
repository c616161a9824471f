// Gradients of the classes Reduce and Normalize.
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

Contributions Softmax(const GradientCall& call) {
  const Tensor &y = call.output, &g = call.gradient;
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  return {y * (g - sum(g * y, {axis}, true))};
}

Contributions LogSoftmax(const GradientCall& call) {
  const Tensor &y = call.output, &g = call.gradient;
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  return {g - exp(y) * sum(g, {axis}, true)};
}

// (softmax(logits) - one-hot(labels)) * g, row by row.
Contributions CrossEntropy(const GradientCall& call) {
  const Tensor &logits = call.inputs[0], &labels = call.inputs[1];
  const std::int64_t samples = logits.size(0), classes = logits.size(1);
  const Tensor one_hot =
      cast(equal(reshape(labels, {samples, 1}), arange(classes, labels.dtype())), logits.dtype());
  return {(softmax(logits, 1) - one_hot) * reshape(call.gradient, {samples, 1}), Tensor()};
}

}  // namespace tessera::internal::gradients
