// Attributes of convolutions and poolings: strides, dilations, pads and auto_pad, worked out for an input. Internal to this room.
#pragma once

#include <vector>

#include "tessera/interchange/onnx_operators.h"

namespace tessera::onnx {

struct Window {
  std::vector<std::int64_t> kernel, stride, dilation, before, after;  // one number per spatial axis
  std::size_t axes() const { return kernel.size(); }
};

// For x [N, C, ...]. Throws Error for numbers that make no window.
Window window_of(const NodeCall& call, const Tensor& x, const std::vector<std::int64_t>& kernel);

// x with the window's padding made explicit in the first two axes' followers; `value` outside.
Tensor with_padding(const Tensor& x, const Window& window, double value);

// As images: x [N, C, L] becomes [N, C, 1, L], and back.
Tensor with_row_axis(const Tensor& x);
Tensor without_row_axis(const Tensor& x);

}  // namespace tessera::onnx
