// The encoder block of a transformer, and the positions that it needs to tell one time from another.
//
//   TransformerEncoderLayer   attention and a small network at each time, each added to what it was given and normalised:
//                               y = norm1(x + attention(x))              output = norm2(y + linear2(activation(linear1(y))))
//                             with norm_first   y = x + attention(norm1(x))      output = y + linear2(activation(linear1(norm2(y))))
//   PositionalEncoding        adds to time t the sines (even features 2i) and cosines (odd ones 2i + 1) of t / 10000^(2i / E)
//
// Both take and give [N, L, E]. Parameters have PyTorch's names and layouts (self_attn...., linear1...., linear2...., norm1...., norm2....). In training
// values are dropped behind the activation and behind each branch, as in PyTorch, but attention weights are not. Where samples have lengths
// (Context::lengths) nobody attends to what lies behind them. The encoding is computed in fp64 and rounded once.
// Vaswani et al., "Attention is all you need", NIPS 2017; norm_first: Xiong et al., "On layer normalization in the transformer architecture", ICML 2020.
//
// Errors: shapes that do not fit, features that do not divide among the heads, an odd number of features to be encoded. Thread-safety: as every Module.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::PositionalEncoding>(8);
// network.add<nn::TransformerEncoderLayer>(8, 2, nn::TransformerEncoderSettings{.feed_forward = 16});
// RandomSource random(1);
// network.initialize(random);
// assert(network.evaluate(zeros({4, 5, 8})).shape() == (Shape{4, 5, 8}));
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

struct TransformerEncoderSettings {
  std::int64_t feed_forward = 0;  // features inside the small network; 0: four times as many as outside
  double drop = 0.1;              // in [0, 1)
  bool gelu = false;              // the activation; otherwise ReLU
  bool norm_first = false;
  double epsilon = 1e-5;  // of the normalisations
  DType dtype = DType::kFloat32;
};

class MultiheadAttention;

class TransformerEncoderLayer : public Module {
 public:
  TransformerEncoderLayer(std::int64_t features, std::int64_t heads,
                          const TransformerEncoderSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  Tensor run(Module* part, const Tensor& x, Context& context) const;
  Tensor attended(const Tensor& x, Context& context);
  Tensor fed_forward(const Tensor& x, Context& context);

  std::int64_t features_, heads_, feed_forward_;
  TransformerEncoderSettings settings_;
  Module *attention_ = nullptr, *linear1_ = nullptr, *activation_ = nullptr, *dropout_ = nullptr,
         *linear2_ = nullptr, *norm1_ = nullptr, *norm2_ = nullptr, *dropout1_ = nullptr,
         *dropout2_ = nullptr;
};

class PositionalEncoding : public Module {
 public:
  explicit PositionalEncoding(std::int64_t features);  // even
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  std::int64_t features_;
};

}  // namespace tessera::nn
