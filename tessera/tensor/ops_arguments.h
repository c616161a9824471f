// What the functions of ops.h share. Private to this room.
#pragma once

#include <initializer_list>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::internal {

// The argument as a tensor; throws Error when it is a plain number, which has no dtype or shape of its own.
const Tensor& tensor_argument(Op op, const Operand& x);

inline Tensor apply_unary(Op op, const Operand& x, const Attributes& attributes = NoAttributes{}) {
  return apply(op, {&tensor_argument(op, x), 1}, attributes, x.where());
}

// A number as `dtype` would hold it; throws Error when an integer type cannot ("2.5 as int64").
void require_representable(double value, DType dtype, const char* what);

// normalize_axis with the operation's name in the message.
int axis_argument(Op op, std::int64_t axis, const Shape& shape);

}  // namespace tessera::internal
