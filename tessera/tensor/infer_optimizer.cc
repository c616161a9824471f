// Shape rules of the optimiser steps (optimizer_steps.h).
#include "tessera/tensor/infer.h"
#include "tessera/tensor/optimizer_steps.h"

namespace tessera::shape_rules {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1}
                                       << 56;  // of all values: the results of a step are counted in 64 bits

TensorSpec step_of(const RuleCall& call) {
  const auto& attributes = call.get<OptimizerAttributes>();
  if (attributes.decay && attributes.decoupled)
    fail("{}: weight decay is either decoupled or not", call.name());
  const OptimizerLists lists = optimizer_lists(call.op, call.inputs.size(), attributes);
  require_floating(call, 0, "the first value");
  for (std::size_t i = 0; i + 1 < call.inputs.size(); ++i) require_same_dtype(call, 0, i);
  const DType dtype = call.input(0).dtype();
  require_dtype(call, call.inputs.size() - 1, "the factors",
                {dtype == DType::kFloat64 ? dtype : DType::kFloat32});
  std::int64_t elements = 0;
  for (std::size_t i = 0; i < lists.tensors; ++i) {
    if (call.shape(i).elements() > kMostElements - elements)
      fail("{}: the values have more than {} elements together", call.name(), kMostElements);
    elements += padded_elements(call.shape(i).elements());
    for (std::size_t list = 1; list < 2 + lists.states; ++list)
      if (call.shape(list * lists.tensors + i) != call.shape(i))
        fail("{}: tensor {} of list {} has shape {}, but the value has {}", call.name(), i, list,
             call.shape(list * lists.tensors + i).to_string(), call.shape(i).to_string());
  }
  const std::int64_t factors = optimizer_parts(call.op, attributes).factors;
  const Shape& found = call.shape(call.inputs.size() - 1);
  if (found != Shape{factors})
    fail("{}: the factors have shape {}, expected [{}]", call.name(), found.to_string(), factors);
  return {{static_cast<std::int64_t>(1 + lists.states) * elements}, dtype};
}

}  // namespace

TensorSpec sgd_step_rule(const RuleCall& call) {
  return step_of(call);
}
TensorSpec adam_step_rule(const RuleCall& call) {
  return step_of(call);
}
TensorSpec rmsprop_step_rule(const RuleCall& call) {
  return step_of(call);
}
TensorSpec adagrad_step_rule(const RuleCall& call) {
  return step_of(call);
}
TensorSpec adadelta_step_rule(const RuleCall& call) {
  return step_of(call);
}

}  // namespace tessera::shape_rules
