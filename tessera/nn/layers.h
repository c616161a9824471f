// The layers, under PyTorch's names. Weights have PyTorch's layouts; the defaults of initialisation are PyTorch's as well:
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

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tessera/nn/module.h"
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
  Tensor forward(const Tensor& x, Context& context) override;
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

struct Conv2dSettings {  // pairs are (rows, columns)
  std::array<std::int64_t, 2> kernel = {3, 3};
  std::array<std::int64_t, 2> stride = {1, 1};
  std::array<std::int64_t, 2> padding = {0, 0};
  std::array<std::int64_t, 2> dilation = {1, 1};
  std::int64_t groups = 1;
  bool bias = true;
  DType dtype = DType::kFloat32;
};

// x [N, in, H, W] -> [N, out, H', W'] by cross-correlation; weight [out, in/groups, rows, columns], bias [out].
class Conv2d : public Module {
 public:
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Conv2dSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter& weight() { return *weight_; }
  Parameter* bias() { return bias_; }  // nullptr without

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t in_channels_, out_channels_;
  Conv2dSettings settings_;
  Parameter* weight_ = nullptr;
  Parameter* bias_ = nullptr;
};

struct LayerNormSettings {
  double epsilon = 1e-5;
  DType dtype = DType::kFloat32;
};

// x [..., shape]: each row over the trailing axes is brought to mean 0 and variance 1, then scaled and shifted: (x - mean) /
// sqrt(variance + epsilon) * weight + bias; weight and bias have the shape and begin at 1 and 0. Ba, Kiros and Hinton, "Layer
// normalization" (2016).
class LayerNorm : public Module {
 public:
  explicit LayerNorm(const Shape& shape, const LayerNormSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter& weight() { return *weight_; }
  Parameter& bias() { return *bias_; }

 private:
  void initialize_parameters(RandomSource& random) override;
  LayerNormSettings settings_;
  Parameter* weight_ = nullptr;
  Parameter* bias_ = nullptr;
};

struct Pool2dSettings {
  std::array<std::int64_t, 2> kernel = {2, 2};
  std::array<std::int64_t, 2> stride = {0, 0};  // 0: the kernel
  std::array<std::int64_t, 2> padding = {0, 0};
  bool count_padding = true;  // average pooling only
  bool round_up = false;      // ceil_mode
};

// Pooling of [N, C, H, W] over windows of the last two axes.
class Pool2d : public Module {
 public:
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 protected:
  Pool2d(const Pool2dSettings& settings, const char* name);
  Pool2dOptions options_;

 private:
  const char* name_;
};

class MaxPool2d : public Pool2d {
 public:
  explicit MaxPool2d(const Pool2dSettings& settings = {}) : Pool2d(settings, "MaxPool2d") {}
  Tensor forward(const Tensor& x, Context& context) override;
};

class AvgPool2d : public Pool2d {
 public:
  explicit AvgPool2d(const Pool2dSettings& settings = {}) : Pool2d(settings, "AvgPool2d") {}
  Tensor forward(const Tensor& x, Context& context) override;
};

// max(x, 0), tanh(x), 1 / (1 + e^-x), element by element.
#define TESSERA_DECLARE_ACTIVATION(Name)                                    \
  class Name : public Module {                                              \
   public:                                                                  \
    Tensor forward(const Tensor& x, Context& context) override;             \
    Shape output_shape(const Shape& input) const override { return input; } \
    std::string describe() const override { return #Name; }                 \
  };
TESSERA_DECLARE_ACTIVATION(ReLU)
TESSERA_DECLARE_ACTIVATION(Tanh)
TESSERA_DECLARE_ACTIVATION(Sigmoid)
#undef TESSERA_DECLARE_ACTIVATION

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
