// What PyTorch answers to the questions of these tests (torch_facts.py wrote the table).
#pragma once

#include "tessera/tensor/facts_test.h"

namespace tessera::nn {

using facts::pattern;

inline const facts::Table& torch_facts() {
  static const facts::Table kFacts = {
#include "tessera/nn/torch_facts_test.inc"
  };
  return kFacts;
}

inline const std::vector<double>& torch_fact(const std::string& name) {
  return torch_facts().at(name);
}

inline void expect_fact(const std::string& name, const std::vector<Tensor>& found, double tolerance = 1e-12) {
  facts::expect_fact(torch_facts(), name, found, tolerance);
}

}  // namespace tessera::nn
