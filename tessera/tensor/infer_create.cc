// Shape rules of the rows that make tensors from nothing.
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

TensorSpec random_rule(const RuleCall& call, bool floating) {
  const auto& random = call.get<RandomAttributes>();
  require_lengths(call, random.shape);
  const bool right_type = floating ? random.dtype == DType::kFloat32 || random.dtype == DType::kFloat64
                                   : random.dtype == DType::kInt64;
  if (!right_type)
    fail("{}: dtype is {}, expected {}", call.name(), dtype_name(random.dtype),
         floating ? "float32 or float64" : "int64");
  const auto elements = static_cast<std::uint64_t>(random.shape.elements());
  if (random.offset > INT64_MAX - elements)
    fail("{}: the offset {} leaves no room for {} elements below 2^63", call.name(), random.offset, elements);
  return {random.shape, random.dtype};
}

}  // namespace

TensorSpec fill_rule(const RuleCall& call) {
  const auto& fill = call.get<FillAttributes>();
  require_lengths(call, fill.shape);
  return {fill.shape, fill.dtype};
}

TensorSpec arange_rule(const RuleCall& call) {
  const auto& fill = call.get<FillAttributes>();
  require_lengths(call, fill.shape);
  if (fill.shape.rank() != 1) fail("arange: the shape is {}, expected one axis", fill.shape.to_string());
  if (fill.dtype == DType::kBool) fail("arange: dtype is bool, expected a type that counts");
  return {fill.shape, fill.dtype};
}

TensorSpec random_bits_rule(const RuleCall& call) {
  return random_rule(call, false);
}
TensorSpec random_uniform_rule(const RuleCall& call) {
  return random_rule(call, true);
}
TensorSpec random_normal_rule(const RuleCall& call) {
  return random_rule(call, true);
}

TensorSpec random_permutation_rule(const RuleCall& call) {
  const TensorSpec spec = random_rule(call, false);
  if (spec.shape.rank() != 1)
    fail("random_permutation: the shape is {}, expected one axis", spec.shape.to_string());
  return spec;
}

}  // namespace tessera::shape_rules
