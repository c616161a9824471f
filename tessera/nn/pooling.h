// Pooling: windows in one, two and three axes, over whole axes, to a given size; and max unpooling with switches.
//
//   MaxPool1d/2d/3d, AvgPool1d/2d/3d   windows of the last axes of [N, C, ...]; three axes are pooled one after the other, rows and columns
//                                      first: the same maxima, and averages that are means of means
//   AdaptiveAvgPool1d/2d/3d            to a given size: part i of a axis of L is [floor(i L / size), ceil((i+1) L / size)), its mean
//   GlobalPool                         max, mean or sum over axes, by default all after channels: [N, C, ...] -> [N, C]. A sum or mean in contract
//                                      rule 3's order, so the points of a cloud may not be reordered to the bit; the maximum may
//   max_pool_with_switches, max_unpool2d   Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014: each value goes
//                                      back to where the pooling found it, zeros elsewhere
//
// The gradient of a window's maximum goes to its first element of equals; that of GlobalPool's is shared by equals (torch.amax).
//
// Errors: an input of another rank, a window that does not fit, settings out of range: Error naming the layer and the shapes.
// Thread-safety: as every Module; the functions are pure.
//
// ```cpp
// const Tensor x = Tensor::from<float>({1, 2, 4, 3}, {1, 1, 2, 2});
// const nn::Pooled pooled = nn::max_pool_with_switches(x, {});
// assert(pooled.values.item<float>() == 4 && pooled.switches.item<std::int64_t>() == 2);
// assert(nn::max_unpool2d(pooled.values, pooled.switches, {1, 1, 2, 2}).to_vector<float>() == (std::vector<float>{0, 0, 4, 0}));
// assert(nn::GlobalPool(nn::Pooling::kMean).evaluate(x).item<float>() == 2.5F);
// ```
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tessera/nn/convolution.h"
#include "tessera/nn/module.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

template <int kAxes>
struct PoolSettings {
  std::array<std::int64_t, kAxes> kernel = internal::each<kAxes>(2);
  std::array<std::int64_t, kAxes> stride = internal::each<kAxes>(0);  // 0: the kernel
  std::array<std::int64_t, kAxes> padding = internal::each<kAxes>(0);
  bool count_padding = true;                                            // average pooling only
  bool round_up = false;                                                // ceil_mode
  std::array<std::int64_t, kAxes> dilation = internal::each<kAxes>(1);  // max pooling only
};
using Pool1dSettings = PoolSettings<1>;
using Pool2dSettings = PoolSettings<2>;
using Pool3dSettings = PoolSettings<3>;

// What the layers with windows are; the classes below say over how many axes.
class WindowPool : public Module {
 public:
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  const WindowAttributes& window() const { return window_; }

 protected:
  template <int kAxes>
  WindowPool(const char* name, bool maximum, const PoolSettings<kAxes>& settings)
      : WindowPool(name, maximum, kAxes, settings.kernel, settings.stride, settings.padding,
                   settings.dilation, settings.count_padding, settings.round_up) {}

 private:
  using Lengths = std::span<const std::int64_t>;
  WindowPool(const char* name, bool maximum, int axes, Lengths kernel, Lengths stride, Lengths padding,
             Lengths dilation, bool count_padding, bool round_up);
  Lengths axes_of(const std::int64_t* values) const;
  Tensor pool_two(const Tensor& x, int rows, int columns) const;

  const char* name_;
  bool maximum_;
  WindowAttributes window_;
};

#define TESSERA_DECLARE_POOL(kAxes)                                      \
  class MaxPool##kAxes##d : public WindowPool {                          \
   public:                                                               \
    explicit MaxPool##kAxes##d(const PoolSettings<kAxes>& settings = {}) \
        : WindowPool("MaxPool" #kAxes "d", true, settings) {}            \
  };                                                                     \
  class AvgPool##kAxes##d : public WindowPool {                          \
   public:                                                               \
    explicit AvgPool##kAxes##d(const PoolSettings<kAxes>& settings = {}) \
        : WindowPool("AvgPool" #kAxes "d", false, settings) {}           \
  };
TESSERA_DECLARE_POOL(1)
TESSERA_DECLARE_POOL(2)
TESSERA_DECLARE_POOL(3)
#undef TESSERA_DECLARE_POOL

// [N, C, spatial...] -> [N, C, size...]
class AdaptiveAvgPool : public Module {
 public:
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  const std::vector<std::int64_t>& size() const { return size_; }
  // [first, last) of part i when `length` elements are cut into `parts`, which may share elements.
  static std::pair<std::int64_t, std::int64_t> part_of(std::int64_t i, std::int64_t parts,
                                                       std::int64_t length) {
    return {i * length / parts, ((i + 1) * length + parts - 1) / parts};
  }

 protected:
  explicit AdaptiveAvgPool(std::vector<std::int64_t> size);

 private:
  std::vector<std::int64_t> size_;
};
class AdaptiveAvgPool1d : public AdaptiveAvgPool {
 public:
  explicit AdaptiveAvgPool1d(std::int64_t size) : AdaptiveAvgPool({size}) {}
};
class AdaptiveAvgPool2d : public AdaptiveAvgPool {
 public:
  explicit AdaptiveAvgPool2d(const std::array<std::int64_t, 2>& size)
      : AdaptiveAvgPool({size.begin(), size.end()}) {}
};
class AdaptiveAvgPool3d : public AdaptiveAvgPool {
 public:
  explicit AdaptiveAvgPool3d(const std::array<std::int64_t, 3>& size)
      : AdaptiveAvgPool({size.begin(), size.end()}) {}
};

enum class Pooling : std::uint8_t { kMax, kMean, kSum };

struct GlobalPoolSettings {
  std::vector<std::int64_t> axes = {};  // none: all after the second
  bool keep_axes = false;               // as length 1
};

class GlobalPool : public Module {
 public:
  explicit GlobalPool(Pooling pooling, GlobalPoolSettings settings = {});
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  std::vector<std::int64_t> axes(const Shape& input) const;
  Pooling pooling_;
  GlobalPoolSettings settings_;
};

// The maxima of x's windows, and where each was found: int64, row times columns + column within its own [H, W] (PyTorch's indices), -1 for a
// window without any element (only dilation makes one).
struct Pooled {
  Tensor values, switches;
};
Pooled max_pool_with_switches(const Tensor& x, const Pool2dSettings& settings);

// Zeros of `output_shape` [N, C, H, W] but for x [N, C, H', W'], each value of which is added at its switch: the adjoint of the pooling. Where
// windows overlap and two of them chose one place it gets their sum (PyTorch keeps any one of them). Differentiable in x.
Tensor max_unpool2d(const Tensor& x, const Tensor& switches, const Shape& output_shape);

}  // namespace tessera::nn
