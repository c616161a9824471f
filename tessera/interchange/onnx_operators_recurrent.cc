// RNN, GRU and LSTM over whole sequences. The GRU whose reset gate is applied after the product (linear_before_reset = 1, as in PyTorch) and
// the LSTM are rows of the table, as is the RNN; the other GRU is composed here, time by time. Sequences of different lengths are run to the
// longest one, which changes no bit of what is kept.
#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_operators.h"
#include "tessera/tensor/recurrent.h"

namespace tessera::onnx {
namespace {

// Rows of a stacked weight or bias in another order of the gates.
Tensor gates_in_order(const Tensor& stacked, std::initializer_list<int> order) {
  const std::int64_t rows = stacked.size(0) / static_cast<std::int64_t>(order.size());
  std::vector<Tensor> parts;
  parts.reserve(order.size());
  for (const int gate : order) parts.push_back(slice(stacked, {Range(gate * rows, (gate + 1) * rows)}));
  return concatenate(parts, 0);
}

struct Direction {
  bool reverse = false;
  Tensor input, hidden, input_bias, hidden_bias;  // [G H, I], [G H, H], [G H]
  Tensor h0, c0;                                  // [N, H]
  std::string activation;                         // of RNN
};

struct States {
  Tensor h, c;  // [T, N, H]
};
using RunDirection = std::function<States(const Tensor& x, const Direction& direction)>;

Tensor reversed(const Tensor& x) {
  return slice(x, {Range::step(-1)});
}

void refuse_variants(const NodeCall& call, std::size_t peepholes) {
  if (call.find("clip") != nullptr) call.unsupported("clipped gates");
  if (call.integer("input_forget", 0) != 0) call.unsupported("coupled gates");
  if (call.has(peepholes)) call.unsupported("peepholes");
}

// The activations by direction, as ONNX lists them; the default is the only choice but for RNN.
std::vector<std::string> activations(const NodeCall& call, const std::vector<std::string>& otherwise,
                                     std::size_t directions) {
  std::vector<std::string> found = call.texts("activations");
  if (found.empty())
    for (std::size_t i = 0; i < directions; ++i)
      found.insert(found.end(), otherwise.begin(), otherwise.end());
  if (found.size() != otherwise.size() * directions)
    fail("{} activations, expected {}", found.size(), otherwise.size() * directions);
  return found;
}

class Sequences {
 public:
  Sequences(const NodeCall& call, std::int64_t gates) : call_(call), gates_(gates) {
    batch_first_ = call.integer("layout", 0) != 0;
    x_ = batch_first_ ? permute(call[0], {1, 0, 2}) : call[0];
    const std::string direction = call.text("direction", "forward");
    reverse_ = direction == "reverse";
    directions_ = direction == "bidirectional" ? 2 : 1;
    if (!reverse_ && directions_ == 1 && direction != "forward") fail("the direction is '{}'", direction);
    check_shapes();
    check_lengths();
  }

  std::size_t directions() const { return static_cast<std::size_t>(directions_); }

  Outputs run(const RunDirection& run_direction, const std::vector<std::string>& rnn_activations = {}) const {
    std::vector<Tensor> sides, last_h, last_c;
    for (std::int64_t d = 0; d < directions_; ++d) {
      Direction direction = parts(d);
      if (!rnn_activations.empty()) direction.activation = rnn_activations[static_cast<std::size_t>(d)];
      const States states = run_direction(direction.reverse ? turned(x_) : x_, direction);
      last_h.push_back(last(states.h, direction.h0));
      if (states.c.defined()) last_c.push_back(last(states.c, direction.c0));
      const Tensor h = without_padding(direction.reverse ? turned(states.h) : states.h);
      sides.push_back(reshape(h, {x_.size(0), 1, samples(), hidden_}));
    }
    const Tensor y = concatenate(sides, 1), h = concatenate(last_h, 0);
    Outputs outputs = {batch_first_ ? permute(y, {2, 0, 1, 3}) : y, batch_first_ ? permute(h, {1, 0, 2}) : h};
    if (!last_c.empty()) {
      const Tensor c = concatenate(last_c, 0);
      outputs.push_back(batch_first_ ? permute(c, {1, 0, 2}) : c);
    }
    return outputs;
  }

 private:
  std::int64_t samples() const { return x_.size(1); }

  void expect(std::size_t input, const Shape& shape) const {
    if (call_.has(input) && call_[input].shape() != shape)
      fail("input {} has shape {}, expected {}", input, call_[input].shape().to_string(), shape.to_string());
  }

  void check_shapes() {
    if (x_.rank() != 3 || call_[2].rank() != 3)
      fail("the input has shape {} and the recurrent weight {}, expected three axes each",
           x_.shape().to_string(), call_[2].shape().to_string());
    hidden_ = call_[2].size(2);
    if (x_.size(0) == 0) fail("a sequence without times");
    expect(1, {directions_, gates_ * hidden_, x_.size(2)});
    expect(2, {directions_, gates_ * hidden_, hidden_});
    expect(3, {directions_, 2 * gates_ * hidden_});
    const Shape state =
        batch_first_ ? Shape{samples(), directions_, hidden_} : Shape{directions_, samples(), hidden_};
    expect(5, state);
    if (gates_ == 4) expect(6, state);
  }

  void check_lengths() {
    if (!call_.has(4)) return;
    const std::vector<std::int64_t> lengths = call_.input_integers(4);
    if (static_cast<std::int64_t>(lengths.size()) != samples())
      fail("{} lengths of sequences, expected {}", lengths.size(), samples());
    bool all_full = true;
    for (const std::int64_t length : lengths) {
      if (length < 0 || length > x_.size(0))
        fail("the length of a sequence is {}, expected 0 to {}", length, x_.size(0));
      all_full = all_full && length == x_.size(0);
    }
    if (!all_full) lengths_ = Tensor::from(lengths, {1, samples()});
  }

  // [T, 1] or [T, N]: the times, counted from 0.
  Tensor times() const { return reshape(arange(x_.size(0)), {x_.size(0), 1}); }

  // The rows of x [T, N, F] at these times [T', N].
  Tensor at_times(const Tensor& x, const Tensor& when) const {
    const Tensor rows = when * samples() + arange(samples());
    return reshape(gather(reshape(x, {x.size(0) * samples(), x.size(2)}), reshape(rows, {rows.elements()})),
                   {when.size(0), samples(), x.size(2)});
  }

  // From each sequence's last time to its first; what stands behind stays there.
  Tensor turned(const Tensor& x) const {
    if (!lengths_.defined()) return reversed(x);
    return at_times(x, select(less(times(), lengths_), lengths_ - 1 - times(), times()));
  }

  // At each sequence's last time, [1, N, H]; the initial state of an empty one.
  Tensor last(const Tensor& states, const Tensor& before) const {
    if (!lengths_.defined()) return reshape(slice(states, {-1}), {1, samples(), hidden_});
    const Tensor found = at_times(states, maximum(lengths_ - 1, 0));
    return select(reshape(greater(lengths_, 0), {1, samples(), 1}), found, before);
  }

  Tensor without_padding(const Tensor& states) const {
    if (!lengths_.defined()) return states;
    return select(reshape(less(times(), lengths_), {x_.size(0), samples(), 1}), states, 0);
  }

  Tensor state(std::size_t input, std::int64_t d) const {
    if (!call_.has(input)) return zeros({samples(), hidden_}, x_.dtype());
    return slice(batch_first_ ? permute(call_[input], {1, 0, 2}) : call_[input], {d});
  }

  Direction parts(std::int64_t d) const {
    Direction direction;
    direction.reverse = reverse_ || d == 1;
    direction.input = slice(call_[1], {d});
    direction.hidden = slice(call_[2], {d});
    const std::int64_t rows = gates_ * hidden_;
    const Tensor bias = call_.has(3) ? slice(call_[3], {d}) : zeros({2 * rows}, x_.dtype());
    direction.input_bias = slice(bias, {Range(0, rows)});
    direction.hidden_bias = slice(bias, {Range(rows, 2 * rows)});
    direction.h0 = state(5, d);
    if (gates_ == 4) direction.c0 = state(6, d);
    return direction;
  }

  const NodeCall& call_;
  std::int64_t gates_, directions_ = 1, hidden_ = 0;
  bool batch_first_ = false, reverse_ = false;
  Tensor x_;        // [T, N, I]
  Tensor lengths_;  // int64 [1, N]; undefined: all times
};

// step(x W^T + b of this time, h before) -> h, for all times.
Tensor over_times(const Tensor& x, const Direction& direction,
                  const std::function<Tensor(const Tensor&, const Tensor&)>& step) {
  const Tensor products = matmul(x, transpose(direction.input)) + direction.input_bias;
  Tensor h = direction.h0;
  std::vector<Tensor> states;
  for (std::int64_t time = 0; time < x.size(0); ++time) {
    h = step(slice(products, {time}), h);
    states.push_back(reshape(h, {1, h.size(0), h.size(1)}));
  }
  return concatenate(states, 0);
}

Outputs rnn(const NodeCall& call) {
  refuse_variants(call, 6);
  const Sequences sequences(call, 1);
  return sequences.run(
      [&](const Tensor& x, const Direction& direction) {
        const bool relu = direction.activation == "Relu";
        if (!relu && direction.activation != "Tanh")
          call.unsupported("the activation {}", direction.activation);
        const RecurrentWeights weights{direction.input, direction.hidden, direction.input_bias,
                                       direction.hidden_bias};
        return States{tessera::rnn(x, direction.h0, weights, relu ? Activation::kRelu : Activation::kTanh),
                      {}};
      },
      activations(call, {"Tanh"}, sequences.directions()));
}

void expect_default_activations(const NodeCall& call, const std::vector<std::string>& defaults,
                                std::size_t directions) {
  const std::vector<std::string> found = activations(call, defaults, directions);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != defaults[i % defaults.size()]) call.unsupported("the activation {}", found[i]);
}

// ONNX stacks the gates z, r, n; the row r, z, n.
States gru_after_product(const Tensor& x, const Direction& direction) {
  const auto order = [](const Tensor& stacked) { return gates_in_order(stacked, {1, 0, 2}); };
  return {gru(x, direction.h0,
              {order(direction.input), order(direction.hidden), order(direction.input_bias),
               order(direction.hidden_bias)}),
          {}};
}

// The reset gate scales the state before the product.
States gru_before_product(const Tensor& x, const Direction& direction) {
  const std::int64_t hidden = direction.h0.size(1);
  const auto columns = [&](const Tensor& all, std::int64_t gate) {
    return slice(all, {Range::all(), Range(gate * hidden, (gate + 1) * hidden)});
  };
  const auto product = [&](const Tensor& h, std::int64_t gate) {
    const Range rows(gate * hidden, (gate + 1) * hidden);
    return matmul(h, transpose(slice(direction.hidden, {rows}))) + slice(direction.hidden_bias, {rows});
  };
  return {over_times(x, direction,
                     [&](const Tensor& a, const Tensor& h) {
                       const Tensor z = sigmoid(columns(a, 0) + product(h, 0)),
                                    r = sigmoid(columns(a, 1) + product(h, 1));
                       const Tensor n = tanh(columns(a, 2) + product(r * h, 2));
                       return z * h + (1 - z) * n;
                     }),
          {}};
}

Outputs gru_node(const NodeCall& call) {
  refuse_variants(call, 6);
  const Sequences sequences(call, 3);
  expect_default_activations(call, {"Sigmoid", "Tanh"}, sequences.directions());
  return sequences.run(call.integer("linear_before_reset", 0) != 0 ? gru_after_product : gru_before_product);
}

// ONNX stacks the gates i, o, f, g; the row i, f, g, o.
Outputs lstm_node(const NodeCall& call) {
  refuse_variants(call, 7);
  const Sequences sequences(call, 4);
  expect_default_activations(call, {"Sigmoid", "Tanh", "Tanh"}, sequences.directions());
  return sequences.run([](const Tensor& x, const Direction& direction) {
    const auto order = [](const Tensor& stacked) { return gates_in_order(stacked, {0, 2, 3, 1}); };
    const LstmStates states = lstm(x, direction.h0, direction.c0,
                                   {order(direction.input), order(direction.hidden),
                                    order(direction.input_bias), order(direction.hidden_bias)});
    return States{states.h, states.c};
  });
}

}  // namespace

void add_recurrent_operators(OperatorTable& table) {
  table[{"", "RNN"}] = rnn;
  table[{"", "GRU"}] = gru_node;
  table[{"", "LSTM"}] = lstm_node;
}

}  // namespace tessera::onnx
