// What networks that make or read images check of their settings. Internal to this room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/tensor/shape.h"

namespace tessera::models {

// At least one number, each from 1: throws Error naming `model` and `name` otherwise.
void require_widths(const char* model, const char* name, const std::vector<std::int64_t>& widths);

// `image` is [channels, height, width] and halves `times` times without a rest. Returns the image's height and width after that; throws Error
// otherwise.
struct Grid {
  std::int64_t height, width;
};
Grid halved_grid(const char* model, const Shape& image, std::size_t times);

// [samples, of one...]
Shape batch_shape(std::int64_t samples, const Shape& sample);
// Throws Error unless `input` is [N, of one...], saying `where`; returns N.
std::int64_t require_samples(const std::string& where, const Shape& input, const Shape& sample);

}  // namespace tessera::models
