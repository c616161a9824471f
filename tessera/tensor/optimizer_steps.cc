#include "tessera/tensor/optimizer_steps.h"

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera {

OptimizerParts optimizer_parts(Op op, const OptimizerAttributes& attributes) {
  const std::size_t velocity = attributes.momentum ? 1 : 0;
  switch (op) {
    case Op::kAdamStep:
      return {attributes.amsgrad ? std::size_t{3} : 2, 7};
    case Op::kRmspropStep:
      return {1 + velocity + (attributes.centered ? 1 : 0), 6};
    case Op::kAdagradStep:
      return {1, 3};
    case Op::kAdadeltaStep:
      return {2, 5};
    default:
      return {velocity, 3};
  }
}

OptimizerLists optimizer_lists(Op op, std::size_t inputs, const OptimizerAttributes& attributes) {
  const std::size_t states = optimizer_parts(op, attributes).states;
  const std::size_t lists = 2 + states;
  if (inputs < 1 + lists || (inputs - 1) % lists != 0)
    fail("{}: found {} tensors, expected {} lists of equal length, and factors", op_info(op).name, inputs,
         lists);
  return {(inputs - 1) / lists, states};
}

OptimizerStep::OptimizerStep(Op op, const std::vector<std::vector<Tensor>>& lists, const Tensor& factors,
                             const OptimizerAttributes& attributes, SourceLocation where) {
  std::vector<Tensor> inputs;
  for (const std::vector<Tensor>& list : lists) {
    if (list.size() != lists[0].size())
      fail("{}: a list has {} tensors, expected {} as the values", op_info(op).name, list.size(),
           lists[0].size());
    inputs.insert(inputs.end(), list.begin(), list.end());
  }
  inputs.push_back(factors);
  buffer_ = apply(op, inputs, attributes, where);
  std::int64_t begin = 0;
  for (const Tensor& value : lists[0]) {
    shapes_.push_back(value.shape());
    begins_.push_back(begin);
    begin += padded_elements(value.elements());
  }
  begins_.push_back(begin);
}

Tensor OptimizerStep::part(std::size_t kind, std::size_t i, SourceLocation where) const {
  const Shape& shape = shapes_[i];
  const std::int64_t begin = static_cast<std::int64_t>(kind) * begins_.back() + begins_[i];
  const Tensor flat = slice(Operand(buffer_, where), {Range(begin, begin + shape.elements())});
  return shape.rank() == 1 ? flat : reshape(Operand(flat, where), shape);
}

}  // namespace tessera
