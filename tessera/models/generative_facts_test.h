// What PyTorch and scikit-learn answer to the questions of these tests (generative_facts.py wrote the table).
#pragma once

#include "tessera/nn/module.h"
#include "tessera/tensor/facts_test.h"

namespace tessera::models {

using facts::pattern;

// Weights of batch normalisation lie around 1.
inline void fill(nn::Module& network, std::int64_t seed) {
  for (nn::Parameter* parameter : network.parameters()) {
    parameter->value = pattern(seed++, parameter->value.shape(), 0.5);
    if (parameter->value.rank() == 1 && parameter->name.ends_with("weight"))
      parameter->value = parameter->value + 1;
  }
}

// Parameters, then running statistics, of each network.
inline std::vector<Tensor> state_of(std::initializer_list<nn::Module*> networks) {
  std::vector<Tensor> values;
  for (nn::Module* network : networks) {
    for (const nn::Parameter* parameter : network->parameters()) values.push_back(parameter->value);
    for (const nn::Parameter* buffer : network->buffers())
      if (buffer->name.find("tracked") == std::string::npos) values.push_back(buffer->value);
  }
  return values;
}

inline void expect_fact(const std::string& name, const std::vector<Tensor>& found, double tolerance) {
  static const facts::Table kFacts = {
#include "tessera/models/generative_facts_test.inc"
  };
  facts::expect_fact(kFacts, name, found, tolerance);
}

}  // namespace tessera::models
