// Gradients of the class Finish.
#include <array>

#include "tessera/autograd/gradients.h"
#include "tessera/autograd/tape.h"
#include "tessera/tensor/finish.h"

namespace tessera::internal::gradients {

Tensor before_relu(const Tensor& x, const Tensor& g) {
  if (!x.contiguous() || !g.contiguous()) return select(greater(x, 0), g, 0);
  return apply(Op::kFinishGradient, std::array{g, x}, FinishAttributes{.activation = Activation::kRelu});
}

namespace {

Tensor composed_activation(Activation activation, const Tensor& x) {
  switch (activation) {
    case Activation::kRelu:
      return relu(x);
    case Activation::kTanh:
      return tanh(x);
    case Activation::kSigmoid:
      return sigmoid(x);
    case Activation::kNone:
      break;
  }
  return x;
}

// The composition that the row is. `inputs`: x, then bias and draws if there are any.
Tensor composed(const FinishAttributes& finish, const std::vector<Tensor>& inputs) {
  Tensor y = inputs[0];
  if (finish.bias) {
    Shape shape = Shape::filled(y.rank(), 1);
    shape[finish.axis] = inputs[1].elements();
    y = y + reshape(inputs[1], shape);
  }
  y = composed_activation(finish.activation, y);
  if (!finish.drops) return y;
  const Tensor scale = full({}, finish.scale, y.dtype());
  return y * select(less(inputs.back(), finish.drop), 0, scale);
}

}  // namespace

Contributions Finish(const GradientCall& call) {
  const auto& finish = std::get<FinishAttributes>(call.attributes);
  std::vector<Tensor> inputs = {contiguous(call.gradient)};
  inputs.insert(inputs.end(), call.inputs.begin(), call.inputs.end());
  const Tensor of_x = apply(Op::kFinishGradient, inputs, finish);
  Contributions result(call.inputs.size());
  result[0] = of_x;
  if (finish.bias && call.wanted[1]) {
    std::vector<std::int64_t> others;
    for (int axis = 0; axis < of_x.rank(); ++axis)
      if (axis != finish.axis) others.push_back(axis);
    result[1] = sum(of_x, others);
  }
  return result;
}

// Where the slope is constant, the same operation on the gradient: x and the bias have no part in it, as in the composition, where they are only
// compared. Else by composing it of small operations on a tape of its own, as gradients_recurrent.cc does.
Contributions FinishGradient(const GradientCall& call) {
  const auto& finish = std::get<FinishAttributes>(call.attributes);
  if (finish.activation == Activation::kNone || finish.activation == Activation::kRelu) {
    std::vector<Tensor> inputs = call.inputs;
    inputs[0] = contiguous(call.gradient);
    Contributions of_gradient(call.inputs.size());
    of_gradient[0] = apply(Op::kFinishGradient, inputs, finish);
    return of_gradient;
  }
  const std::vector<Tensor> all = by_place(call.inputs);
  const std::vector<Tensor> inputs(all.begin() + 1, all.end());
  std::vector<Tensor> leaves = {all[0], all[1]};
  if (finish.bias) leaves.push_back(all[2]);
  Tape tape;
  tape.watch(leaves);
  const Tensor of_x = tape.gradient(composed(finish, inputs), {all[1]}, all[0])[0];
  Contributions result = tape.gradient(of_x, leaves, call.gradient);
  result.resize(call.inputs.size());
  return result;
}

}  // namespace tessera::internal::gradients
