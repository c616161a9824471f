// Convolutions and transposed convolutions in one, two and three spatial axes, under PyTorch's names and layouts.
//
// A convolution is the cross-correlation of ops.h (conv1d, conv2d, conv3d). Its matrix transposed is the transposed convolution: for the same
// weight, ConvTranspose is the adjoint of Conv, <Conv x, y> = <x, ConvTranspose y>, the operation by which Conv's gradient leads back to its
// input (Zeiler, Krishnan, Taylor & Fergus, "Deconvolutional networks", CVPR 2010). It makes images larger: along each axis
// (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1. Several lengths of a convolution's input lead to one of its
// output when the stride is above 1; output_padding says which of them is meant, and is below the stride. (PyTorch also allows it up to a dilation above
// the stride, for outputs that are no input of the convolution.)
//
//   Conv           x [N, in, ...]   weight [out, in/groups, kernel...]   bias [out]   result [N, out, ...]
//   ConvTranspose  x [N, in, ...]   weight [in, out/groups, kernel...]   bias [out]   result [N, out, ...]
//
// Initial values are PyTorch's: uniform on (-1/sqrt(fan), 1/sqrt(fan)) with fan = the weight's axis 1 times the kernel's elements.
// Lists are (length), (rows, columns) or (depth, rows, columns). Bits: contract rule 2; the bias is added last.
//
// Errors: settings out of range, and inputs that do not fit, throw Error naming the layer, both shapes and the axis.
// Thread-safety: as every Module.
//
// ```cpp
// nn::Conv1d line(3, 8, {.kernel = {5}, .padding = {2}});
// assert(line.output_shape({4, 3, 100}) == (Shape{4, 8, 100}));
// nn::ConvTranspose2d larger(8, 3, {.kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1}});  // DCGAN's doubling of an image
// assert(larger.output_shape({4, 8, 16, 16}) == (Shape{4, 3, 32, 32}));
// ```
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "tessera/nn/module.h"
#include "tessera/tensor/op.h"

namespace tessera::nn {

namespace internal {
template <int kAxes>
constexpr std::array<std::int64_t, kAxes> each(std::int64_t value) {
  std::array<std::int64_t, kAxes> all{};
  all.fill(value);
  return all;
}
}  // namespace internal

template <int kAxes>
struct ConvSettings {
  std::array<std::int64_t, kAxes> kernel = internal::each<kAxes>(3);
  std::array<std::int64_t, kAxes> stride = internal::each<kAxes>(1);
  std::array<std::int64_t, kAxes> padding = internal::each<kAxes>(0);
  std::array<std::int64_t, kAxes> dilation = internal::each<kAxes>(1);
  std::int64_t groups = 1;
  bool bias = true;
  DType dtype = DType::kFloat32;
};
using Conv1dSettings = ConvSettings<1>;
using Conv2dSettings = ConvSettings<2>;
using Conv3dSettings = ConvSettings<3>;

template <int kAxes>
struct ConvTransposeSettings {
  std::array<std::int64_t, kAxes> kernel = internal::each<kAxes>(3);
  std::array<std::int64_t, kAxes> stride = internal::each<kAxes>(1);
  std::array<std::int64_t, kAxes> padding = internal::each<kAxes>(0);
  std::array<std::int64_t, kAxes> output_padding = internal::each<kAxes>(0);  // below the stride
  std::array<std::int64_t, kAxes> dilation = internal::each<kAxes>(1);
  std::int64_t groups = 1;
  bool bias = true;
  DType dtype = DType::kFloat32;
};
using ConvTranspose1dSettings = ConvTransposeSettings<1>;
using ConvTranspose2dSettings = ConvTransposeSettings<2>;
using ConvTranspose3dSettings = ConvTransposeSettings<3>;

// What all of them are: the classes below say in which direction and over how many axes.
class Convolution : public Module {
 public:
  Tensor forward(const Tensor& x, Context& context) final;
  Tensor forward_with(Activation next, const Tensor& x, Context& context) final;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  Parameter& weight() { return *weight_; }
  Parameter* bias() { return bias_; }  // nullptr without
  const WindowAttributes& window() const { return window_; }
  bool transposed() const { return transposed_; }

 protected:
  struct Geometry {
    const char* name;
    int axes;
    bool transposed;
    std::span<const std::int64_t> kernel, stride, padding, dilation, output_padding;
    std::int64_t groups;
    bool bias;
    DType dtype;
  };
  Convolution(std::int64_t in_channels, std::int64_t out_channels, const Geometry& geometry);

 private:
  void initialize_parameters(RandomSource& random) override;
  void check_geometry(const Geometry& geometry) const;
  std::int64_t output_length(std::int64_t input, int axis) const;  // below 1: does not fit
  Tensor product(const Tensor& x, const Shape& output) const;
  std::span<const std::int64_t> axes_of(const std::int64_t* values) const;

  const char* name_;
  bool transposed_;
  std::int64_t in_channels_, out_channels_;
  WindowAttributes window_;
  std::int64_t output_padding_[kMaxSpatialAxes] = {0, 0, 0};
  Parameter* weight_ = nullptr;
  Parameter* bias_ = nullptr;
};

#define TESSERA_DECLARE_CONVOLUTION(kAxes)                                       \
  class Conv##kAxes##d : public Convolution {                                    \
   public:                                                                       \
    Conv##kAxes##d(std::int64_t in_channels, std::int64_t out_channels,          \
                   const ConvSettings<kAxes>& settings = {});                    \
  };                                                                             \
  class ConvTranspose##kAxes##d : public Convolution {                           \
   public:                                                                       \
    ConvTranspose##kAxes##d(std::int64_t in_channels, std::int64_t out_channels, \
                            const ConvTransposeSettings<kAxes>& settings = {});  \
  };
TESSERA_DECLARE_CONVOLUTION(1)
TESSERA_DECLARE_CONVOLUTION(2)
TESSERA_DECLARE_CONVOLUTION(3)
#undef TESSERA_DECLARE_CONVOLUTION

}  // namespace tessera::nn
