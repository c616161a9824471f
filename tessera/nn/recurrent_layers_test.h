// The recurrent layers by name, for the tests that say the same of all of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/nn/recurrent.h"

namespace tessera::nn {

inline const std::vector<std::string> kLayers = {"rnn_tanh", "rnn_relu", "gru", "lstm", "gru without reset"};

inline std::unique_ptr<Recurrent> make(const std::string& name, std::int64_t inputs, std::int64_t hidden,
                                       RecurrentSettings settings) {
  if (name == "rnn_relu") settings.nonlinearity = Activation::kRelu;
  if (name == "gru without reset") settings.reset_gate = false;
  if (name.starts_with("rnn")) return std::make_unique<RNN>(inputs, hidden, settings);
  if (name == "lstm") return std::make_unique<LSTM>(inputs, hidden, settings);
  return std::make_unique<GRU>(inputs, hidden, settings);
}

}  // namespace tessera::nn
