#include <array>

#include "tessera/tensor/ops_arguments.h"

namespace tessera {

#define TESSERA_DEFINE_UNARY(name, Id)          \
  Tensor name(const Operand& x) {               \
    return internal::apply_unary(Op::k##Id, x); \
  }
TESSERA_DEFINE_UNARY(negate, Negate)
TESSERA_DEFINE_UNARY(absolute, Absolute)
TESSERA_DEFINE_UNARY(sign, Sign)
TESSERA_DEFINE_UNARY(sqrt, Sqrt)
TESSERA_DEFINE_UNARY(exp, Exp)
TESSERA_DEFINE_UNARY(log, Log)
TESSERA_DEFINE_UNARY(expm1, Expm1)
TESSERA_DEFINE_UNARY(log1p, Log1p)
TESSERA_DEFINE_UNARY(tanh, Tanh)
TESSERA_DEFINE_UNARY(sigmoid, Sigmoid)
TESSERA_DEFINE_UNARY(erf, Erf)
TESSERA_DEFINE_UNARY(sin, Sin)
TESSERA_DEFINE_UNARY(cos, Cos)
TESSERA_DEFINE_UNARY(relu, Relu)
#undef TESSERA_DEFINE_UNARY

namespace {

// The dtype that numbers among the arguments take: that of a tensor beside them.
DType common_dtype(Op op, const Operand& a, const Operand& b) {
  const Operand& chosen = a.is_tensor() ? a : b;
  if (!chosen.is_tensor())
    fail("{}: both arguments are numbers, expected at least one tensor; Tensor::scalar makes one",
         op_info(op).name);
  if (!chosen.tensor().defined()) fail("{}: an argument is an undefined tensor", op_info(op).name);
  return chosen.tensor().dtype();
}

Tensor as_tensor(Op op, const Operand& x, DType dtype) {
  try {
    return x.as_tensor(dtype);
  } catch (const Error& error) {
    fail("{}: {}", op_info(op).name, error.what());
  }
}

Tensor binary(Op op, const Operand& a, const Operand& b) {
  const DType dtype = common_dtype(op, a, b);
  const std::array<Tensor, 2> inputs = {as_tensor(op, a, dtype), as_tensor(op, b, dtype)};
  return apply(op, inputs, NoAttributes{}, a.where());
}

}  // namespace

#define TESSERA_DEFINE_BINARY(name, Id)             \
  Tensor name(const Operand& a, const Operand& b) { \
    return binary(Op::k##Id, a, b);                 \
  }
TESSERA_DEFINE_BINARY(add, Add)
TESSERA_DEFINE_BINARY(subtract, Subtract)
TESSERA_DEFINE_BINARY(multiply, Multiply)
TESSERA_DEFINE_BINARY(divide, Divide)
TESSERA_DEFINE_BINARY(pow, Pow)
TESSERA_DEFINE_BINARY(maximum, Maximum)
TESSERA_DEFINE_BINARY(minimum, Minimum)
TESSERA_DEFINE_BINARY(equal, Equal)
TESSERA_DEFINE_BINARY(not_equal, NotEqual)
TESSERA_DEFINE_BINARY(less, Less)
TESSERA_DEFINE_BINARY(less_equal, LessEqual)
TESSERA_DEFINE_BINARY(greater, Greater)
TESSERA_DEFINE_BINARY(greater_equal, GreaterEqual)
#undef TESSERA_DEFINE_BINARY

Tensor select(const Operand& condition, const Operand& a, const Operand& b) {
  const DType dtype = common_dtype(Op::kSelect, a, b);
  const std::array<Tensor, 3> inputs = {internal::tensor_argument(Op::kSelect, condition),
                                        as_tensor(Op::kSelect, a, dtype), as_tensor(Op::kSelect, b, dtype)};
  return apply(Op::kSelect, inputs, NoAttributes{}, condition.where());
}

Tensor cast(const Operand& x, DType dtype) {
  return internal::apply_unary(Op::kCast, x, CastAttributes{dtype});
}

}  // namespace tessera
