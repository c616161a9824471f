// Shape rules of finish and its gradient (finish.h).
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

// `x` is the place of x among the inputs; bias and draws follow it.
TensorSpec finished(const RuleCall& call, std::size_t x) {
  const auto& finish = call.get<FinishAttributes>();
  const std::size_t expected = x + 1 + (finish.bias ? 1 : 0) + (finish.drops ? 1 : 0);
  if (call.inputs.size() != expected)
    fail("{}: found {} tensors, expected {}", call.name(), call.inputs.size(), expected);
  require_floating(call, 0, "x");
  for (std::size_t i = 0; i < x + 1 + (finish.bias ? 1 : 0); ++i) require_same_dtype(call, 0, i);
  const Shape& shape = call.shape(x);
  if (call.shape(0) != shape)
    fail("{}: the gradient has shape {}, but x has {}", call.name(), call.shape(0).to_string(),
         shape.to_string());
  if (finish.bias) {
    if (finish.axis < 0 || finish.axis >= shape.rank())
      fail("{}: axis {} is out of range for shape {}", call.name(), finish.axis, shape.to_string());
    if (call.shape(x + 1) != Shape{shape[finish.axis]})
      fail("{}: the bias has shape {}, expected [{}], axis {} of {}", call.name(),
           call.shape(x + 1).to_string(), shape[finish.axis], finish.axis, shape.to_string());
  }
  if (finish.drops) {
    if (!(finish.drop >= 0 && finish.drop < 1))
      fail("{}: the probability to drop is {}, expected at least 0 and below 1", call.name(), finish.drop);
    require_dtype(call, expected - 1, "the draws", {DType::kFloat32});
    if (call.shape(expected - 1) != shape)
      fail("{}: the draws have shape {}, but x has {}", call.name(), call.shape(expected - 1).to_string(),
           shape.to_string());
  }
  return {shape, call.input(0).dtype()};
}

}  // namespace

TensorSpec finish_rule(const RuleCall& call) {
  return finished(call, 0);
}
TensorSpec finish_gradient_rule(const RuleCall& call) {
  return finished(call, 1);
}

}  // namespace tessera::shape_rules
