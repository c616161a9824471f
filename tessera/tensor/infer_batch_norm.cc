// Shape rules of batch and group normalisation (batch_norm.h) and of activate (activate.h).
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

std::int64_t channels_of(const RuleCall& call, std::size_t input) {
  require_floating(call, input, "x");
  const Shape& shape = call.shape(input);
  if (shape.rank() < 2) fail("{}: x has shape {}, expected [N,C,...]", call.name(), shape.to_string());
  return shape[1];
}

void require_shape(const RuleCall& call, std::size_t input, const char* what, const Shape& expected) {
  require_same_dtype(call, 0, input);
  if (call.shape(input) != expected)
    fail("{}: the {} has shape {}, expected {}", call.name(), what, call.shape(input).to_string(),
         expected.to_string());
}

// The channels of a group normalisation.
std::int64_t grouped_channels(const RuleCall& call, std::size_t input) {
  const std::int64_t channels = channels_of(call, input), groups = call.get<GroupNormAttributes>().groups;
  if (groups < 1 || channels % groups != 0)
    fail("{}: {} groups of the {} channels of {}, expected a divisor", call.name(), groups, channels,
         call.shape(input).to_string());
  return channels;
}

TensorSpec like_first(const RuleCall& call) {
  return {call.shape(0), call.input(0).dtype()};
}

}  // namespace

TensorSpec batch_statistics_rule(const RuleCall& call) {
  return {{2, channels_of(call, 0)}, call.input(0).dtype()};
}

TensorSpec batch_norm_rule(const RuleCall& call) {
  const std::int64_t channels = channels_of(call, 0);
  require_shape(call, 1, "statistics", {2, channels});
  require_shape(call, 2, "scale", {channels});
  require_shape(call, 3, "shift", {channels});
  return like_first(call);
}

TensorSpec batch_norm_sums_rule(const RuleCall& call) {
  const std::int64_t channels = channels_of(call, 1);
  require_shape(call, 1, "x", call.shape(0));
  require_shape(call, 2, "statistics", {2, channels});
  return {{2, channels}, call.input(0).dtype()};
}

TensorSpec batch_norm_input_gradient_rule(const RuleCall& call) {
  const std::int64_t channels = channels_of(call, 1);
  require_shape(call, 1, "x", call.shape(0));
  require_shape(call, 2, "statistics", {2, channels});
  require_shape(call, 3, "scale", {channels});
  require_shape(call, 4, "sums", {2, channels});
  return like_first(call);
}

TensorSpec group_norm_rule(const RuleCall& call) {
  const std::int64_t channels = grouped_channels(call, 0);
  require_shape(call, 1, "scale", {channels});
  require_shape(call, 2, "shift", {channels});
  return like_first(call);
}

TensorSpec group_norm_gradient_rule(const RuleCall& call) {
  const std::int64_t channels = grouped_channels(call, 1);
  require_shape(call, 1, "x", call.shape(0));
  require_shape(call, 2, "scale", {channels});
  return {{call.shape(0).elements() + 2 * channels}, call.input(0).dtype()};
}

TensorSpec activate_rule(const RuleCall& call) {
  require_floating(call, 0, "x");
  return like_first(call);
}

TensorSpec activate_gradient_rule(const RuleCall& call) {
  require_floating(call, 0, "the gradient");
  require_shape(call, 1, "x", call.shape(0));
  return like_first(call);
}

}  // namespace tessera::shape_rules
