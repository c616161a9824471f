// Initial values of parameters. A draw depends on the seed of the source and the parameter's path only: adding a layer does not
// change the others. Stream names are "init/<path>".
//
//   kaiming   keeps the variance through layers followed by ReLU: deviation gain / sqrt(fan), gain = sqrt(2) for ReLU.
//             He, Zhang, Ren & Sun, "Delving Deep into Rectifiers", ICCV 2015.
//   xavier    balances forward and backward variance: deviation gain * sqrt(2 / (fan_in + fan_out)).
//             Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
//   The uniform forms use the bound sqrt(3) * deviation, which has that deviation.
//
// Fans count the inputs and outputs of one unit: weight [out, in, receptive field...]: fan_in = in * field, fan_out = out * field.
// Scales are computed in fp64 and rounded once. Errors: a shape of fewer than two axes has no fans.
//
// ```cpp
// RandomSource random(7);
// Tensor w = nn::kaiming_uniform(random, "0.weight", {64, 128});
// double bound = std::sqrt(6.0 / 128);
// assert(max(absolute(w)).item_as_double() <= bound && max(w).item_as_double() > 0.99 * bound);
// ```
#pragma once

#include <cstdint>
#include <string>

#include "tessera/tensor/random.h"
#include "tessera/tensor/tensor.h"

namespace tessera::nn {

struct Fans {
  std::int64_t in, out;
};
Fans fans(const Shape& weight);

inline constexpr double kReluGain = 1.4142135623730951;  // sqrt(2)

// Uniform on (-bound, bound).
Tensor uniform_init(RandomSource& random, const std::string& path, const Shape& shape, double bound,
                    DType dtype = DType::kFloat32);
// Normal with this standard deviation.
Tensor normal_init(RandomSource& random, const std::string& path, const Shape& shape, double deviation,
                   DType dtype = DType::kFloat32);

Tensor kaiming_uniform(RandomSource& random, const std::string& path, const Shape& shape,
                       DType dtype = DType::kFloat32, double gain = kReluGain);
Tensor kaiming_normal(RandomSource& random, const std::string& path, const Shape& shape,
                      DType dtype = DType::kFloat32, double gain = kReluGain);
Tensor xavier_uniform(RandomSource& random, const std::string& path, const Shape& shape,
                      DType dtype = DType::kFloat32, double gain = 1);
Tensor xavier_normal(RandomSource& random, const std::string& path, const Shape& shape,
                     DType dtype = DType::kFloat32, double gain = 1);

}  // namespace tessera::nn
