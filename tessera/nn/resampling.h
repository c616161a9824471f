// Upsample: larger images by a whole factor. [N, C, spatial...] with one to three spatial axes; every one of them gets `factor` times longer.
//
//   kNearest   each element is repeated
//   kBilinear  two axes: the weighted mean of the four nearest elements, output pixel i lying at (i + 0.5) / factor - 0.5 (PyTorch's
//              align_corners = false), beyond the edge the edge's. Rows first; a (1 - t) + b t, each operation rounded
//
// Errors: other ranks, a factor below 1. Thread-safety: as every Module.
//
// ```cpp
// const Tensor x = Tensor::from<float>({1, 2}, {1, 1, 1, 2});
// assert(nn::Upsample(2).evaluate(x).to_vector<float>() == (std::vector<float>{1, 1, 2, 2, 1, 1, 2, 2}));
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/module.h"

namespace tessera::nn {

enum class Interpolation : std::uint8_t { kNearest, kBilinear };

class Upsample : public Module {
 public:
  explicit Upsample(std::int64_t factor, Interpolation interpolation = Interpolation::kNearest);
  Tensor forward(const Tensor& x, Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  std::int64_t factor() const { return factor_; }
  Interpolation interpolation() const { return interpolation_; }

 private:
  std::int64_t factor_;
  Interpolation interpolation_;
};

}  // namespace tessera::nn
