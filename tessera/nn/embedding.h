// Embedding: a table of vectors, one for each index (words, codes). For finite
// entries equal, bit for bit but for the sign of zero, to the matrix product of one-hot rows with the table.
//
// x int64 [...] in [0, entries) -> [..., features]; weight [entries, features], drawn from the standard normal distribution as PyTorch does.
// A padding index marks positions without meaning: its row begins at zero and never gets a gradient.
// The table's gradient adds what arrives at each index in ascending position (index_add, contract rule 2).
//
// Errors: an index out of range, another type. Thread-safety: as every Module.
//
// ```cpp
// nn::Embedding words(1000, 16, {.padding_index = 0});
// assert(words.output_shape({8, 20}) == (Shape{8, 20, 16}));
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

struct EmbeddingSettings {
  std::optional<std::int64_t> padding_index = std::nullopt;
  DType dtype = DType::kFloat32;
};

class Embedding : public Module {
 public:
  Embedding(std::int64_t entries, std::int64_t features, const EmbeddingSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter& weight() { return *weight_; }

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t entries_, features_;
  std::optional<std::int64_t> padding_index_;
  Parameter* weight_ = nullptr;
};

}  // namespace tessera::nn
