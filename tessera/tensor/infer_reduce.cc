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

// Input `index` must look like input 0.
void require_like_first(const RuleCall& call, std::size_t index) {
  require_same_dtype(call, 0, index);
  if (call.shape(0) != call.shape(index))
    fail("{}: the shapes {} and {} differ", call.name(), call.shape(0).to_string(),
         call.shape(index).to_string());
}

void require_labels(const RuleCall& call) {
  require_floating(call, 0, "logits");
  require_rank(call, 0, "logits", 2, "[N,C]");
  require_dtype(call, 1, "labels", {DType::kInt64});
  require_rank(call, 1, "labels", 1, "[N]");
  if (call.shape(0)[0] != call.shape(1)[0])
    fail("{}: logits {} and labels {}: axis 0 of the logits is {}, axis 0 of the labels is {}", call.name(),
         call.shape(0).to_string(), call.shape(1).to_string(), call.shape(0)[0], call.shape(1)[0]);
}

// The trailing axes of x, which must be the shape of the inputs from `first_row` on.
Shape row_shape(const RuleCall& call, std::size_t first_row) {
  require_floating(call, 0, "x");
  const int axes = call.get<LayerNormAttributes>().axes;
  const Shape& x = call.shape(0);
  if (axes < 1 || axes > x.rank())
    fail("{}: {} trailing axes of {}, expected 1 to {}", call.name(), axes, x.to_string(), x.rank());
  Shape row;
  for (int axis = x.rank() - axes; axis < x.rank(); ++axis) row.append(x[axis]);
  for (std::size_t i = first_row; i < call.inputs.size(); ++i) {
    require_same_dtype(call, 0, i);
    if (call.shape(i) != row)
      fail("{}: {} {} does not have the shape {} of a row of {}", call.name(),
           i == first_row ? "scale" : "shift", call.shape(i).to_string(), row.to_string(), x.to_string());
  }
  return row;
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
  require_labels(call);
  return {Shape{call.shape(0)[0]}, call.input(0).dtype()};
}

TensorSpec softmax_gradient_rule(const RuleCall& call) {
  require_like_first(call, 1);
  return normalized(call);
}
TensorSpec log_softmax_gradient_rule(const RuleCall& call) {
  require_like_first(call, 1);
  return normalized(call);
}

TensorSpec cross_entropy_gradient_rule(const RuleCall& call) {
  require_labels(call);
  require_same_dtype(call, 0, 2);
  if (call.shape(2) != call.shape(1))
    fail("{}: the gradient has shape {}, expected {}", call.name(), call.shape(2).to_string(),
         call.shape(1).to_string());
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec layer_norm_rule(const RuleCall& call) {
  row_shape(call, 1);
  return {call.shape(0), call.input(0).dtype()};
}
TensorSpec layer_norm_input_gradient_rule(const RuleCall& call) {
  require_like_first(call, 1);
  row_shape(call, 2);
  return {call.shape(0), call.input(0).dtype()};
}
TensorSpec layer_norm_scale_gradient_rule(const RuleCall& call) {
  require_like_first(call, 1);
  return {row_shape(call, 2), call.input(0).dtype()};
}
TensorSpec layer_norm_gradient_rule(const RuleCall& call) {
  require_like_first(call, 1);
  return {{call.shape(0).elements() + 2 * row_shape(call, 2).elements()}, call.input(0).dtype()};
}

}  // namespace tessera::shape_rules
