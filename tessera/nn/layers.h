// The layers, under PyTorch's names; this header has Linear, Flatten, Dropout and Sequential, and includes the families:
//
//   convolution.h    Conv1d/2d/3d, ConvTranspose1d/2d/3d          pooling.h      windows, adaptive and global pooling, unpooling
//   normalization.h  LayerNorm, BatchNorm, GroupNorm, ...         activations.h  ReLU to Maxout, Softmax
//   embedding.h      Embedding                                    residual.h     Residual
//   resampling.h     Upsample                                     attention.h    MultiheadAttention
//   unpooling.h      MaxUnpool2d                                  transformer.h  TransformerEncoderLayer, PositionalEncoding
//
// Weights have PyTorch's layouts; the defaults of initialisation are PyTorch's as well:
// uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)) for weights and biases (initialisers.h has the published schemes).
//
// Epilogue order (contract rule 2): product, then bias, one rounding each.
//
// ```cpp
// nn::Sequential network;
// network.add<nn::Conv2d>(1, 4, nn::Conv2dSettings{.kernel = {3, 3}, .padding = {1, 1}});
// network.add<nn::ReLU>();
// network.add<nn::MaxPool2d>();
// network.add<nn::Flatten>();
// network.add<nn::LayerNorm>(Shape{4 * 4 * 4});
// network.add<nn::Dropout>(0.25);
// network.add<nn::Linear>(4 * 4 * 4, 10);
// assert(network.output_shape({32, 1, 8, 8}) == (Shape{32, 10}));
// ```
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tessera/nn/activations.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/convolution.h"
#include "tessera/nn/embedding.h"
#include "tessera/nn/module.h"
#include "tessera/nn/normalization.h"
#include "tessera/nn/pooling.h"
#include "tessera/nn/resampling.h"
#include "tessera/nn/residual.h"
#include "tessera/nn/transformer.h"
#include "tessera/nn/unpooling.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

struct LinearSettings {
  bool bias = true;
  DType dtype = DType::kFloat32;
};

// x [..., in] -> x weight^T + bias [..., out]; weight [out, in], bias [out].
class Linear : public Module {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, const LinearSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) final;
  Tensor forward_with(Activation next, const Tensor& x, Context& context) final;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter& weight() { return *weight_; }
  Parameter* bias() { return bias_; }  // nullptr without

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t in_features_, out_features_;
  Parameter* weight_ = nullptr;
  Parameter* bias_ = nullptr;
};

// [N, ...] -> [N, the product of the others]
class Flatten : public Module {
 public:
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override { return "Flatten"; }
};

// While training: each value is multiplied by 0 with probability `drop`, the others by 1 / (1 - drop), rounded to fp64 and then
// to the dtype (inverted dropout), so that evaluation needs no scaling; a dropped infinity or NaN gives NaN, a negative -0. Srivastava et al., "Dropout", JMLR 15 (2014). Element j of sample s uses the
// random number s * (elements per sample) + j of its stream: shards and threads do not change the mask.
class Dropout : public Module {
 public:
  explicit Dropout(double drop);  // in [0, 1); throws Error otherwise
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override { return input; }
  std::string describe() const override;

 private:
  double drop_;
};

// One layer after the other; they are named "0", "1", ... as they are added, or as you say.
//
// A ReLU, Tanh or Sigmoid behind a Linear with a bias, and a ReLU behind a convolution with a bias, are computed by that layer: as the row `linear`,
// or as a convolution and the row `finish`, which traces show under the first layer's scope. The bits are those of the layers one by one, in gradients
// of any order as well; in bfloat16, where they would not be, the layers stay apart.
class Sequential : public Module {
 public:
  using Module::Module;
  Module& add(std::unique_ptr<Module> layer, std::string name = "");
  template <typename Layer, typename... Arguments>
  Layer& add(Arguments&&... arguments) {
    return static_cast<Layer&>(add(std::make_unique<Layer>(std::forward<Arguments>(arguments)...)));
  }
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;  // one line per layer
};

}  // namespace tessera::nn
