#include "tessera/nn/recurrent.h"

#include "tessera/base/error.h"
#include "tessera/nn/initialisers.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/recurrent.h"

namespace tessera::nn {
namespace {

Tensor with_first_axis(const Tensor& state) {
  return reshape(state, {1, state.size(0), state.size(1)});
}

// The times in the opposite order.
Tensor reversed(const Tensor& sequence) {
  return slice(sequence, {Range::step(-1)});
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

Tensor Recurrent::bias_or_zeros(const Parameter* bias) const {
  return bias != nullptr ? bias->value : zeros({gates_ * hidden_size_}, settings_.dtype);
}

void Recurrent::check_states(const char* what, const Tensor& states, const Tensor& x) const {
  const Shape expected{settings_.layers * directions(), x.size(0), hidden_size_};
  if (states.defined() && states.shape() != expected)
    fail("{}: {} has shape {}, expected {}", where(), what, states.shape().to_string(), expected.to_string());
}

RecurrentResult Recurrent::run_all(const Tensor& x, const Tensor& h0, const Tensor& c0) {
  output_shape(x.shape());
  if (x.dtype() != settings_.dtype)
    fail("{}: the input is {} {}, but the parameters are {}", where(), dtype_name(x.dtype()),
         x.shape().to_string(), dtype_name(settings_.dtype));
  check_states("h0", h0, x);
  check_states("c0", c0, x);
  if (x.size(1) == 0)
    fail("{}: the input has shape {}, expected at least one time", where(), x.shape().to_string());
  const auto initial = [&](const Tensor& states, std::size_t run) {
    return states.defined() ? slice(states, {static_cast<std::int64_t>(run)})
                            : zeros({x.size(0), hidden_size_}, settings_.dtype);
  };
  Tensor sequence = permute(x, {1, 0, 2});
  std::vector<Tensor> last_h, last_c;
  for (std::size_t run = 0; run < runs_.size();) {
    std::vector<Tensor> sides;
    for (std::int64_t direction = 0; direction < directions(); ++direction, ++run) {
      const Sequence found = run_one(direction == 0 ? sequence : reversed(sequence), initial(h0, run),
                                     initial(c0, run), runs_[run]);
      last_h.push_back(with_first_axis(slice(found.h, {-1})));
      if (found.c.defined()) last_c.push_back(with_first_axis(slice(found.c, {-1})));
      sides.push_back(direction == 0 ? found.h : reversed(found.h));
    }
    sequence = sides.size() == 1 ? sides[0] : concatenate(sides, 2);
  }
  return {permute(sequence, {1, 0, 2}), concatenate(last_h, 0),
          last_c.empty() ? Tensor() : concatenate(last_c, 0)};
}

Tensor Recurrent::forward(const Tensor& x, Context& /*context*/) {
  return run_all(x, {}, {}).output;
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
  return text + (settings_.bias ? ")" : ", no bias)");
}

Recurrent::Sequence GRU::run_one(const Tensor& x, const Tensor& h0, const Tensor& /*c0*/,
                                 const Weights& weights) {
  return {gru(x, h0,
              {weights.input->value, weights.hidden->value, bias_or_zeros(weights.input_bias),
               bias_or_zeros(weights.hidden_bias)}),
          {}};
}

Recurrent::Sequence LSTM::run_one(const Tensor& x, const Tensor& h0, const Tensor& c0,
                                  const Weights& weights) {
  const LstmStates states = lstm(x, h0, c0,
                                 {weights.input->value, weights.hidden->value,
                                  bias_or_zeros(weights.input_bias), bias_or_zeros(weights.hidden_bias)});
  return {states.h, states.c};
}

}  // namespace tessera::nn
