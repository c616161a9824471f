#include <fmt/core.h>

#include <string>
#include <utility>

#include "bench/cases/tools.h"

namespace bench {
namespace {

using tessera::Tensor;

// "matmul nt f64 batch 16x64x64x64": whether each operand is given transposed ("nt" is a layer with weights [n, k]), the type if
// it is not float32, then [batch x] m x k x n.
struct Product {
  std::string words;
  std::int64_t m, k, n, batch = 0;

  bool has(const std::string& word) const { return words.find(word) != std::string::npos; }

  std::string name() const {
    const std::string spaced = words.empty() ? "" : words + " ";
    if (batch == 0) return fmt::format("matmul {}{}x{}x{}", spaced, m, k, n);
    return fmt::format("matmul {}batch {}x{}x{}x{}", spaced, batch, m, k, n);
  }

  Tensor operand(std::int64_t rows, std::int64_t columns, bool transposed) const {
    if (transposed) std::swap(rows, columns);
    Tensor matrix = batch == 0 ? normal({rows, columns}) : normal({batch, rows, columns});
    if (has("f64")) matrix = tessera::cast(matrix, tessera::DType::kFloat64);
    if (!transposed) return matrix;
    return batch == 0 ? tessera::permute(matrix, {1, 0}) : tessera::permute(matrix, {0, 2, 1});
  }
};

Case product_case(const Product& product) {
  return lazy(product.name(), [product] {
    const bool left = product.has("tn") || product.has("tt"), right = product.has("nt") || product.has("tt");
    return [a = product.operand(product.m, product.k, left),
            b = product.operand(product.k, product.n, right)] { tessera::matmul(a, b); };
  });
}

// "linear relu 128x784x256": a layer with its bias and, if it is named, its activation; m x k x n.
Case linear_case(bool activates, std::int64_t m, std::int64_t k, std::int64_t n) {
  return lazy(fmt::format("linear {}{}x{}x{}", activates ? "relu " : "", m, k, n), [=] {
    const auto activation = activates ? tessera::Activation::kRelu : tessera::Activation::kNone;
    return [x = normal({m, k}), weight = normal({n, k}), bias = normal({n}), activation] {
      tessera::linear(x, weight, bias, activation);
    };
  });
}

}  // namespace

std::vector<Case> product_cases() {
  const Product products[] = {
      // Square.
      {"", 32, 32, 32},
      {"", 64, 64, 64},
      {"", 96, 96, 96},
      {"", 128, 128, 128},
      {"", 192, 192, 192},
      {"", 256, 256, 256},
      {"", 512, 512, 512},
      {"", 768, 768, 768},
      {"", 1024, 1024, 1024},
      {"", 2048, 2048, 2048},
      {"", 4096, 4096, 4096},
      // Training: layers forward, then what their gradients multiply.
      {"", 128, 784, 256},
      {"", 128, 256, 10},
      {"", 32, 768, 256},
      {"", 32, 1024, 4096},
      {"", 32, 4096, 1024},
      {"", 1600, 256, 768},
      {"", 4096, 64, 64},
      {"", 128, 2048, 128},
      {"nt", 128, 784, 256},
      {"nt", 128, 256, 10},
      {"nt", 32, 1024, 4096},
      {"nt", 512, 512, 512},
      {"tn", 784, 128, 256},
      {"tn", 256, 128, 10},
      {"tn", 512, 512, 512},
      {"tt", 512, 512, 512},
      // Small and huge k.
      {"", 1024, 8, 1024},
      {"", 4096, 16, 256},
      {"", 16, 65536, 16},
      {"", 64, 100000, 64},
      {"tn", 64, 100000, 64},
      // Batches.
      {"", 64, 64, 64, 16},
      {"nt", 128, 64, 128, 64},
      {"", 128, 128, 64, 64},
      // Double precision.
      {"f64", 64, 64, 64},
      {"f64", 256, 256, 256},
      {"f64", 1024, 1024, 1024},
      {"nt f64", 128, 784, 256},
      // A matrix and a vector, in cache and from memory.
      {"", 128, 128, 1},
      {"", 1024, 1024, 1},
      {"", 4096, 4096, 1},
      {"", 1, 128, 128},
      {"", 1, 1024, 1024},
      {"", 1, 4096, 4096},
      {"nt", 1, 1024, 1024},
      {"", 8, 4096, 1024},
  };
  std::vector<Case> cases;
  for (const Product& product : products) cases.push_back(product_case(product));
  for (const bool activates : {false, true}) {
    cases.push_back(linear_case(activates, 128, 784, 256));
    cases.push_back(linear_case(activates, 1600, 256, 768));
    cases.push_back(linear_case(activates, 4096, 64, 64));
  }
  return cases;
}

}  // namespace bench
