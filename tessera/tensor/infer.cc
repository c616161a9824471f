#include "tessera/tensor/infer.h"

#include <algorithm>
#include <array>
#include <vector>

namespace tessera {

TensorSpec infer(Op op, std::span<const Tensor> inputs, const Attributes& attributes) {
  using Rule = TensorSpec (*)(const shape_rules::RuleCall&);
  static constexpr std::array<Rule, kOpCount> kRules = {
#define TESSERA_OP(Id, name, ...) &shape_rules::name##_rule,
#include "tessera/tensor/ops.def"
#undef TESSERA_OP
  };
  const OpInfo& info = op_info(op);
  TESSERA_CHECK(info.arity < 0 ? !inputs.empty() : inputs.size() == static_cast<std::size_t>(info.arity),
                "{}: found {} inputs, expected {}", info.name, inputs.size(),
                info.arity < 0 ? 1 : info.arity);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) fail("{}: argument {} is an undefined tensor", info.name, i + 1);
    if (inputs[i].device() != inputs[0].device())
      fail("{}: arguments 1 and {} are on different devices", info.name, i + 1);
  }
  return kRules[static_cast<std::size_t>(op)]({op, inputs, attributes});
}

namespace shape_rules {

void require_dtype(const RuleCall& call, std::size_t input, std::string_view argument,
                   std::initializer_list<DType> allowed) {
  const DType found = call.input(input).dtype();
  if (std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return;
  std::string names;
  for (const DType* dtype = allowed.begin(); dtype != allowed.end(); ++dtype) {
    const bool is_last = dtype + 1 == allowed.end();
    names += names.empty() ? "" : is_last ? " or " : ", ";
    names += dtype_name(*dtype);
  }
  fail("{}: {} is {}, expected {}", call.name(), argument, dtype_name(found), names);
}

void require_floating(const RuleCall& call, std::size_t input, std::string_view argument) {
  require_dtype(call, input, argument, {DType::kFloat32, DType::kFloat64, DType::kBFloat16});
}

void require_same_dtype(const RuleCall& call, std::size_t a, std::size_t b) {
  if (call.input(a).dtype() == call.input(b).dtype()) return;
  fail("{}: the arguments are {} {} and {} {}, expected one type; convert one of them with to()", call.name(),
       dtype_name(call.input(a).dtype()), call.shape(a).to_string(), dtype_name(call.input(b).dtype()),
       call.shape(b).to_string());
}

void require_rank(const RuleCall& call, std::size_t input, std::string_view argument, int rank,
                  std::string_view axes) {
  if (call.shape(input).rank() == rank) return;
  fail("{}: {} has shape {}, expected {} axes {}", call.name(), argument, call.shape(input).to_string(), rank,
       axes);
}

int checked_axis(const RuleCall& call, const Shape& shape) {
  return checked_axis(call, shape, call.get<AxisAttributes>().axis);
}

int checked_axis(const RuleCall& call, const Shape& shape, int axis) {
  if (axis < 0 || axis >= shape.rank())
    fail("{}: axis {} is out of range for shape {}", call.name(), axis, shape.to_string());
  return axis;
}

void require_lengths(const RuleCall& call, const Shape& shape) {
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] < 0)
      fail("{}: axis {} of {} is negative, expected at least 0", call.name(), axis, shape.to_string());
}

Shape broadcast_of(const RuleCall& call, const Shape& a, const Shape& b) {
  try {
    return broadcast_shapes(a, b);
  } catch (const Error& error) {
    fail("{}: {}", call.name(), error.what());
  }
}

}  // namespace shape_rules
}  // namespace tessera
