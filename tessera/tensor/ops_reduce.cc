#include <algorithm>
#include <array>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/tensor/ops_arguments.h"

namespace tessera {

using internal::apply_unary;
using internal::axis_argument;
using internal::tensor_argument;

namespace {

Tensor reduce(Op op, const Operand& x, const std::vector<std::int64_t>& axes, bool keep_axes) {
  const Tensor& tensor = tensor_argument(op, x);
  ReduceAttributes attributes;
  for (const std::int64_t axis : axes) attributes.axes.push_back(axis_argument(op, axis, tensor.shape()));
  std::sort(attributes.axes.begin(), attributes.axes.end());
  if (std::adjacent_find(attributes.axes.begin(), attributes.axes.end()) != attributes.axes.end())
    fail("{}: an axis of {} is named twice in [{}]", op_info(op).name, tensor.shape().to_string(),
         fmt::join(axes, ", "));
  attributes.keep_axes = keep_axes;
  return apply_unary(op, x, attributes);
}

Tensor reduce_all(Op op, const Operand& x) {
  ReduceAttributes attributes;
  attributes.axes.resize(static_cast<std::size_t>(tensor_argument(op, x).rank()));
  std::iota(attributes.axes.begin(), attributes.axes.end(), 0);
  return apply_unary(op, x, attributes);
}

}  // namespace

#define TESSERA_DEFINE_REDUCTION(name, Id)                                               \
  Tensor name(const Operand& x, const std::vector<std::int64_t>& axes, bool keep_axes) { \
    return reduce(Op::k##Id, x, axes, keep_axes);                                        \
  }                                                                                      \
  Tensor name(const Operand& x) {                                                        \
    return reduce_all(Op::k##Id, x);                                                     \
  }
TESSERA_DEFINE_REDUCTION(sum, Sum)
TESSERA_DEFINE_REDUCTION(sum_squares, SumSquares)
TESSERA_DEFINE_REDUCTION(mean, Mean)
TESSERA_DEFINE_REDUCTION(variance, Variance)
TESSERA_DEFINE_REDUCTION(max, Max)
TESSERA_DEFINE_REDUCTION(min, Min)
#undef TESSERA_DEFINE_REDUCTION

Tensor argmax(const Operand& x, std::int64_t axis, bool keep_axis) {
  return reduce(Op::kArgMax, x, {axis}, keep_axis);
}

Tensor softmax(const Operand& x, std::int64_t axis) {
  const Shape& shape = tensor_argument(Op::kSoftmax, x).shape();
  return apply_unary(Op::kSoftmax, x, AxisAttributes{axis_argument(Op::kSoftmax, axis, shape)});
}

Tensor log_softmax(const Operand& x, std::int64_t axis) {
  const Shape& shape = tensor_argument(Op::kLogSoftmax, x).shape();
  return apply_unary(Op::kLogSoftmax, x, AxisAttributes{axis_argument(Op::kLogSoftmax, axis, shape)});
}

Tensor cross_entropy(const Operand& logits, const Tensor& labels) {
  const std::array<Tensor, 2> inputs = {tensor_argument(Op::kCrossEntropy, logits), labels};
  return apply(Op::kCrossEntropy, inputs, NoAttributes{}, logits.where());
}

Tensor layer_norm(const Operand& x, const Tensor& scale, const Tensor& shift, double epsilon) {
  if (!scale.defined() || !shift.defined())
    fail("layer_norm: the {} is an undefined tensor", scale.defined() ? "shift" : "scale");
  if (!(epsilon >= 0)) fail("layer_norm: epsilon is {}, expected at least 0", epsilon);
  const std::array<Tensor, 3> inputs = {tensor_argument(Op::kLayerNorm, x), scale, shift};
  return apply(Op::kLayerNorm, inputs, LayerNormAttributes{scale.rank(), epsilon}, x.where());
}

}  // namespace tessera
