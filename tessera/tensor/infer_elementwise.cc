// Shape rules of the rows that work element by element: inputs broadcast to the output's shape.
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

TensorSpec numeric_unary(const RuleCall& call) {
  require_dtype(call, 0, "x", {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64});
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec floating_unary(const RuleCall& call) {
  require_floating(call, 0, "x");
  return {call.shape(0), call.input(0).dtype()};
}

TensorSpec numeric_binary(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  require_dtype(call, 0, "the arguments' type",
                {DType::kFloat32, DType::kFloat64, DType::kBFloat16, DType::kInt64});
  return {broadcast_of(call, call.shape(0), call.shape(1)), call.input(0).dtype()};
}

TensorSpec comparison(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  return {broadcast_of(call, call.shape(0), call.shape(1)), DType::kBool};
}

}  // namespace

#define TESSERA_RULE(name, rule)                 \
  TensorSpec name##_rule(const RuleCall& call) { \
    return rule(call);                           \
  }
TESSERA_RULE(negate, numeric_unary)
TESSERA_RULE(absolute, numeric_unary)
TESSERA_RULE(sign, numeric_unary)
TESSERA_RULE(relu, numeric_unary)
TESSERA_RULE(sqrt, floating_unary)
TESSERA_RULE(exp, floating_unary)
TESSERA_RULE(log, floating_unary)
TESSERA_RULE(expm1, floating_unary)
TESSERA_RULE(log1p, floating_unary)
TESSERA_RULE(tanh, floating_unary)
TESSERA_RULE(sigmoid, floating_unary)
TESSERA_RULE(erf, floating_unary)
TESSERA_RULE(sin, floating_unary)
TESSERA_RULE(cos, floating_unary)

TESSERA_RULE(add, numeric_binary)
TESSERA_RULE(subtract, numeric_binary)
TESSERA_RULE(multiply, numeric_binary)
TESSERA_RULE(divide, numeric_binary)
TESSERA_RULE(maximum, numeric_binary)
TESSERA_RULE(minimum, numeric_binary)

TESSERA_RULE(equal, comparison)
TESSERA_RULE(not_equal, comparison)
TESSERA_RULE(less, comparison)
TESSERA_RULE(less_equal, comparison)
TESSERA_RULE(greater, comparison)
TESSERA_RULE(greater_equal, comparison)
#undef TESSERA_RULE

TensorSpec pow_rule(const RuleCall& call) {
  require_same_dtype(call, 0, 1);
  require_floating(call, 0, "the arguments' type");
  return {broadcast_of(call, call.shape(0), call.shape(1)), call.input(0).dtype()};
}

TensorSpec select_rule(const RuleCall& call) {
  require_dtype(call, 0, "condition", {DType::kBool});
  require_same_dtype(call, 1, 2);
  const Shape values = broadcast_of(call, call.shape(1), call.shape(2));
  return {broadcast_of(call, call.shape(0), values), call.input(1).dtype()};
}

TensorSpec cast_rule(const RuleCall& call) {
  return {call.shape(0), call.get<CastAttributes>().dtype};
}

}  // namespace tessera::shape_rules
