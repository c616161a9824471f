#include "bench/cases/tools.h"

#include <fmt/core.h>

#include "tessera/tensor/random.h"

namespace bench {

using tessera::Shape;
using tessera::Tensor;

Tensor normal(const Shape& shape, double scale) {
  static tessera::RandomSource random(1);
  static int draws = 0;
  return random.normal(fmt::format("bench{}", draws++), shape) * scale;
}

Tensor labels(std::int64_t count, std::int64_t classes) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(i * 7 % classes);
  return Tensor::from(values, {count});
}

std::vector<Family> all_families() {
  return {{"Matrix products", product_cases()},
          {"Convolutions", convolution_cases()},
          {"Convolutions beside oneDNN in its own layout", blocked_convolution_cases()},
          {"Elementwise", elementwise_cases()},
          {"Reductions and normalisations", reduction_cases()},
          {"Casts, integers and bfloat16", type_cases()},
          {"Recurrent layers and optimisers", recurrent_cases()},
          {"Indices, sorting and random numbers", index_cases()},
          {"Training steps", training_cases()},
          {"Layers, forward pass and gradients", layer_cases()},
          {"Published models", model_cases()},
          {"Growth", growth_cases()}};
}

}  // namespace bench
