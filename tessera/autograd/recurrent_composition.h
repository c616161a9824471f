// Recurrent layers composed of elementwise operations and products, time after time: what the rows of ops.def are by definition, and
// what is differentiated when a gradient of a gradient is asked for. Internal to autograd.
#pragma once

#include <vector>

#include "tessera/tensor/recurrent.h"

namespace tessera::internal {

// The inputs of the row gru: products [T, N, 3H], h0, hidden weight, input bias, hidden bias.
struct GruComposition {
  std::vector<Tensor> hidden_products;  // per time, h W_hidden^T
  std::vector<Tensor> states;           // per time, [N, H]
  std::vector<Tensor> r, z, n, b;
};
GruComposition compose_gru(const std::vector<Tensor>& inputs);

// The inputs of the row lstm: products [T, N, 4H], h0, c0, hidden weight, input bias, hidden bias.
struct LstmComposition {
  std::vector<Tensor> hidden_products;
  std::vector<Tensor> h, c, i, f, g, o, q;  // q = tanh(c)
};
LstmComposition compose_lstm(const std::vector<Tensor>& inputs);

// The inputs of the row rnn: products [T, N, H], h0, hidden weight, input bias, hidden bias.
std::vector<Tensor> compose_rnn(const std::vector<Tensor>& inputs, Activation nonlinearity);

// Tensors of one shape under a new first axis.
Tensor stacked(const std::vector<Tensor>& tensors);

}  // namespace tessera::internal
