// Shape rules of recurrent layers (recurrent.h).
#include "tessera/tensor/infer.h"

namespace tessera::shape_rules {
namespace {

struct Sequence {
  std::int64_t times, samples, hidden;
};

void require_shape(const RuleCall& call, std::size_t input, std::string_view argument,
                   const Shape& expected) {
  if (call.shape(input) == expected) return;
  fail("{}: {} has shape {}, expected {}", call.name(), argument, call.shape(input).to_string(),
       expected.to_string());
}

// Of a layer whose inputs begin at `first`: products, the states before the first time, weight, two biases.
Sequence sequence_of(const RuleCall& call, std::size_t first, std::int64_t gates, std::size_t states) {
  require_floating(call, 0, "the first argument");
  for (std::size_t i = 1; i < call.inputs.size(); ++i) require_same_dtype(call, 0, i);
  require_rank(call, first, "the products with the input", 3, "[T, N, gates]");
  const Shape& products = call.shape(first);
  const Sequence size{products[0], products[1], products[2] / gates};
  if (products[2] % gates != 0)
    fail("{}: the products with the input have shape {}, expected a last axis of {} gates", call.name(),
         products.to_string(), gates);
  for (std::size_t state = 1; state <= states; ++state)
    require_shape(call, first + state, state == 1 ? "h0" : "c0", {size.samples, size.hidden});
  require_shape(call, first + states + 1, "the hidden weight", {products[2], size.hidden});
  require_shape(call, first + states + 2, "the input bias", {products[2]});
  require_shape(call, first + states + 3, "the hidden bias", {products[2]});
  return size;
}

}  // namespace

TensorSpec gru_rule(const RuleCall& call) {
  const Sequence size = sequence_of(call, 0, 3, 1);
  return {{5, size.times, size.samples, size.hidden}, call.input(0).dtype()};
}

TensorSpec gru_plain_rule(const RuleCall& call) {
  const Sequence size = sequence_of(call, 0, 3, 1);
  return {{size.times, size.samples, size.hidden}, call.input(0).dtype()};
}

TensorSpec gru_gradient_rule(const RuleCall& call) {
  const Sequence size = sequence_of(call, 1, 3, 1);
  require_shape(call, 0, "the gradient", {size.times, size.samples, size.hidden});
  require_shape(call, 6, "gru's output", {5, size.times, size.samples, size.hidden});
  const std::int64_t rows = size.times * size.samples;
  return {{(6 * rows + size.samples) * size.hidden}, call.input(0).dtype()};
}

TensorSpec lstm_rule(const RuleCall& call) {
  const Sequence size = sequence_of(call, 0, 4, 2);
  return {{7, size.times, size.samples, size.hidden}, call.input(0).dtype()};
}

TensorSpec lstm_plain_rule(const RuleCall& call) {
  const Sequence size = sequence_of(call, 0, 4, 2);
  return {{2, size.times, size.samples, size.hidden}, call.input(0).dtype()};
}

TensorSpec lstm_gradient_rule(const RuleCall& call) {
  const Sequence size = sequence_of(call, 1, 4, 2);
  require_shape(call, 0, "the gradient", {2, size.times, size.samples, size.hidden});
  require_shape(call, 7, "lstm's output", {7, size.times, size.samples, size.hidden});
  const std::int64_t rows = size.times * size.samples;
  return {{(4 * rows + 2 * size.samples) * size.hidden}, call.input(0).dtype()};
}

namespace {

void require_nonlinearity(const RuleCall& call) {
  const Activation found = call.get<RecurrentAttributes>().nonlinearity;
  if (found != Activation::kTanh && found != Activation::kRelu)
    fail("{}: the nonlinearity is neither tanh nor relu", call.name());
}

}  // namespace

TensorSpec rnn_rule(const RuleCall& call) {
  require_nonlinearity(call);
  const Sequence size = sequence_of(call, 0, 1, 1);
  return {{size.times, size.samples, size.hidden}, call.input(0).dtype()};
}

TensorSpec rnn_gradient_rule(const RuleCall& call) {
  require_nonlinearity(call);
  const Sequence size = sequence_of(call, 1, 1, 1);
  const Shape states{size.times, size.samples, size.hidden};
  require_shape(call, 0, "the gradient", states);
  require_shape(call, 6, "rnn's output", states);
  return {{states.elements() + size.samples * size.hidden}, call.input(0).dtype()};
}

}  // namespace tessera::shape_rules
