// Multi-head attention: every position takes a weighted mean of values, the weights a softmax over how well its query meets their keys. Each head h sees
// its own projections of E / heads features:
//
//   head_h = softmax(q_h k_h^T / sqrt(E / heads) + masks) v_h        output = concat(head_1, ..., head_H) W_out^T + b_out
//
// Parameters have PyTorch's names and layouts: in_proj_weight [3E, E] (queries, keys, values, one below the other), in_proj_bias [3E], out_proj.weight
// [E, E], out_proj.bias [E]. Initial values: Xavier-uniform for in_proj_weight, zeros for the biases, PyTorch's uniform for out_proj.weight. Samples
// come first (batch_first). Vaswani et al., "Attention is all you need", NIPS 2017.
//
//   Context::lengths   of a forward pass: keys behind the length of their sample are padding
//   causal         a query at position i sees keys up to i only
//   key_padding    bool [N, S], true where a key is padding that nobody sees. A query that sees no key at all gets NaN, as in PyTorch.
//   attention      the weights, [N, heads, L, S], are given with the result
//
// With both masks away and one head, identity projections and no biases this is scaled_dot_product_attention, which is here for itself, too.
//
// Errors: shapes that do not fit. Thread-safety: as every Module.
//
// ```cpp
// nn::MultiheadAttention layer(8, 2);
// RandomSource random(1);
// layer.initialize(random);
// const Tensor x = random.normal("x", {4, 5, 8}), memory = random.normal("memory", {4, 7, 8});
// assert(layer.evaluate(x).shape() == (Shape{4, 5, 8}));                               // self-attention
// const nn::AttentionResult seen = layer.attend(x, memory, memory, {.causal = false});  // cross-attention
// assert(seen.weights.shape() == (Shape{4, 2, 5, 7}) && std::abs(sum(seen.weights).item<float>() - 4 * 2 * 5) < 1e-4F);
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

struct AttentionMasks {
  Tensor key_padding = {};  // undefined: none
  bool causal = false;
};
struct AttentionResult {
  Tensor output, weights;
};

// q [..., L, E], k [..., S, E], v [..., S, F] -> output [..., L, F], weights [..., L, S]. key_padding broadcasts against the weights.
AttentionResult scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                             const AttentionMasks& masks = {});

struct AttentionSettings {
  bool bias = true;
  bool causal = false;  // of forward; attend has masks of its own
  DType dtype = DType::kFloat32;
};

class MultiheadAttention : public Module {
 public:
  MultiheadAttention(std::int64_t features, std::int64_t heads, const AttentionSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;  // self-attention of x [N, L, E]
  // query [N, L, E], key and value [N, S, E]
  AttentionResult attend(const Tensor& query, const Tensor& key, const Tensor& value,
                         const AttentionMasks& masks = {});
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  void initialize_parameters(RandomSource& random) override;
  Tensor project(const Tensor& x, std::int64_t first, std::int64_t count) const;
  Tensor heads_of(const Tensor& projected, std::int64_t part, double factor = 1) const;
  AttentionResult combine(const Tensor& scaled_q, const Tensor& k, const Tensor& v,
                          const AttentionMasks& masks);

  std::int64_t features_, heads_;
  AttentionSettings settings_;
  Parameter* weight_ = nullptr;
  Parameter* bias_ = nullptr;
  Module* out_ = nullptr;
};

}  // namespace tessera::nn
