// What several families of layers share: checks of settings and inputs, and PyTorch's initial values. Internal to nn.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn::parts {

// `value`, or an Error "LAYER: WHAT is -1, expected at least 1".
std::int64_t positive(const char* layer, const char* what, std::int64_t value);

// Fails when the types of x and of a layer's weight differ, before an operation would complain without knowing the layer.
// `where()` makes the beginning of the message, where there is one.
[[noreturn]] void fail_dtype(const std::string& where, const Tensor& x, const Parameter& weight);
template <typename Where>
void require_dtype(const Where& where, const Tensor& x, const Parameter& weight) {
  if (x.dtype() != weight.value.dtype()) fail_dtype(where(), x, weight);
}

// Uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)), for the weight and the bias (nullptr: none).
void initialize_as_pytorch(RandomSource& random, Parameter& weight, Parameter* bias);

// "3" when all are 3, else "(3, 5)".
std::string sizes_text(std::span<const std::int64_t> values);

// A shape written with names for what is free: "[N, 3, H, W]" for 3 channels and 2 spatial axes.
std::string image_text(std::int64_t channels, int spatial_axes);

}  // namespace tessera::nn::parts
