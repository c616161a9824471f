// The gradients of batch normalisation and of activate. Second derivatives are compositions of small operations on a tape of their own, as in
// gradients_finish.cc.
#include <array>
#include <vector>

#include "tessera/autograd/gradients.h"
#include "tessera/autograd/tape.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/batch_norm.h"

namespace tessera::internal::gradients {
namespace {

// x and its statistics from the operations that the rows are defined by.
struct Composed {
  Composed(const BatchNormAttributes& norm, const Tensor& x, const Tensor& statistics) {
    for (int axis = 0; axis < x.rank(); ++axis) {
      if (axis != 1) others.push_back(axis);
      channel.append(axis == 1 ? x.size(1) : 1);
    }
    for (const std::int64_t axis : others) count *= x.size(axis);
    const Tensor center = norm.own ? mean(x, others, true) : per_channel(slice(statistics, {0}));
    const Tensor spread = norm.own ? variance(x, others, true) : per_channel(slice(statistics, {1}));
    inverse = 1 / sqrt(spread + norm.epsilon);
    normalized = (x - center) * inverse;
  }
  Tensor per_channel(const Tensor& vector) const { return reshape(vector, channel); }

  std::vector<std::int64_t> others;
  Shape channel;
  std::int64_t count = 1;
  Tensor inverse, normalized;
};

Tensor stacked_pair(const Tensor& first, const Tensor& second) {
  const Shape row{1, first.elements()};
  return concatenate({reshape(first, row), reshape(second, row)}, 0);
}

const BatchNormAttributes& attributes_of(const GradientCall& call) {
  return std::get<BatchNormAttributes>(call.attributes);
}

// Of constant statistics that are watched: normalized falls with the mean by `inverse` and with the variance by inverse^2 / 2 of itself.
Tensor statistics_gradient(const GradientCall& call, const Tensor& sums) {
  const Tensor &statistics = call.inputs[1], &scale = call.inputs[2];
  if (attributes_of(call).own) return zeros_like(statistics);
  const Tensor inverse = 1 / sqrt(slice(statistics, {1}) + attributes_of(call).epsilon);
  return stacked_pair(-(slice(sums, {0}) * scale * inverse),
                      slice(sums, {1}) * scale * (inverse * inverse) * -0.5);
}

// The gradients of `output`, a composition of those of `inputs` that the tape watches, where call.gradient arrived; at their places.
Contributions differentiated(const GradientCall& call, Tape& tape, const std::vector<Tensor>& inputs,
                             const Tensor& output, const std::vector<std::size_t>& places) {
  Contributions result(inputs.size());
  std::vector<Tensor> leaves;
  for (const std::size_t place : places) leaves.push_back(inputs[place]);
  const std::vector<Tensor> found = tape.gradient(output, leaves, call.gradient);
  for (std::size_t i = 0; i < places.size(); ++i) result[places[i]] = found[i];
  return result;
}

}  // namespace

Contributions BatchNorm(const GradientCall& call) {
  const Tensor &x = call.inputs[0], &statistics = call.inputs[1], &scale = call.inputs[2], &g = call.gradient;
  const Tensor sums = apply(Op::kBatchNormSums, std::array{g, x, statistics}, call.attributes);
  Contributions result(4);
  if (call.wanted[0])
    result[0] =
        apply(Op::kBatchNormInputGradient, std::array{g, x, statistics, scale, sums}, call.attributes);
  if (call.wanted[1]) result[1] = statistics_gradient(call, sums);
  if (call.wanted[2]) result[2] = slice(sums, {1});
  if (call.wanted[3]) result[3] = slice(sums, {0});
  return result;
}

Contributions BatchNormSums(const GradientCall& call) {
  const bool own = attributes_of(call).own;
  const std::vector<Tensor> inputs = by_place(call.inputs);
  Tape tape;
  tape.watch({inputs[0], inputs[1]});
  if (!own) tape.watch(inputs[2]);
  const Composed norm(attributes_of(call), inputs[1], inputs[2]);
  const Tensor& g = inputs[0];
  const Tensor sums = stacked_pair(sum(g, norm.others), sum(g * norm.normalized, norm.others));
  return differentiated(call, tape, inputs, sums,
                        own ? std::vector<std::size_t>{0, 1} : std::vector<std::size_t>{0, 1, 2});
}

// The sums among the inputs are functions of the others, and are composed here, too.
Contributions BatchNormInputGradient(const GradientCall& call) {
  const bool own = attributes_of(call).own;
  const std::vector<Tensor> inputs = by_place(call.inputs);
  Tape tape;
  tape.watch({inputs[0], inputs[1], inputs[3]});
  if (!own) tape.watch(inputs[2]);
  const Composed norm(attributes_of(call), inputs[1], inputs[2]);
  const Tensor &g = inputs[0], factor = norm.per_channel(inputs[3]) * norm.inverse;
  const Tensor inner = !own
                           ? g
                           : (g - sum(g, norm.others, true) / norm.count) -
                                 norm.normalized * (sum(g * norm.normalized, norm.others, true) / norm.count);
  return differentiated(call, tape, inputs, factor * inner,
                        own ? std::vector<std::size_t>{0, 1, 3} : std::vector<std::size_t>{0, 1, 2, 3});
}

// ---- Activations ----

namespace {

// The row activate_gradient from small operations. (The minimum keeps e^x of the other side finite.)
Tensor composed_gradient(const CurveAttributes& attributes, const Tensor& g, const Tensor& x) {
  const double parameter = attributes.parameter;
  switch (attributes.curve) {
    case Curve::kLeakyRelu:
      return select(greater(x, 0), g, g * parameter);
    case Curve::kElu:
      return select(greater(x, 0), g, g * (exp(minimum(x, 0)) * parameter));
    case Curve::kSoftplus:
      return g * sigmoid(x);
    case Curve::kGelu:
      return g * (0.5 * (1 + erf(x * kSqrtHalf)) + x * (exp(x * x * -0.5) * kInverseSqrt2Pi));
    case Curve::kGeluTanh: {
      const Tensor t = tanh((x + x * x * x * kGeluCubic) * kSqrt2OverPi);
      return g * (0.5 * (1 + t) + x * 0.5 * (1 - t * t) * ((x * x * (3 * kGeluCubic) + 1) * kSqrt2OverPi));
    }
    case Curve::kSilu: {
      const Tensor s = sigmoid(x);
      return g * (s * (x * (1 - s) + 1));
    }
    case Curve::kMish:
      break;
  }
  const Tensor w = tanh(activate(x, Curve::kSoftplus));
  return g * (x * ((1 - w * w) * sigmoid(x)) + w);
}

}  // namespace

Contributions Activate(const GradientCall& call) {
  return {apply(Op::kActivateGradient, std::array{call.gradient, call.inputs[0]}, call.attributes)};
}

Contributions ActivateGradient(const GradientCall& call) {
  const std::vector<Tensor> inputs = by_place(call.inputs);
  const Tensor &g = inputs[0], &x = inputs[1];
  Tape tape;
  tape.watch({g, x});
  return differentiated(call, tape, inputs,
                        composed_gradient(std::get<CurveAttributes>(call.attributes), g, x), {0, 1});
}

}  // namespace tessera::internal::gradients
