// Shape rules of reductions and of the softmax family.
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

Shape reduced(const RuleCall& call) {
  const auto& reduce = call.get<ReduceAttributes>();
  const Shape& from = call.shape(0);
  unsigned chosen = 0;
  int previous = -1;
  for (const int axis : reduce.axes) {
    if (axis <= previous || axis >= from.rank())
      fail("{}: the axes are [{}], expected different ones of {} in ascending order", call.name(),
           fmt::join(reduce.axes, ", "), from.to_string());
    chosen |= 1u << axis;
    previous = axis;
  }
  Shape shape;
  for (int axis = 0; axis < from.rank(); ++axis) {
    if ((chosen >> axis & 1u) == 0)
      shape.append(from[axis]);
    else if (reduce.keep_axes)
      shape.append(1);
  }
  return shape;
}

// Sums of bytes and of true values are counts: they need more room.
TensorSpec sum_like(const RuleCall& call) {
  const DType dtype = call.input(0).dtype();
  return {reduced(call), is_floating(dtype) ? dtype : DType::kInt64};
}

TensorSpec mean_like(const RuleCall& call) {
  require_floating(call, 0, "x");
  return {reduced(call), call.input(0).dtype()};
}

void require_elements(const RuleCall& call) {
  for (const int axis : call.get<ReduceAttributes>().axes)
    if (call.shape(0)[axis] == 0)
      fail("{}: axis {} of {} has no elements to choose from", call.name(), axis, call.shape(0).to_string());
}

TensorSpec extreme(const RuleCall& call) {
  const Shape shape = reduced(call);
  require_elements(call);
  return {shape, call.input(0).dtype()};
}

TensorSpec normalized(const RuleCall& call) {
  require_floating(call, 0, "x");
  checked_axis(call, call.shape(0));
  return {call.shape(0), call.input(0).dtype()};
}

}  // namespace

TensorSpec sum_rule(const RuleCall& call) {
  return sum_like(call);
}
TensorSpec sum_squares_rule(const RuleCall& call) {
  return sum_like(call);
}
TensorSpec mean_rule(const RuleCall& call) {
  return mean_like(call);
}
TensorSpec variance_rule(const RuleCall& call) {
  return mean_like(call);
}
TensorSpec max_rule(const RuleCall& call) {
  return extreme(call);
}
TensorSpec min_rule(const RuleCall& call) {
  return extreme(call);
}

TensorSpec argmax_rule(const RuleCall& call) {
  const auto& reduce = call.get<ReduceAttributes>();
  if (reduce.axes.size() != 1) fail("argmax: found {} axes, expected one", reduce.axes.size());
  return {extreme(call).shape, DType::kInt64};
}

TensorSpec softmax_rule(const RuleCall& call) {
  return normalized(call);
}
TensorSpec log_softmax_rule(const RuleCall& call) {
  return normalized(call);
}

TensorSpec cross_entropy_rule(const RuleCall& call) {
  require_floating(call, 0, "logits");
  require_rank(call, 0, "logits", 2, "[N,C]");
  require_dtype(call, 1, "labels", {DType::kInt64});
  require_rank(call, 1, "labels", 1, "[N]");
  if (call.shape(0)[0] != call.shape(1)[0])
    fail("cross_entropy: logits {} and labels {}: axis 0 of the logits is {}, axis 0 of the labels is {}",
         call.shape(0).to_string(), call.shape(1).to_string(), call.shape(0)[0], call.shape(1)[0]);
  return {Shape{call.shape(0)[0]}, call.input(0).dtype()};
}

}  // namespace tessera::shape_rules
