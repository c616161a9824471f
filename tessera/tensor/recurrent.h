// Recurrent layers as operations: a whole sequence at once.
//
// The products with the inputs do not depend on the state, so one matrix product makes them for all times before. What is left, one
// product with the state per time and the gates, is one row of ops.def, whose definition is the composition written at each function, bit
// for bit (in bfloat16 computed in float32 and rounded once); "x W^T" is a matrix product by contract rule 2, every other sign is one rounding. Weights and biases are as PyTorch has
// them, gates stacked in the order in which they are named here. A row of the batch does not depend on the others.
//
// A gradient needs the gates, so they are kept while anybody observes (a tape, a trace); otherwise rows of their own (gru_plain, lstm_plain) give the
// same bits without writing them.
//
// Gradients: those of the products of all times are summed in one product over (time, sample), flattened in this order.
//
// Shapes: T times, N samples, I input features, H hidden features. Errors: a shape that does not fit is named with the expected one.
// Thread-safety: as all operations.
//
// ```cpp
// RandomSource random(1);
// const Tensor x = random.normal("x", {5, 2, 3}), h0 = zeros({2, 4});
// const RecurrentWeights weights{random.normal("a", {12, 3}), random.normal("b", {12, 4}), zeros({12}), zeros({12})};
// const Tensor h = gru(x, h0, weights);
// assert(h.shape() == (Shape{5, 2, 4}));
// ```
#pragma once

#include "tessera/tensor/ops.h"

namespace tessera {

struct RecurrentWeights {  // G gates: 1 of rnn, 3 of gru, 4 of lstm
  Tensor input;            // [G H, I]
  Tensor hidden;           // [G H, H]
  Tensor input_bias;       // [G H]
  Tensor hidden_bias;      // [G H]
};

// x [T, N, I], h0 [N, H] -> the hidden state after each time, [T, N, H]. With a = x W_input^T + b_input, b = h W_hidden^T + b_hidden
// and h the state before:
//   r = sigmoid(a_r + b_r);  z = sigmoid(a_z + b_z);  n = tanh(a_n + r * b_n);  h = z * h + (1 - z) * n
// Cho et al., EMNLP 2014; the reset gate is applied to the product, as in cuDNN and PyTorch.
Tensor gru(const Operand& x, const Tensor& h0, const RecurrentWeights& weights);
// The same with its gates, [5, T, N, H]: h, r, z, n, b_n. Gradients come from h only.
Tensor gru_states(const Operand& x, const Tensor& h0, const RecurrentWeights& weights);

// c0 [N, H] -> hidden and cell state after each time, [T, N, H] each. With s = a + b (a and b as above, gates i, f, g, o):
//   i = sigmoid(s_i);  f = sigmoid(s_f);  g = tanh(s_g);  o = sigmoid(s_o);  c = f * c + i * g;  h = o * tanh(c)
// Hochreiter & Schmidhuber, Neural Computation 9, 1997; with the forget gate of Gers et al., 2000.
struct LstmStates {
  Tensor h, c;
};
LstmStates lstm(const Operand& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& weights);
// The same with its gates, [7, T, N, H]: h, c, i, f, g, o, tanh(c). Gradients come from h and c only.
Tensor lstm_states(const Operand& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& weights);

// x [T, N, I], h0 [N, H] -> the hidden state after each time, [T, N, H]: h = tanh(a + b), or relu(a + b), with a = x W_input^T + b_input and
// b = h W_hidden^T + b_hidden. Elman, "Finding structure in time", Cognitive Science 14 (1990).
Tensor rnn(const Operand& x, const Tensor& h0, const RecurrentWeights& weights,
           Activation nonlinearity = Activation::kTanh);

// ---- The rows themselves, for gradients and tests ----
//
// gru_gradient goes from the last time to the first one. With g the gradient of h at this time from outside, `later` what the time after
// this one gives (+0 at the last), h the state before, and r, z, n and b = b_n as above:
//   d = g + later;  d_n = d * (1 - z);  d_z = d * (h - n)
//   g_n = d_n * (1 - n * n);  g_z = d_z * (z * (1 - z));  g_r = (g_n * b) * (r * (1 - r))
//   later = d * z + [g_r, g_z, g_n * r] W_hidden
// The gradient of a is [g_r, g_z, g_n], that of b is [g_r, g_z, g_n * r], that of h0 the last `later`.
struct GruGradients {
  Tensor input, hidden;  // of x W_input^T and of h W_hidden^T, [T, N, 3H]
  Tensor h0;             // [N, H]
};
// The parts of gru_gradient's output, as views.
GruGradients gru_gradient_parts(const Tensor& flat, const Shape& states);

// lstm_gradient likewise, with g and k the gradients of h and c from outside and c the cell state before:
//   d = g + later_h;  d_c = (k + later_c) + (d * o) * (1 - tanh(c) * tanh(c)), where tanh(c) is of the state after
//   g_i = (d_c * g) * (i * (1 - i));  g_f = (d_c * c) * (f * (1 - f));  g_g = (d_c * i) * (1 - g * g);  g_o = (d * tanh(c)) * (o * (1 - o))
//   later_h = [g_i, g_f, g_g, g_o] W_hidden;  later_c = d_c * f
// The gradient of a and of b is [g_i, g_f, g_g, g_o].
struct LstmGradients {
  Tensor gates;   // [T, N, 4H]
  Tensor h0, c0;  // [N, H]
};
LstmGradients lstm_gradient_parts(const Tensor& flat, const Shape& states);

// rnn_gradient likewise, with h the state after:
//   d = g + later;  s = d * (1 - h * h) for tanh, select(h > 0, d, 0) for relu;  later = s W_hidden
// The gradient of a and of b is s.
struct RnnGradients {
  Tensor sums;  // [T, N, H]
  Tensor h0;    // [N, H]
};
RnnGradients rnn_gradient_parts(const Tensor& flat, const Shape& states);

}  // namespace tessera