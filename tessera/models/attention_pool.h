// Attention over the elements of a sequence: a learned question that each element answers, and the mean of the elements weighted by the
// answers. The word and sentence attention of Yang et al., "Hierarchical attention networks for document classification", NAACL 2016.
//
//   u = tanh(x W^T + b);  weights = softmax over t of u . context;  pooled = sum over t of weights * x
//
// Elements past a sequence's length have the weight +0 and change no bit of the rest, so a sequence is pooled to the same bits however it is
// padded. A length of 0 is an Error. Thread-safety: as a module.
//
// ```cpp
// models::AttentionPool pool(4, 8);
// RandomSource random(1);
// pool.initialize(random);
// nn::Context context;
// const Tensor x = random.normal("x", {2, 3, 4});
// const models::Pooled pooled = pool.pool(x, Tensor::from<std::int64_t>({3, 2}, {2}), context);
// assert(pooled.value.shape() == (Shape{2, 4}) && pooled.weights.at<float>({1, 2}) == 0);
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/layers.h"

namespace tessera::models {

struct Pooled {
  Tensor value;    // [N, features]
  Tensor weights;  // [N, T]; a row adds up to 1
};

class AttentionPool : public nn::Module {
 public:
  AttentionPool(std::int64_t features, std::int64_t attention_size, DType dtype = DType::kFloat32);
  // x [N, T, features], lengths int64 [N] from 1 to T.
  Pooled pool(const Tensor& x, const Tensor& lengths, nn::Context& context);
  // [N, features]; the lengths are the context's, which is shown "weights" if it has a place for it.
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t features_, size_;
  nn::Linear* projection_;
  nn::Parameter* context_;
};

}  // namespace tessera::models
