// Activations: layers, and the functions that they are. Element by element but for Softmax, LogSoftmax and Maxout.
//
//   ReLU        max(x, 0)                                   Tanh, Sigmoid
//   LeakyReLU   x > 0 ? x : slope x                         Maas, Hannun & Ng, "Rectifier nonlinearities improve ...", ICML 2013
//   ELU         x > 0 ? x : alpha (e^x - 1)                 Clevert, Unterthiner & Hochreiter, ICLR 2016
//   SELU        scale ELU(x), alpha and scale fixed         Klambauer et al., "Self-normalizing neural networks", NIPS 2017
//   Softplus    log(1 + e^x), without overflow
//   GELU        x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, or with tanh(sqrt(2/pi) (x + 0.044715 x^3)) in place of the error function.
//               Hendrycks & Gimpel, "Gaussian error linear units" (2016)
//   SiLU        x / (1 + e^-x)                              Elfwing, Uchibe & Doya, Neural Networks 107 (2018); "swish"
//   Mish        x tanh(softplus(x))                         Misra, BMVC 2020
//   Softmax, LogSoftmax   along an axis (ops.h)
//   Maxout      [N, pieces U, ...] -> [N, U, ...]: the largest of `pieces` neighbouring channels. Goodfellow et al., "Maxout networks", ICML 2013
//
// Where x > 0 decides, a gradient at 0 is that of the other side, as in PyTorch. Errors: settings out of range, channels that do
// not divide into pieces. Thread-safety: pure functions; layers as every Module.
//
// ```cpp
// const Tensor x = Tensor::from<float>({-2, 0, 3}, {3});
// assert(nn::leaky_relu(x, 0.5).to_vector<float>() == (std::vector<float>{-1, 0, 3}));
// assert(nn::Maxout(3).evaluate(reshape(x, {1, 3})).item<float>() == 3);
// assert(std::abs(nn::gelu(x).at<float>({2}) - 2.99595F) < 1e-5F);
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

Tensor leaky_relu(const Tensor& x, double slope = 0.01);
Tensor elu(const Tensor& x, double alpha = 1);
Tensor selu(const Tensor& x);
Tensor softplus(const Tensor& x);
enum class GeluForm : std::uint8_t { kExact, kTanh };
Tensor gelu(const Tensor& x, GeluForm form = GeluForm::kExact);
Tensor silu(const Tensor& x);
Tensor mish(const Tensor& x);
Tensor maxout(const Tensor& x, std::int64_t pieces);

// A layer that maps every element by itself.
class ElementwiseLayer : public Module {
 public:
  Shape output_shape(const Shape& input) const override { return input; }
};

#define TESSERA_DECLARE_ACTIVATION(Name, kKind)                       \
  class Name : public ElementwiseLayer {                              \
   public:                                                            \
    Tensor forward(const Tensor& x, Context& context) final;          \
    std::string describe() const override { return #Name; }           \
    Activation activation() const final { return Activation::kKind; } \
  };
TESSERA_DECLARE_ACTIVATION(ReLU, kRelu)
TESSERA_DECLARE_ACTIVATION(Tanh, kTanh)
TESSERA_DECLARE_ACTIVATION(Sigmoid, kSigmoid)
TESSERA_DECLARE_ACTIVATION(SELU, kNone)
TESSERA_DECLARE_ACTIVATION(Softplus, kNone)
TESSERA_DECLARE_ACTIVATION(SiLU, kNone)
TESSERA_DECLARE_ACTIVATION(Mish, kNone)
#undef TESSERA_DECLARE_ACTIVATION

class LeakyReLU : public ElementwiseLayer {
 public:
  explicit LeakyReLU(double slope = 0.01) : slope_(slope) {}
  Tensor forward(const Tensor& x, Context& context) override;
  std::string describe() const override;
  double slope() const { return slope_; }

 private:
  double slope_;
};

class ELU : public ElementwiseLayer {
 public:
  explicit ELU(double alpha = 1) : alpha_(alpha) {}
  Tensor forward(const Tensor& x, Context& context) override;
  std::string describe() const override;

 private:
  double alpha_;
};

class GELU : public ElementwiseLayer {
 public:
  explicit GELU(GeluForm form = GeluForm::kExact) : form_(form) {}
  Tensor forward(const Tensor& x, Context& context) override;
  std::string describe() const override;

 private:
  GeluForm form_;
};

class Softmax : public ElementwiseLayer {
 public:
  explicit Softmax(std::int64_t axis = -1) : axis_(axis) {}
  Tensor forward(const Tensor& x, Context& context) override;
  std::string describe() const override;

 private:
  std::int64_t axis_;
};

class LogSoftmax : public ElementwiseLayer {
 public:
  explicit LogSoftmax(std::int64_t axis = -1) : axis_(axis) {}
  Tensor forward(const Tensor& x, Context& context) override;
  std::string describe() const override;

 private:
  std::int64_t axis_;
};

class Maxout : public Module {
 public:
  explicit Maxout(std::int64_t pieces);
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  std::int64_t pieces_;
};

}  // namespace tessera::nn
