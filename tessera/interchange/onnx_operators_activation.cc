// Activation functions; defaults of their attributes are ONNX's.
#include "tessera/interchange/onnx_operators.h"
#include "tessera/nn/activations.h"

namespace tessera::onnx {
namespace {

Tensor hard_sigmoid(const Tensor& x, double alpha, double beta) {
  return minimum(maximum(x * alpha + beta, 0), 1);
}

Tensor gelu(const NodeCall& call) {
  const bool exact = call.text("approximate", "none") == "none";
  return nn::gelu(call[0], exact ? nn::GeluForm::kExact : nn::GeluForm::kTanh);
}

// The slope broadcasts to x from the back; a slope per channel of old models lies along axis 1.
Tensor prelu(const NodeCall& call) {
  const Tensor& x = call[0];
  Tensor slope = call[1];
  if (call.opset() < 9 && slope.rank() == 1 && slope.size(0) > 1 && x.rank() > 1) {
    Shape shape = Shape::filled(x.rank() - 1, 1);
    shape[0] = slope.size(0);
    slope = reshape(slope, shape);
  }
  return select(less(x, 0), x * slope, x);
}

Tensor celu(const NodeCall& call) {
  const double alpha = call.real("alpha", 1);
  return maximum(call[0], 0) + minimum(expm1(call[0] / alpha) * alpha, 0);
}

Tensor shrink(const NodeCall& call) {
  const Tensor& x = call[0];
  const double lambda = call.real("lambd", 0.5), bias = call.real("bias", 0);
  const Tensor nothing = zeros({}, x.dtype());
  return select(less(x, -lambda), x + bias, select(greater(x, lambda), x - bias, nothing));
}

// One where the (first) largest of the axis is.
Tensor hardmax(const NodeCall& call) {
  Tensor x = call[0];
  const Shape shape = x.shape();
  int axis = normalize_axis(call.integer("axis", call.opset() < 13 ? 1 : -1), shape);
  if (call.opset() < 13) {
    std::int64_t rows = 1;
    for (int i = 0; i < axis; ++i) rows *= shape[i];
    x = reshape(x, {rows, rows == 0 ? 0 : x.elements() / rows});
    axis = 1;
  }
  Shape positions = Shape::filled(x.rank(), 1);
  positions[axis] = x.size(axis);
  const Tensor position = reshape(arange(x.size(axis)), positions);
  return reshape(cast(equal(position, argmax(x, axis, true)), x.dtype()), shape);
}

}  // namespace

void add_activation_operators(OperatorTable& table) {
  const auto add_one = [&](const char* name, std::function<Tensor(const NodeCall&)> function) {
    add_operator(table, name, std::move(function));
  };
  add_one("Relu", [](const NodeCall& call) { return relu(call[0]); });
  add_one("Sigmoid", [](const NodeCall& call) { return sigmoid(call[0]); });
  add_one("Tanh", [](const NodeCall& call) { return tanh(call[0]); });
  add_one("LeakyRelu",
          [](const NodeCall& call) { return nn::leaky_relu(call[0], call.real("alpha", 0.01)); });
  add_one("PRelu", prelu);
  add_one("Elu", [](const NodeCall& call) { return nn::elu(call[0], call.real("alpha", 1)); });
  add_one("Selu", [](const NodeCall& call) {
    return nn::elu(call[0], call.real("alpha", 1.67326319217681884765625)) *
           call.real("gamma", 1.05070102214813232421875);
  });
  add_one("Celu", celu);
  add_one("Gelu", gelu);
  add_one("Softplus", [](const NodeCall& call) { return nn::softplus(call[0]); });
  add_one("Softsign", [](const NodeCall& call) { return call[0] / (absolute(call[0]) + 1); });
  add_one("Mish", [](const NodeCall& call) { return nn::mish(call[0]); });
  add_one("HardSigmoid", [](const NodeCall& call) {
    return hard_sigmoid(call[0], call.real("alpha", 0.2), call.real("beta", 0.5));
  });
  add_one("HardSwish", [](const NodeCall& call) { return call[0] * hard_sigmoid(call[0], 1.0 / 6, 0.5); });
  add_one("ThresholdedRelu", [](const NodeCall& call) {
    return select(greater(call[0], call.real("alpha", 1)), call[0], zeros({}, call[0].dtype()));
  });
  add_one("Shrink", shrink);
  add_one("Hardmax", hardmax);
}

}  // namespace tessera::onnx
