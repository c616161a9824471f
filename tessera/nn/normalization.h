// Normalisation: brings activations to mean 0 and variance 1 over some axes, then scales and shifts them (weight, bias).
//
//   normalized = (x - mean) * inverse,  inverse = 1 / sqrt(variance + epsilon),  y = normalized * weight + bias
//
// with mean and variance (divided by n) in contract rule 3's order over
//
//   LayerNorm      the trailing axes of each row                             Ba, Kiros & Hinton, "Layer normalization" (2016)
//   BatchNorm      every axis but 1, of the batch                            Ioffe & Szegedy, "Batch normalization", ICML 2015
//   GroupNorm      a group of channels of one sample                         Wu & He, "Group normalization", ECCV 2018
//   InstanceNorm   one channel of one sample: as many groups as channels     Ulyanov, Vedaldi & Lempitsky (2016)
//
//   PixelNorm            x / sqrt(mean of x^2 over channels + epsilon), so that each pixel's vector has unit root mean square: Karras et al.,
//                        "Progressive growing of GANs", ICLR 2018
//   LocalResponseNorm    x / (k + alpha mean of x^2 over `size` neighbouring channels, zeros beyond the ends)^beta: Krizhevsky et al., NIPS 2012
//
// BatchNorm keeps running statistics as buffers, "running_mean" and "running_var" (with num_batches_tracked, which counts updates): after a
// training pass, running = (1 - momentum) running + momentum found, the variance divided by n - 1. Outside training they take the place of the
// batch's, so that a prediction does not depend on its neighbours.
//
// bfloat16: BatchNorm, GroupNorm and InstanceNorm find statistics and normalise in float32 and round the result once; running statistics are float32.
//
// Shards: a shard's statistics are those of its own samples, as in PyTorch's data-parallel training, so their number is part of the model (contract
// rule 6). Running statistics follow the shard that holds the batch's first sample (Context::first_sample == 0); so no shard waits for
// another, and it does not matter who computes which.
//
// Errors: shapes that do not fit; settings out of range; one element per channel in training. Thread-safety: as every Module.
//
// ```cpp
// nn::BatchNorm2d layer(3);
// RandomSource random(1);
// layer.initialize(random);
// nn::Context training{.training = true};
// const Tensor y = layer.forward(random.normal("x", {4, 3, 5, 5}), training);
// assert(std::abs(mean(y).item<float>()) < 1e-6F && layer.buffers()[0]->name == "running_mean");
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

struct LayerNormSettings {
  double epsilon = 1e-5;
  DType dtype = DType::kFloat32;
};

// x [..., shape]; weight and bias have the shape and begin at 1 and 0.
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

struct BatchNormSettings {
  double epsilon = 1e-5;
  double momentum = 0.1;                 // the weight of what was found last
  bool affine = true;                    // weight and bias
  bool track_running_statistics = true;  // without: the batch's own, also outside training
  DType dtype = DType::kFloat32;
};

// x [N, channels, ...] with any number of axes behind; weight and bias [channels] begin at 1 and 0.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(std::int64_t channels, const BatchNormSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter* weight() { return weight_; }              // nullptr without
  Parameter* bias() { return bias_; }                  // nullptr without
  Parameter* running_mean() { return running_mean_; }  // nullptr without
  Parameter* running_variance() { return running_variance_; }

 private:
  void initialize_parameters(RandomSource& random) override;
  void update_running(const Tensor& statistics, std::int64_t count);
  std::int64_t channels_;
  BatchNormSettings settings_;
  Parameter *weight_ = nullptr, *bias_ = nullptr;
  Parameter *running_mean_ = nullptr, *running_variance_ = nullptr, *batches_ = nullptr;
};
using BatchNorm1d = BatchNorm;
using BatchNorm2d = BatchNorm;
using BatchNorm3d = BatchNorm;

struct GroupNormSettings {
  double epsilon = 1e-5;
  bool affine = true;
  DType dtype = DType::kFloat32;
};

// x [N, channels, ...]; weight and bias [channels] begin at 1 and 0.
class GroupNorm : public Module {
 public:
  GroupNorm(std::int64_t groups, std::int64_t channels, const GroupNormSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter* weight() { return weight_; }  // nullptr without
  Parameter* bias() { return bias_; }      // nullptr without

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t groups_, channels_;
  GroupNormSettings settings_;
  Parameter *weight_ = nullptr, *bias_ = nullptr;
};

struct InstanceNormSettings {
  double epsilon = 1e-5;
  bool affine = false;  // as in PyTorch
  DType dtype = DType::kFloat32;
};

class InstanceNorm : public GroupNorm {
 public:
  explicit InstanceNorm(std::int64_t channels, const InstanceNormSettings& settings = {})
      : GroupNorm(channels, channels,
                  {.epsilon = settings.epsilon, .affine = settings.affine, .dtype = settings.dtype}) {}
};

class PixelNorm : public Module {
 public:
  explicit PixelNorm(double epsilon = 1e-8);
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override { return "PixelNorm"; }

 private:
  double epsilon_;
};

struct LocalResponseNormSettings {
  double alpha = 1e-4, beta = 0.75, k = 1;
};

class LocalResponseNorm : public Module {
 public:
  explicit LocalResponseNorm(std::int64_t size, const LocalResponseNormSettings& settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  std::int64_t size_;
  LocalResponseNormSettings settings_;
};

}  // namespace tessera::nn
