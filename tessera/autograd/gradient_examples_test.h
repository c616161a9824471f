// Examples of functions whose gradients are compared with central differences, and what they are made of.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tessera/autograd/functional.h"
#include "tessera/tensor/op.h"

namespace tessera::gradient_examples {

using Inputs = std::vector<Tensor>;

struct Example {
  std::string name;
  TensorsFunction function;
  Inputs inputs;
  GradcheckOptions options = {.second_order = true};
};
using Examples = std::map<Op, std::vector<Example>>;

// Irregular, distinct numbers between low and high.
inline Tensor numbers(const Shape& shape, double low = -2, double high = 2, int salt = 0) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double t = (static_cast<double>(i) + 1 + 17 * salt) * 0.7548776662466927;
    values[i] = low + (high - low) * (t - std::floor(t));
  }
  return Tensor::from(values, shape);
}

// Of layers' rows; the others stand in gradients_test.cc.
void add_layer_norm(Examples& all);
void add_recurrent(Examples& all);
void add_finish(Examples& all);
void add_batch_norm(Examples& all);
void add_group_norm(Examples& all);
void add_activate(Examples& all);

}  // namespace tessera::gradient_examples
