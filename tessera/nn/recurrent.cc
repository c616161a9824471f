#include "tessera/nn/recurrent.h"

#include <utility>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
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

// Or time first, of what has samples first.
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
  if (settings.nonlinearity != Activation::kTanh && gates != 1)
    fail("{}: a nonlinearity other than tanh is for RNN only", name);
  if (!settings.reset_gate && gates != 2) fail("{}: only GRU has a reset gate to leave out", name);
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

// A segment moves all rows of x a few times (forward, and more of it backward): about 40 multiplications' time per element. A row computed takes
// gates * hidden * (hidden + inputs) of them. States of a ReLU grow without bound: in padding they could overflow, and the zero gradients that
// arrive there would be NaN; so no padding of theirs is computed. In whole numbers, since the cuts decide in which order the gradients of weights are added.
std::int64_t Recurrent::rows_per_cut(std::int64_t rows) const {
  if (settings_.nonlinearity == Activation::kRelu) return 0;
  constexpr std::int64_t kPerElement = 40;
  return kPerElement * rows * input_size_ / (gates_ * hidden_size_ * (hidden_size_ + input_size_)) + 1;
}

RecurrentResult Recurrent::run(const Tensor& x, const RecurrentInputs& inputs) {
  check(x, inputs);
  const std::int64_t times = x.size(1), samples = x.size(0);
  SequenceLengths lengths(where(), inputs.lengths, times, samples);
  if (!lengths.equal()) lengths.cut(rows_per_cut(lengths.longest() * samples));
  // Sequences of one length go through the layers with time first, others as they are: SequenceLengths takes their rows from there.
  const bool together = lengths.equal();
  Tensor sequence = together ? samples_first(x) : x;
  if (together && lengths.longest() < times) sequence = slice(sequence, {Range(0, lengths.longest())});
  const auto given_out = [&](const Tensor& y) { return together ? samples_first(padded(y, times)) : y; };
  std::vector<Tensor> last_h, last_c;
  RecurrentResult result;
  for (std::size_t run = 0; run < runs_.size();) {
    std::vector<Tensor> sides;
    for (std::int64_t direction = 0; direction < directions(); ++direction, ++run) {
      const Run found = run_direction(sequence, start_of(run, inputs, samples), runs_[run], lengths,
                                      direction == 1, inputs.gates);
      last_h.push_back(with_first_axis(found.last_h));
      if (found.last_c.defined()) last_c.push_back(with_first_axis(found.last_c));
      sides.push_back(found.h);
      if (inputs.gates) result.gates.emplace_back();
      for (const auto& [name, gate] : found.gates) result.gates.back()[name] = given_out(gate);
    }
    sequence = sides.size() == 1 ? sides[0] : concatenate(sides, 2);
  }
  result.output = given_out(sequence);
  result.h = concatenate(last_h, 0);
  if (!last_c.empty()) result.c = concatenate(last_c, 0);
  return result;
}

Recurrent::Run Recurrent::run_direction(const Tensor& x, const Start& start, const Weights& weights,
                                        const SequenceLengths& lengths, bool reverse, bool gates) {
  if (!lengths.equal()) return run_segments(x, start, weights, lengths, reverse, gates);
  const auto turned = [&](const Tensor& states) {
    return reverse ? slice(states, {Range::step(-1)}) : states;
  };
  const Sequence found = run_one(turned(x), start, weights, gates);
  Run result{turned(found.h), slice(found.h, {-1}), found.c.defined() ? slice(found.c, {-1}) : Tensor(), {}};
  for (const auto& [name, gate] : found.gates) result.gates[name] = turned(gate);
  return result;
}

Recurrent::Run Recurrent::run_segments(const Tensor& x, const Start& start, const Weights& weights,
                                       const SequenceLengths& lengths, bool reverse, bool gates) {
  std::vector<Tensor> h, c;
  std::map<std::string, std::vector<Tensor>> of_gates;
  Start now{lengths.ordered(start.h), lengths.ordered(start.c)};
  for (const auto& segment : lengths.segments()) {
    const Range going_on(0, segment.samples);
    const Sequence found = run_one(lengths.packed(x, segment, reverse),
                                   {slice(now.h, {going_on}), slice(now.c, {going_on})}, weights, gates);
    h.push_back(found.h);
    now.h = slice(found.h, {-1});
    if (found.c.defined()) {
      c.push_back(found.c);
      now.c = slice(found.c, {-1});
    }
    for (const auto& [name, gate] : found.gates) of_gates[name].push_back(gate);
  }
  Run result{lengths.unpacked(h, reverse, start.h),
             lengths.last(h, start.h),
             has_cell() ? lengths.last(c, start.c) : Tensor(),
             {}};
  for (const auto& [name, parts] : of_gates) result.gates[name] = lengths.unpacked(parts, reverse, start.h);
  return result;
}

Tensor Recurrent::forward(const Tensor& x, Context& context) {
  const RecurrentResult result = run(x, {.lengths = context.lengths, .gates = context.shown != nullptr});
  for (std::size_t run = 0; run < result.gates.size(); ++run)
    for (const auto& [name, gate] : result.gates[run]) {
      const auto layer = static_cast<std::int64_t>(run) / directions();
      const bool reverse = static_cast<std::int64_t>(run) % directions() == 1;
      context.shown->emplace_back(fmt::format("{}.l{}{}.{}", path(), layer, reverse ? "_reverse" : "", name),
                                  gate);
    }
  return result.output;
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
  const RecurrentWeights used = settings().reset_gate ? own : with_open_reset_gate(own);
  if (!gates) return {gru(x, start.h, used), {}, {}};
  const Tensor states = gru_states(x, start.h, used);
  return {slice(states, {0}), {}, parts_of(states, {{"r", 1}, {"z", 2}, {"n", 3}})};
}

// ---- LSTM ----

Recurrent::Sequence LSTM::run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) {
  if (!gates) {
    const LstmStates states = lstm(x, start.h, start.c, tensors(weights));
    return {states.h, states.c, {}};
  }
  const Tensor states = lstm_states(x, start.h, start.c, tensors(weights));
  return {slice(states, {0}), slice(states, {1}),
          parts_of(states, {{"i", 2}, {"f", 3}, {"g", 4}, {"o", 5}, {"c", 1}})};
}

// ---- Looking at gradients ----

std::vector<double> gradient_by_time(Recurrent& layer, const Tensor& x, const RecurrentInputs& inputs,
                                     const Tensor& direction) {
  if (inputs.lengths.defined())
    fail("gradient_by_time: lengths were given, expected sequences of one length");
  // Before the first time, as the layer would make it.
  RecurrentInputs now{.h0 = inputs.h0, .c0 = inputs.c0};
  if (!now.h0.defined()) now.h0 = layer.run(x, {.lengths = zeros({x.size(0)}, DType::kInt64)}).h;
  std::vector<Tensor> states = {now.h0};
  Tape tape;
  tape.watch(now.h0);
  for (std::int64_t t = 0; t < x.size(1); ++t) {
    const RecurrentResult result = layer.run(slice(x, {Range::all(), Range(t, t + 1)}), now);
    if (result.output.size(2) != result.h.size(2))
      fail("gradient_by_time: {} runs in both directions, expected one", layer.describe());
    now.h0 = result.h;
    now.c0 = result.c;
    states.push_back(result.h);
  }
  tape.stop();
  const Tensor last = direction.defined() ? direction : ones(states.back().shape(), x.dtype());
  const FloatEnvironment contract;
  std::vector<double> lengths;
  for (const Tensor& gradient : tape.gradient(states.back(), states, last))
    lengths.push_back(numerics::sqrt(cast(sum_squares(gradient), DType::kFloat64).item<double>()));
  return lengths;
}

}  // namespace tessera::nn
