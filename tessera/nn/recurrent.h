// Recurrent layers over whole sequences: GRU and LSTM, stacked and in both directions. Formulas, and how they are computed:
// tensor/recurrent.h. Parameters have PyTorch's names, layouts and initial values (uniform on (-1/sqrt(H), 1/sqrt(H))): weight_ih_l0,
// weight_hh_l0, bias_ih_l0, bias_hh_l0, then those with _reverse if there are two directions, then layer 1.
//
// ```cpp
// nn::GRU layer(3, 8, {.bidirectional = true});
// RandomSource random(1);
// layer.initialize(random);
// const Tensor x = random.normal("x", {4, 10, 3});  // 4 sequences of 10 times
// assert(layer.evaluate(x).shape() == (Shape{4, 10, 16}));
// assert(layer.run(x).h.shape() == (Shape{2, 4, 8}));
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/module.h"

namespace tessera::nn {

struct RecurrentSettings {
  std::int64_t layers = 1;
  bool bidirectional = false;  // a second run from the last time to the first one; its features follow
  bool bias = true;
  DType dtype = DType::kFloat32;
};

struct RecurrentResult {
  Tensor output;  // [N, T, D H]: the hidden states of the last layer; D directions
  Tensor h,
      c;  // [layers D, N, H]: the states after the last time that a run has seen, by layer, then direction; c of LSTM only
};

class Recurrent : public Module {
 public:
  // x [N, T, I] -> the hidden states of the last layer, [N, T, D H]; the states before the first time are zeros.
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 protected:
  Recurrent(const char* name, std::int64_t gates, std::int64_t input_size, std::int64_t hidden_size,
            const RecurrentSettings& settings);
  // States are undefined (zeros) or [layers D, N, H].
  RecurrentResult run_all(const Tensor& x, const Tensor& h0, const Tensor& c0);
  struct Weights {
    Parameter *input, *hidden, *input_bias, *hidden_bias;  // biases: nullptr without
  };
  struct Sequence {
    Tensor h, c;  // [T, N, H]
  };
  // One run in one direction: x [T, N, features].
  virtual Sequence run_one(const Tensor& x, const Tensor& h0, const Tensor& c0, const Weights& weights) = 0;
  Tensor bias_or_zeros(const Parameter* bias) const;

 private:
  void initialize_parameters(RandomSource& random) override;
  void add_run(std::int64_t layer, bool reverse);
  void check_states(const char* what, const Tensor& states, const Tensor& x) const;
  std::int64_t directions() const { return settings_.bidirectional ? 2 : 1; }

  const char* name_;
  std::int64_t gates_, input_size_, hidden_size_;
  RecurrentSettings settings_;
  std::vector<Weights> runs_;  // by layer, then direction
};

class GRU : public Recurrent {
 public:
  GRU(std::int64_t input_size, std::int64_t hidden_size, const RecurrentSettings& settings = {})
      : Recurrent("GRU", 3, input_size, hidden_size, settings) {}
  RecurrentResult run(const Tensor& x, const Tensor& h0 = {}) { return run_all(x, h0, {}); }

 private:
  Sequence run_one(const Tensor& x, const Tensor& h0, const Tensor& c0, const Weights& weights) override;
};

class LSTM : public Recurrent {
 public:
  LSTM(std::int64_t input_size, std::int64_t hidden_size, const RecurrentSettings& settings = {})
      : Recurrent("LSTM", 4, input_size, hidden_size, settings) {}
  RecurrentResult run(const Tensor& x, const Tensor& h0 = {}, const Tensor& c0 = {}) {
    return run_all(x, h0, c0);
  }

 private:
  Sequence run_one(const Tensor& x, const Tensor& h0, const Tensor& c0, const Weights& weights) override;
};

}  // namespace tessera::nn
