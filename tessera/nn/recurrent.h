// Recurrent layers over whole sequences: RNN, GRU and LSTM, stacked and in both directions, over sequences of one length or of many.
// Formulas, and how they are computed: tensor/recurrent.h. Parameters have PyTorch's names, layouts and initial values (uniform on
// (-1/sqrt(H), 1/sqrt(H))): weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, then those with _reverse if there are two directions, then layer 1.
//
// Lengths: an int64 [N], from 0 to T. A sequence's output is zeros past its length, its last state is that after its last time (before the
// first one, when it is empty), and the reverse run begins at its last time: as PyTorch has it for packed sequences. What stands in x
// past the length is not looked at and has a gradient of zeros. So a sequence has the same outputs, states and gradients, to the bit,
// however it is padded and whatever else is in the batch. Little of the padding is computed (sequence_lengths.h), so there is no need to
// sort samples by length.
//
// ```cpp
// nn::GRU layer(3, 8, {.bidirectional = true});
// RandomSource random(1);
// layer.initialize(random);
// const Tensor x = random.normal("x", {4, 10, 3});  // 4 sequences of 10 times
// assert(layer.evaluate(x).shape() == (Shape{4, 10, 16}));
// const Tensor lengths = Tensor::from<std::int64_t>({10, 3, 7, 1}, {4});
// const nn::RecurrentResult result = layer.run(x, {.lengths = lengths});
// assert(result.h.shape() == (Shape{2, 4, 8}));
// assert(result.output.at<float>({1, 3, 0}) == 0);  // past the length
// assert(result.output.at<float>({1, 2, 0}) == result.h.at<float>({0, 1, 0}));
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/nn/module.h"
#include "tessera/tensor/recurrent.h"

namespace tessera::nn {

class SequenceLengths;

struct RecurrentSettings {
  std::int64_t layers = 1;
  bool bidirectional = false;  // a second run from the last time to the first one; its features follow
  bool bias = true;
  DType dtype = DType::kFloat32;
  Activation nonlinearity = Activation::kTanh;  // RNN only: kTanh or kRelu
  bool reset_gate = true;                       // GRU only: without, r is 1 and has no parameters (class GRU)
};

// What a run is given beside x; each part may be undefined.
struct RecurrentInputs {
  Tensor lengths = {};  // [N]; undefined: all of x
  Tensor h0 = {};       // [layers D, N, H], the states before the first time; undefined: zeros; D directions
  Tensor c0 = {};       // LSTM only
  bool gates = false;   // to give out the gates as well
};

struct RecurrentResult {
  Tensor output;  // [N, T, D H]: the hidden states of the last layer
  // [layers D, N, H]: the states after the last time that a run has seen, by layer, then direction; c of LSTM only.
  Tensor h, c;
  // If asked for: by layer, then direction, [N, T, H] each; zeros past the length (no tensors where all sequences are empty). GRU: "r", "z",
  // "n"; LSTM: "i", "f", "g", "o", "c". To look at, not to train with: gradients come from the states only.
  std::vector<std::map<std::string, Tensor>> gates;
};

class Recurrent : public Module {
 public:
  // x [N, T, I] -> the hidden states of the last layer, [N, T, D H]; the states before the first time are zeros. The lengths, and where
  // gates are shown, are the context's.
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  RecurrentResult run(const Tensor& x, const RecurrentInputs& inputs = {});

 protected:
  Recurrent(const char* name, std::int64_t gates, std::int64_t input_size, std::int64_t hidden_size,
            const RecurrentSettings& settings);
  struct Weights {
    Parameter *input, *hidden, *input_bias, *hidden_bias;  // biases: nullptr without
  };
  struct Sequence {
    Tensor h, c;                          // [T, N, H]
    std::map<std::string, Tensor> gates;  // likewise, if they were asked for
  };
  struct Start {
    Tensor h, c;  // [N, H]
  };
  // One run in one direction: x [T, N, features].
  virtual Sequence run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) = 0;
  virtual bool has_cell() const { return false; }
  RecurrentWeights tensors(const Weights& weights) const;
  const RecurrentSettings& settings() const { return settings_; }

 private:
  void initialize_parameters(RandomSource& random) override;
  void add_run(std::int64_t layer, bool reverse);
  // One direction of one layer over sequences of these lengths: x and what comes out are in the order of time, [T, N, ...] where the lengths
  // are equal and [N, T, ...] otherwise.
  struct Run {
    Tensor h, last_h, last_c;  // h of x's order, the others [N, H]
    std::map<std::string, Tensor> gates;
  };
  Run run_direction(const Tensor& x, const Start& start, const Weights& weights,
                    const SequenceLengths& lengths, bool reverse, bool gates);
  Run run_segments(const Tensor& x, const Start& start, const Weights& weights,
                   const SequenceLengths& lengths, bool reverse, bool gates);
  void check(const Tensor& x, const RecurrentInputs& inputs) const;
  void check_states(const char* what, const Tensor& states, const Tensor& x) const;
  Start start_of(std::size_t run, const RecurrentInputs& inputs, std::int64_t samples) const;
  std::int64_t rows_per_cut(std::int64_t rows) const;
  std::int64_t directions() const { return settings_.bidirectional ? 2 : 1; }

  const char* name_;
  std::int64_t gates_, input_size_, hidden_size_;
  RecurrentSettings settings_;
  std::vector<Weights> runs_;  // by layer, then direction
};

class RNN : public Recurrent {
 public:
  RNN(std::int64_t input_size, std::int64_t hidden_size, const RecurrentSettings& settings = {});
  using Recurrent::run;
  RecurrentResult run(const Tensor& x, const Tensor& h0) { return run(x, {.h0 = h0}); }

 private:
  Sequence run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) override;
};

// The update is z * h + (1 - z) * n, so where z is 1 the state stays as it was, bit for bit, and where r is 1 and z is 0 the layer is a tanh RNN.
//
// Without the reset gate (settings.reset_gate = false) r is 1: n = tanh(a_n + b_n), and the parameters have the rows of z and n only. That is
// the update gate RNN of Collins, Sohl-Dickstein & Sussillo, ICLR 2017, a third smaller, for asking what the reset gate is good for. It is
// computed as a GRU whose r is 1, so it saves parameters, not time.
class GRU : public Recurrent {
 public:
  GRU(std::int64_t input_size, std::int64_t hidden_size, const RecurrentSettings& settings = {})
      : Recurrent("GRU", settings.reset_gate ? 3 : 2, input_size, hidden_size, settings) {}
  using Recurrent::run;
  RecurrentResult run(const Tensor& x, const Tensor& h0) { return run(x, {.h0 = h0}); }

 private:
  Sequence run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) override;
};

class LSTM : public Recurrent {
 public:
  LSTM(std::int64_t input_size, std::int64_t hidden_size, const RecurrentSettings& settings = {})
      : Recurrent("LSTM", 4, input_size, hidden_size, settings) {}
  using Recurrent::run;
  RecurrentResult run(const Tensor& x, const Tensor& h0, const Tensor& c0) {
    return run(x, {.h0 = h0, .c0 = c0});
  }

 private:
  Sequence run_one(const Tensor& x, const Start& start, const Weights& weights, bool gates) override;
  bool has_cell() const override { return true; }
};

// How much the last state depends on the state after each time: element t is the Euclidean length of the gradient, in the state after t times
// (element 0: in h0), of the sum of direction * last state. Where it shrinks with every time backwards the gradient vanishes, where it
// grows it explodes. One direction; x [N, T, I]; `direction` has the shape of result.h, undefined: ones. The sequence is run time by time,
// so this is for looking. Bengio, Simard & Frasconi, IEEE Trans. Neural Networks 5 (1994).
std::vector<double> gradient_by_time(Recurrent& layer, const Tensor& x, const RecurrentInputs& inputs = {},
                                     const Tensor& direction = {});

}  // namespace tessera::nn
