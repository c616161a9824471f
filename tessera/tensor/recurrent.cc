#include "tessera/tensor/recurrent.h"

#include <array>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/tensor/ops_arguments.h"

namespace tessera {
namespace {

// What a kernel reads again and again; views with gaps are copied.
std::array<Tensor, 3> dense_weights(const RecurrentWeights& weights) {
  return {contiguous(weights.hidden), contiguous(weights.input_bias), contiguous(weights.hidden_bias)};
}

void require_defined(Op op, const Tensor& state, const RecurrentWeights& weights) {
  const std::pair<const char*, const Tensor*> all[] = {{"initial state", &state},
                                                       {"input weight", &weights.input},
                                                       {"hidden weight", &weights.hidden},
                                                       {"input bias", &weights.input_bias},
                                                       {"hidden bias", &weights.hidden_bias}};
  for (const auto& [what, tensor] : all)
    if (!tensor->defined()) fail("{}: the {} is an undefined tensor", op_info(op).name, what);
}

// x W^T for all times at once: [T, N, I] and [G, I] give [T, N, G].
Tensor input_products(Op op, const Operand& x, const Tensor& weight) {
  const Tensor& sequence = internal::tensor_argument(op, x);
  if (sequence.rank() != 3 || weight.rank() != 2 || weight.size(1) != sequence.size(2))
    fail("{}: x has shape {} and the input weight {}, expected [T, N, I] and [gates, I]", op_info(op).name,
         sequence.shape().to_string(), weight.shape().to_string());
  const std::int64_t times = sequence.size(0), samples = sequence.size(1);
  const Tensor rows = reshape(x, {times * samples, sequence.size(2)});
  const Tensor products = matmul(Operand(rows, x.where()), transpose(Operand(weight, x.where())));
  return reshape(Operand(products, x.where()), {times, samples, weight.size(0)});
}

}  // namespace

namespace {

// By the row of all states, or by that of h alone.
Tensor gru_row(Op op, const Operand& x, const Tensor& h0, const RecurrentWeights& weights) {
  require_defined(Op::kGru, h0, weights);
  const Tensor products = input_products(Op::kGru, x, weights.input);
  const auto [hidden, input_bias, hidden_bias] = dense_weights(weights);
  const std::array inputs = {products, contiguous(h0), hidden, input_bias, hidden_bias};
  return apply(op, inputs, NoAttributes{}, x.where());
}

}  // namespace

Tensor gru_states(const Operand& x, const Tensor& h0, const RecurrentWeights& weights) {
  return gru_row(Op::kGru, x, h0, weights);
}

Tensor gru(const Operand& x, const Tensor& h0, const RecurrentWeights& weights) {
  if (!observed()) return gru_row(Op::kGruPlain, x, h0, weights);
  return slice(Operand(gru_states(x, h0, weights), x.where()), {0});
}

GruGradients gru_gradient_parts(const Tensor& flat, const Shape& states) {
  const Shape gates{states[1], states[2], 3 * states[3]};
  const std::int64_t all = gates.elements();
  return {reshape(slice(flat, {Range(0, all)}), gates), reshape(slice(flat, {Range(all, 2 * all)}), gates),
          reshape(slice(flat, {Range::from(2 * all)}), {states[2], states[3]})};
}

namespace {

// By the row of all states, or by that of h and c.
Tensor lstm_row(Op op, const Operand& x, const Tensor& h0, const Tensor& c0,
                const RecurrentWeights& weights) {
  require_defined(Op::kLstm, h0, weights);
  if (!c0.defined()) fail("lstm: the initial cell is an undefined tensor");
  const Tensor products = input_products(Op::kLstm, x, weights.input);
  const auto [hidden, input_bias, hidden_bias] = dense_weights(weights);
  const std::array inputs = {products, contiguous(h0), contiguous(c0), hidden, input_bias, hidden_bias};
  return apply(op, inputs, NoAttributes{}, x.where());
}

}  // namespace

Tensor lstm_states(const Operand& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& weights) {
  return lstm_row(Op::kLstm, x, h0, c0, weights);
}

LstmStates lstm(const Operand& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& weights) {
  const Tensor states = lstm_row(observed() ? Op::kLstm : Op::kLstmPlain, x, h0, c0, weights);
  return {slice(Operand(states, x.where()), {0}), slice(Operand(states, x.where()), {1})};
}

Tensor rnn(const Operand& x, const Tensor& h0, const RecurrentWeights& weights, Activation nonlinearity) {
  require_defined(Op::kRnn, h0, weights);
  const Tensor products = input_products(Op::kRnn, x, weights.input);
  const auto [hidden, input_bias, hidden_bias] = dense_weights(weights);
  const std::array inputs = {products, contiguous(h0), hidden, input_bias, hidden_bias};
  return apply(Op::kRnn, inputs, RecurrentAttributes{nonlinearity}, x.where());
}

RnnGradients rnn_gradient_parts(const Tensor& flat, const Shape& states) {
  const std::int64_t all = states.elements();
  return {reshape(slice(flat, {Range(0, all)}), states),
          reshape(slice(flat, {Range::from(all)}), {states[1], states[2]})};
}

LstmGradients lstm_gradient_parts(const Tensor& flat, const Shape& states) {
  const Shape gates{states[1], states[2], 4 * states[3]}, state{states[2], states[3]};
  const std::int64_t all = gates.elements(), one = state.elements();
  return {reshape(slice(flat, {Range(0, all)}), gates), reshape(slice(flat, {Range(all, all + one)}), state),
          reshape(slice(flat, {Range::from(all + one)}), state)};
}

}  // namespace tessera
