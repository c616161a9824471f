#include "tessera/nn/recurrent.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/nn/initialisers.h"
#include "tessera/nn/sequence_lengths.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/recurrent.h"

namespace tessera::nn {
namespace {

Tensor with_first_axis(const Tensor& state) {
  return reshape(state, {1, state.size(0), state.size(1)});
}

// What was computed for the longest sequence, with zeros up to `times`. [T, N, F].
Tensor padded(const Tensor& x, std::int64_t times) {
  if (x.size(0) == times) return x;
  return concatenate({x, zeros({times - x.size(0), x.size(1), x.size(2)}, x.dtype())}, 0);
}

Tensor samples_first(const Tensor& x) {
  return permute(x, {1, 0, 2});
}

}  // namespace

Recurrent::Recurrent(const char* name, std::int64_t gates, std::int64_t input_size, std::int64_t hidden_size,
                     const RecurrentSettings& settings)
    : name_(name), gates_(gates), input_size_(input_size), hidden_size_(hidden_size), settings_(settings) {
  if (input_size < 1 || hidden_size < 1 || settings.layers < 1)
    fail("{}: {} inputs, {} hidden features and {} layers, expected at least 1 of each", name, input_size,
         hidden_size, settings.layers);
  for (std::int64_t layer = 0; layer < settings.layers; ++layer)
    for (std::int64_t direction = 0; direction < directions(); ++direction) add_run(layer, direction == 1);
}

void Recurrent::add_run(std::int64_t layer, bool reverse) {
  const std::string suffix = fmt::format("_l{}{}", layer, reverse ? "_reverse" : "");
  const std::int64_t rows = gates_ * hidden_size_;
  const std::int64_t inputs = layer == 0 ? input_size_ : directions() * hidden_size_;
  Weights run{};
  run.input = &add_parameter("weight_ih" + suffix, {rows, inputs}, settings_.dtype);
  run.hidden = &add_parameter("weight_hh" + suffix, {rows, hidden_size_}, settings_.dtype);
  if (settings_.bias) {
    run.input_bias = &add_parameter("bias_ih" + suffix, {rows}, settings_.dtype);
    run.hidden_bias = &add_parameter("bias_hh" + suffix, {rows}, settings_.dtype);
  }
  runs_.push_back(run);
}

void Recurrent::initialize_parameters(RandomSource& random) {
  const double bound = 1 / numerics::sqrt(static_cast<double>(hidden_size_));
  for (const Weights& run : runs_)
    for (Parameter* parameter : {run.input, run.hidden, run.input_bias, run.hidden_bias})
      if (parameter != nullptr)
        parameter->value =
            uniform_init(random, parameter->name, parameter->value.shape(), bound, settings_.dtype);
}

RecurrentWeights Recurrent::tensors(const Weights& weights) const {
  const auto bias = [&](const Parameter* parameter) {
    return parameter != nullptr ? parameter->value : zeros({gates_ * hidden_size_}, settings_.dtype);
  };
  return {weights.input->value, weights.hidden->value, bias(weights.input_bias), bias(weights.hidden_bias)};
}

void Recurrent::check_states(const char* what, const Tensor& states, const Tensor& x) const {
  const Shape expected{settings_.layers * directions(), x.size(0), hidden_size_};
  if (states.defined() && states.shape() != expected)
    fail("{}: {} has shape {}, expected {}", where(), what, states.shape().to_string(), expected.to_string());
}

void Recurrent::check(const Tensor& x, const RecurrentInputs& inputs) const {
  output_shape(x.shape());
  if (x.dtype() != settings_.dtype)
    fail("{}: the input is {} {}, but the parameters are {}", where(), dtype_name(x.dtype()),
         x.shape().to_string(), dtype_name(settings_.dtype));
  check_states("h0", inputs.h0, x);
  check_states("c0", inputs.c0, x);
  if (x.size(1) == 0)
    fail("{}: the input has shape {}, expected at least one time", where(), x.shape().to_string());
}

Recurrent::Start Recurrent::start_of(std::size_t run, const RecurrentInputs& inputs,
                                     std::int64_t samples) const {
  const auto initial = [&](const Tensor& states) {
    return states.defined() ? slice(states, {static_cast<std::int64_t>(run)})
                            : zeros({samples, hidden_size_}, settings_.dtype);
  };
  return {initial(inputs.h0), initial(inputs.c0)};
}

RecurrentResult Recurrent::run(const Tensor& x, const RecurrentInputs& inputs) {
  check(x, inputs);
  const std::int64_t times = x.size(1), samples = x.size(0);
  const SequenceLengths lengths(where(), inputs.lengths, times, samples);
  Tensor sequence = samples_first(x);
  if (lengths.longest() < times) sequence = slice(sequence, {Range(0, lengths.longest())});
  sequence = lengths.masked(sequence);
  std::vector<Tensor> last_h, last_c;
  RecurrentResult result;
  for (std::size_t run = 0; run < runs_.size();) {
    std::vector<Tensor> sides;
    for (std::int64_t direction = 0; direction < directions(); ++direction, ++run) {
      const bool reverse = direction == 1;
      const Start start = start_of(run, inputs, samples);
      const Sequence found =
          run_one(reverse ? lengths.reversed(sequence) : sequence, start, runs_[run], inputs.gates);
      const auto in_order = [&](const Tensor& states) {
        return lengths.masked(reverse ? lengths.reversed(states) : states);
      };
      last_h.push_back(with_first_axis(lengths.last(found.h, start.h)));
      if (found.c.defined()) last_c.push_back(with_first_axis(lengths.last(found.c, start.c)));
      sides.push_back(in_order(found.h));
      if (inputs.gates) result.gates.emplace_back();
      for (const auto& [name, gate] : found.gates)
        result.gates.back()[name] = samples_first(padded(in_order(gate), times));
    }
    sequence = sides.size() == 1 ? sides[0] : concatenate(sides, 2);
  }
  result.output = samples_first(padded(sequence, times));
  result.h = concatenate(last_h, 0);
  if (!last_c.empty()) result.c = concatenate(last_c, 0);
  return result;
}

Tensor Recurrent::forward(const Tensor& x, Context& /*context*/) {
  return run(x).output;
}

Shape Recurrent::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != input_size_)
    fail("{}: the input has shape {}, expected [N, T, {}]", where(), input.to_string(), input_size_);
  return {input[0], input[1], directions() * hidden_size_};
}

std::string Recurrent::describe() const {
  std::string text = fmt::format("{}({} -> {}", name_, input_size_, hidden_size_);
  if (settings_.layers > 1) text += fmt::format(", {} layers", settings_.layers);
  if (settings_.bidirectional) text += ", both directions";
  if (settings_.nonlinearity == Activation::kRelu) text += ", relu";
  if (!settings_.reset_gate) text += ", no reset gate";
  return text + (settings_.bias ? ")" : ", no bias)");
}

// ---- RNN ----

RNN::RNN(std::int64_t input_size, std::int64_t hidden_size, const RecurrentSettings& settings)
    : Recurrent("RNN", 1, input_size, hidden_size, settings) {
  if (settings.nonlinearity != Activation::kTanh && settings.nonlinearity != Activation::kRelu)
    fail("RNN: the nonlinearity is neither tanh nor relu");
}

Recurrent::Sequence RNN::run_one(const Tensor& x, const Start& start, const Weights& weights,
                                 bool /*gates*/) {
  return {rnn(x, start.h, tensors(weights), settings().nonlinearity), {}, {}};
}

// ---- GRU ----

namespace {

// The weights of z and n, with those of an r that is 1 whatever comes: products with zeros, and a bias whose sigmoid rounds to 1.
RecurrentWeights with_open_reset_gate(const RecurrentWeights& weights) {
  constexpr double kOpen = 64;  // 1 + e^-64 is 1 in fp64
  const auto after_zeros = [](const Tensor& w) {
    return concatenate({zeros({w.size(0) / 2, w.size(1)}, w.dtype()), w}, 0);
  };
  const auto after = [](double value, const Tensor& bias) {
    return concatenate({full({bias.size(0) / 2}, value, bias.dtype()), bias}, 0);
  };
  return {after_zeros(weights.input), after_zeros(weights.hidden), after(kOpen, weights.input_bias),
          after(0, weights.hidden_bias)};
}

std::map<std::string, Tensor> parts_of(const Tensor& states,
                                       const std::vector<std::pair<std::string, std::int64_t>>& parts) {
  std::map<std::string, Tensor> result;
  for (const auto& [name, index] : parts) result[name] = slice(states, {index});
  return result;
}

}  // namespace

Recurrent::Sequence GRU::run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) {
  const RecurrentWeights own = tensors(weights);
  const Tensor states =
      gru_states(x, start.h, settings().reset_gate ? own : with_open_reset_gate(own));
  Sequence result{slice(states, {0}), {}, {}};
  if (gates) result.gates = parts_of(states, {{"r", 1}, {"z", 2}, {"n", 3}});
  return result;
}

// ---- LSTM ----

Recurrent::Sequence LSTM::run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) {
  const Tensor states = lstm_states(x, start.h, start.c, tensors(weights));
  Sequence result{slice(states, {0}), slice(states, {1}), {}};
  if (gates) result.gates = parts_of(states, {{"i", 2}, {"f", 3}, {"g", 4}, {"o", 5}, {"c", 1}});
  return result;
}

}  // namespace tessera::nn
