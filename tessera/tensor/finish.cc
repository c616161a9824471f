#include "tessera/tensor/finish.h"

#include "tessera/tensor/ops_arguments.h"

namespace tessera {

Tensor finish(const Operand& x, const FinishOptions& options) {
  const Tensor& tensor = internal::tensor_argument(Op::kFinish, x);
  FinishAttributes attributes{.activation = options.activation,
                              .bias = options.bias.defined(),
                              .drops = options.draws.defined(),
                              .drop = options.drop,
                              .scale = options.scale};
  std::vector<Tensor> inputs = {contiguous(x)};
  if (attributes.bias) {
    attributes.axis = internal::axis_argument(Op::kFinish, options.axis, tensor.shape());
    inputs.push_back(contiguous(options.bias));
  }
  if (attributes.drops) inputs.push_back(contiguous(options.draws));
  return apply(Op::kFinish, inputs, attributes, x.where());
}

}  // namespace tessera
