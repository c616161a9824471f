// Gradients of the class Recurrent.
//
// The gradient of a layer is a row of its own, so that it is as fast as the layer. The gradient of that row (for second derivatives) is
// found by composing the layer of small operations on a tape of its own: slower, and nothing to be written twice.
#include "tessera/autograd/gradients.h"
#include "tessera/autograd/recurrent_composition.h"
#include "tessera/autograd/tape.h"

namespace tessera::internal {

Tensor stacked(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> rows;
  for (const Tensor& x : tensors) {
    Shape shape{1};
    for (const std::int64_t length : x.shape()) shape.append(length);
    rows.push_back(reshape(x, shape));
  }
  return concatenate(rows, 0);
}

GruComposition compose_gru(const std::vector<Tensor>& inputs) {
  const Tensor &products = inputs[0], &weight = inputs[2];
  const std::int64_t hidden = weight.size(1);
  const auto gate = [&](const Tensor& x, std::int64_t i) {
    return slice(x, {Range::all(), Range(i * hidden, (i + 1) * hidden)});
  };
  GruComposition all;
  Tensor h = inputs[1];
  for (std::int64_t t = 0; t < products.size(0); ++t) {
    all.hidden_products.push_back(matmul(h, transpose(weight)));
    const Tensor a = slice(products, {t}) + inputs[3], b = all.hidden_products.back() + inputs[4];
    all.r.push_back(sigmoid(gate(a, 0) + gate(b, 0)));
    all.z.push_back(sigmoid(gate(a, 1) + gate(b, 1)));
    all.b.push_back(gate(b, 2));
    all.n.push_back(tanh(gate(a, 2) + all.r.back() * all.b.back()));
    h = all.z.back() * h + (1 - all.z.back()) * all.n.back();
    all.states.push_back(h);
  }
  return all;
}

LstmComposition compose_lstm(const std::vector<Tensor>& inputs) {
  const Tensor &products = inputs[0], &weight = inputs[3];
  const std::int64_t hidden = weight.size(1);
  LstmComposition all;
  Tensor h = inputs[1], c = inputs[2];
  for (std::int64_t t = 0; t < products.size(0); ++t) {
    all.hidden_products.push_back(matmul(h, transpose(weight)));
    const Tensor sums = (slice(products, {t}) + inputs[4]) + (all.hidden_products.back() + inputs[5]);
    const auto sum = [&](std::int64_t gate) {
      return slice(sums, {Range::all(), Range(gate * hidden, (gate + 1) * hidden)});
    };
    all.i.push_back(sigmoid(sum(0)));
    all.f.push_back(sigmoid(sum(1)));
    all.g.push_back(tanh(sum(2)));
    all.o.push_back(sigmoid(sum(3)));
    const Tensor kept = all.f.back() * c;
    c = kept + all.i.back() * all.g.back();
    all.c.push_back(c);
    all.q.push_back(tanh(c));
    h = all.o.back() * all.q.back();
    all.h.push_back(h);
  }
  return all;
}

std::vector<Tensor> compose_rnn(const std::vector<Tensor>& inputs, Activation nonlinearity) {
  std::vector<Tensor> states;
  for (std::int64_t t = 0; t < inputs[0].size(0); ++t) {
    const Tensor product = matmul(t == 0 ? inputs[1] : states.back(), transpose(inputs[2]));
    const Tensor sums = (slice(inputs[0], {t}) + inputs[3]) + (product + inputs[4]);
    states.push_back(nonlinearity == Activation::kRelu ? relu(sums) : tanh(sums));
  }
  return states;
}

namespace gradients {
namespace {

// Rows of (time, sample): [T, N, G] as [T N, G].
Tensor steps_as_rows(const Tensor& x) {
  return reshape(x, {x.size(0) * x.size(1), x.size(2)});
}

// The states before each time.
Tensor states_before(const Tensor& h, const Tensor& h0) {
  const Tensor first = reshape(h0, {1, h0.size(0), h0.size(1)});
  return concatenate({first, slice(h, {Range(0, h.size(0) - 1)})}, 0);
}

Tensor flat(const Tensor& x) {
  return reshape(x, {x.elements()});
}

Tensor columns(const Tensor& x, const Range& range) {
  return slice(x, {Range::all(), range});
}

// Of a sequence without times, samples or features.
Contributions zeros_for(const GradientCall& call) {
  Contributions result(call.inputs.size());
  for (std::size_t i = 0; i < result.size(); ++i)
    if (call.wanted[i]) result[i] = zeros(call.inputs[i].shape(), call.inputs[i].dtype());
  return result;
}

// The gradient's row, on the gradients of the states that a layer gives out.
Tensor layer_gradient(Op op, const GradientCall& call, const Tensor& gradient) {
  std::vector<Tensor> inputs = {contiguous(gradient)};
  inputs.insert(inputs.end(), call.inputs.begin(), call.inputs.end());
  inputs.push_back(call.output);
  return apply(op, inputs, call.attributes);
}

}  // namespace

Contributions Gru(const GradientCall& call) {
  const Shape& shape = call.output.shape();
  if (shape.elements() == 0) return zeros_for(call);
  Contributions result(5);
  const GruGradients g =
      gru_gradient_parts(layer_gradient(Op::kGruGradient, call, slice(call.gradient, {0})), shape);
  const Tensor of_hidden = steps_as_rows(g.hidden);
  if (call.wanted[0]) result[0] = g.input;
  if (call.wanted[1]) result[1] = g.h0;
  if (call.wanted[2]) {
    const Tensor before = states_before(slice(call.output, {0}), call.inputs[1]);
    result[2] = matmul(transpose(of_hidden), steps_as_rows(before));
  }
  const std::int64_t hidden = shape[3];
  // The sums of the gates r and z are the same for both biases.
  const Tensor of_bias = call.wanted[3] || call.wanted[4] ? sum(of_hidden, {0}) : Tensor();
  if (call.wanted[3])
    result[3] = concatenate({slice(of_bias, {Range(0, 2 * hidden)}),
                             sum(columns(steps_as_rows(g.input), Range::from(2 * hidden)), {0})},
                            0);
  if (call.wanted[4]) result[4] = of_bias;
  return result;
}

// What gru would have kept is computed now.
Contributions GruPlain(const GradientCall& call) {
  const Tensor states = apply(Op::kGru, call.inputs, call.attributes);
  const Shape& h = call.output.shape();
  const Tensor gradient = reshape(call.gradient, {1, h[0], h[1], h[2]});
  return Gru({call.inputs, states, call.attributes, gradient, call.wanted});
}

// gru's output among the inputs only saves work: it is a function of the other inputs, which take its share.
Contributions GruGradient(const GradientCall& call) {
  if (call.inputs.back().elements() == 0) return zeros_for(call);
  const std::vector<Tensor> leaves = by_place({call.inputs.begin(), call.inputs.begin() + 6});
  Tape tape;
  tape.watch(leaves);
  const Tensor &gradient = leaves[0], &products = leaves[1], &h0 = leaves[2];
  const GruComposition all = compose_gru({leaves.begin() + 1, leaves.end()});
  std::vector<Tensor> at = {products, h0};
  at.insert(at.end(), all.hidden_products.begin(), all.hidden_products.end());
  const std::vector<Tensor> found = tape.gradient(stacked(all.states), at, gradient);
  const Tensor of_hidden = stacked({found.begin() + 2, found.end()});
  const Tensor output = concatenate({flat(found[0]), flat(of_hidden), flat(found[1])}, 0);
  Contributions result = tape.gradient(output, leaves, call.gradient);
  result.emplace_back();
  return result;
}

Contributions Lstm(const GradientCall& call) {
  const Shape& shape = call.output.shape();
  if (shape.elements() == 0) return zeros_for(call);
  Contributions result(6);
  const LstmGradients g = lstm_gradient_parts(
      layer_gradient(Op::kLstmGradient, call, slice(call.gradient, {Range(0, 2)})), shape);
  const Tensor gates = steps_as_rows(g.gates);
  if (call.wanted[0]) result[0] = g.gates;
  if (call.wanted[1]) result[1] = g.h0;
  if (call.wanted[2]) result[2] = g.c0;
  if (call.wanted[3]) {
    const Tensor before = states_before(slice(call.output, {0}), call.inputs[1]);
    result[3] = matmul(transpose(gates), steps_as_rows(before));
  }
  const Tensor of_bias = call.wanted[4] || call.wanted[5] ? sum(gates, {0}) : Tensor();
  if (call.wanted[4]) result[4] = of_bias;
  if (call.wanted[5]) result[5] = of_bias;
  return result;
}

Contributions LstmPlain(const GradientCall& call) {
  const Tensor states = apply(Op::kLstm, call.inputs, call.attributes);
  return Lstm({call.inputs, states, call.attributes, call.gradient, call.wanted});
}

Contributions LstmGradient(const GradientCall& call) {
  if (call.inputs.back().elements() == 0) return zeros_for(call);
  const std::vector<Tensor> leaves = by_place({call.inputs.begin(), call.inputs.begin() + 7});
  Tape tape;
  tape.watch(leaves);
  const Tensor &gradient = leaves[0], &products = leaves[1];
  const LstmComposition all = compose_lstm({leaves.begin() + 1, leaves.end()});
  const Shape one{1, products.size(0), products.size(1), all.h[0].size(1)};
  const Tensor states = concatenate({reshape(stacked(all.h), one), reshape(stacked(all.c), one)}, 0);
  const std::vector<Tensor> found = tape.gradient(states, {products, leaves[2], leaves[3]}, gradient);
  const Tensor output = concatenate({flat(found[0]), flat(found[1]), flat(found[2])}, 0);
  Contributions result = tape.gradient(output, leaves, call.gradient);
  result.emplace_back();
  return result;
}

Contributions Rnn(const GradientCall& call) {
  const Shape& shape = call.output.shape();
  if (shape.elements() == 0) return zeros_for(call);
  Contributions result(5);
  const RnnGradients g = rnn_gradient_parts(layer_gradient(Op::kRnnGradient, call, call.gradient), shape);
  const Tensor sums = steps_as_rows(g.sums);
  if (call.wanted[0]) result[0] = g.sums;
  if (call.wanted[1]) result[1] = g.h0;
  if (call.wanted[2])
    result[2] = matmul(transpose(sums), steps_as_rows(states_before(call.output, call.inputs[1])));
  const Tensor of_bias = call.wanted[3] || call.wanted[4] ? sum(sums, {0}) : Tensor();
  if (call.wanted[3]) result[3] = of_bias;
  if (call.wanted[4]) result[4] = of_bias;
  return result;
}

Contributions RnnGradient(const GradientCall& call) {
  const std::vector<Tensor> leaves = by_place({call.inputs.begin(), call.inputs.begin() + 6});
  Tape tape;
  tape.watch(leaves);
  const auto states = compose_rnn({leaves.begin() + 1, leaves.end()},
                                  std::get<RecurrentAttributes>(call.attributes).nonlinearity);
  const std::vector<Tensor> found = tape.gradient(stacked(states), {leaves[1], leaves[2]}, leaves[0]);
  Contributions result =
      tape.gradient(concatenate({flat(found[0]), flat(found[1])}, 0), leaves, call.gradient);
  result.emplace_back();
  return result;
}

}  // namespace gradients
}  // namespace tessera::internal
