#include "tessera/tensor/batch_norm.h"

#include "tessera/tensor/ops_arguments.h"

namespace tessera {

using internal::tensor_argument;

Tensor batch_statistics(const Operand& x) {
  return apply(Op::kBatchStatistics, std::array{tensor_argument(Op::kBatchStatistics, x)}, NoAttributes{},
               x.where());
}

Tensor batch_norm(const Operand& x, const Tensor& statistics, const Tensor& scale, const Tensor& shift,
                  const BatchNormOptions& options) {
  if (!statistics.defined() || !scale.defined() || !shift.defined())
    fail("batch_norm: the statistics, the scale or the shift are an undefined tensor");
  if (!(options.epsilon >= 0)) fail("batch_norm: epsilon is {}, expected at least 0", options.epsilon);
  return apply(Op::kBatchNorm, std::array{tensor_argument(Op::kBatchNorm, x), statistics, scale, shift},
               BatchNormAttributes{options.epsilon, options.own}, x.where());
}

Tensor group_norm(const Operand& x, std::int64_t groups, const Tensor& scale, const Tensor& shift,
                  double epsilon) {
  if (!scale.defined() || !shift.defined())
    fail("group_norm: the {} is an undefined tensor", scale.defined() ? "shift" : "scale");
  if (!(epsilon >= 0)) fail("group_norm: epsilon is {}, expected at least 0", epsilon);
  return apply(Op::kGroupNorm, std::array{tensor_argument(Op::kGroupNorm, x), scale, shift},
               GroupNormAttributes{groups, epsilon}, x.where());
}

}  // namespace tessera
