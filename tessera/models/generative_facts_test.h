// What PyTorch and scikit-learn answer to the questions of these tests (generative_facts.py wrote the table), and the exact inputs of both sides.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tessera/nn/module.h"
#include "tessera/tensor/ops.h"

namespace tessera::models {

// Element i is ((37 i + 101 seed) mod 127 - 63) / 64 * scale, float64.
inline Tensor pattern(std::int64_t seed, const Shape& shape, double scale = 1) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < shape.elements(); ++i)
    values.push_back(static_cast<double>((37 * i + 101 * seed) % 127 - 63) / 64 * scale);
  return Tensor::from(values, shape);
}

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
  static const std::map<std::string, std::vector<double>> kFacts = {
#include "tessera/models/generative_facts_test.inc"
  };
  const std::vector<double>& expected = kFacts.at(name);
  std::vector<double> values;
  for (const Tensor& tensor : found)
    for (const double value : tensor.to_vector<double>()) values.push_back(value);
  ASSERT_EQ(values.size(), expected.size()) << name;
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << name << ", element " << i;
}

}  // namespace tessera::models
