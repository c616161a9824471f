#include "tessera/autograd/gradients.h"

namespace tessera::internal {

GradientFunction gradient_function(Op op) {
#define TESSERA_GRADIENT_0(Id) nullptr,
#define TESSERA_GRADIENT_1(Id) &gradients::Id,
#define TESSERA_OP(Id, name, arity, op_class, differentiable, definition) \
  TESSERA_GRADIENT_##differentiable(Id)
  static constexpr std::array<GradientFunction, kOpCount> kTable = {
#include "tessera/tensor/ops.def"
  };
#undef TESSERA_OP
#undef TESSERA_GRADIENT_1
#undef TESSERA_GRADIENT_0
  return kTable[static_cast<std::size_t>(op)];
}

namespace gradients {

Tensor unbroadcast(const Tensor& gradient, const Shape& shape) {
  if (gradient.shape() == shape) return gradient;
  const int extra = gradient.rank() - shape.rank();
  std::vector<std::int64_t> axes;
  for (int axis = 0; axis < gradient.rank(); ++axis)
    if (axis < extra || shape[axis - extra] != gradient.shape()[axis]) axes.push_back(axis);
  const Tensor summed = sum(gradient, axes, true);
  return extra == 0 ? summed : reshape(summed, shape);
}

std::vector<Tensor> by_place(std::vector<Tensor> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::size_t before = 0; before < i; ++before)
      if (inputs[i].identity() == inputs[before].identity())
        inputs[i] = reshape(inputs[i], inputs[i].shape());
  return inputs;
}

}  // namespace gradients
}  // namespace tessera::internal
