// Gradients of the classes that move elements: View, Move, Index. Each is the adjoint of a linear map: the same elements, moved back.
#include "tessera/autograd/gradients.h"

namespace tessera::internal::gradients {

Tensor zeros_like(const Tensor& x) {
  return broadcast_to(zeros({}, x.dtype()), x.shape());
}

Contributions Reshape(const GradientCall& call) {
  return {reshape(call.gradient, call.inputs[0].shape())};
}

Contributions Permute(const GradientCall& call) {
  const std::vector<int>& axes = std::get<PermuteAttributes>(call.attributes).axes;
  std::vector<int> inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i)
    inverse[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
  return {permute(call.gradient, inverse)};
}

Contributions Slice(const GradientCall& call) {
  return {embed(call.gradient, std::get<SliceAttributes>(call.attributes))};
}

Contributions Embed(const GradientCall& call) {
  return {apply(Op::kSlice, std::array{call.gradient}, call.attributes)};
}

Contributions BroadcastTo(const GradientCall& call) {
  return {unbroadcast(call.gradient, call.inputs[0].shape())};
}

Contributions Copy(const GradientCall& call) {
  return {call.gradient};
}

Contributions Concatenate(const GradientCall& call) {
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  Contributions result(call.inputs.size());
  std::vector<Range> ranges(static_cast<std::size_t>(call.output.rank()), Range::all());
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const std::int64_t end = begin + call.inputs[i].shape()[axis];
    ranges[static_cast<std::size_t>(axis)] = Range(begin, end);
    if (call.wanted[i]) result[i] = slice(call.gradient, ranges);
    begin = end;
  }
  return result;
}

Contributions Gather(const GradientCall& call) {
  const Tensor& x = call.inputs[0];
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  return {index_add(zeros_like(x), call.inputs[1], call.gradient, axis), Tensor()};
}

Contributions IndexAdd(const GradientCall& call) {
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  Contributions result(3);
  if (call.wanted[0]) result[0] = call.gradient;
  if (call.wanted[2]) result[2] = gather(call.gradient, call.inputs[1], axis);
  return result;
}

Contributions TakeAlong(const GradientCall& call) {
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  return {scatter_add(zeros_like(call.inputs[0]), call.inputs[1], call.gradient, axis), Tensor()};
}

Contributions ScatterAdd(const GradientCall& call) {
  const int axis = std::get<AxisAttributes>(call.attributes).axis;
  Contributions result(3);
  if (call.wanted[0]) result[0] = call.gradient;
  if (call.wanted[2]) result[2] = take_along(call.gradient, call.inputs[1], axis);
  return result;
}

// The argsort of the argsort is the inverse: where each element went. So the gradient is moved, not added.
Contributions Sort(const GradientCall& call) {
  const int axis = std::get<SortAttributes>(call.attributes).axis;
  const Tensor from = apply(Op::kArgSort, std::array{call.inputs[0]}, call.attributes);
  return {take_along(call.gradient, argsort(from, axis), axis)};
}

}  // namespace tessera::internal::gradients
