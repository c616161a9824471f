// Batch normalisation in few passes over memory: the statistics of each channel, then the elements.
//
//   statistics = batch_statistics(x)                      [2,C]: mean and variance (divided by n) over every axis but 1, contract rule 3
//   y = batch_norm(x, statistics, scale, shift, options)  normalized * scale + shift, normalized = (x - mean) * inverse, inverse = 1 / sqrt(variance + epsilon)
//
// With `own` the statistics must be those of x: the gradient in x leads through them, and batch_statistics itself carries none (what else is
// made of it, running means, is not trained). Without, they are constants, or have a gradient of their own if they are watched. The gradient in
// x is the row batch_norm_input_gradient, from two sums per channel, batch_norm_sums, which are those of shift and scale.
//
//   y = group_norm(x, groups, scale, shift, epsilon)      the same with mean and variance of a group of channels of one sample
//
// group_norm's gradients are the row group_norm_gradient, whose sums are taken channel by channel first. A group goes through all passes while it is in
// the second-level cache.
//
// Wu & He, "Group normalization", ECCV 2018; Ioffe & Szegedy, "Batch normalization", ICML 2015. Errors: shapes that do not fit. Thread-safety: as all operations.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 10, 3, 30}, {2, 2});  // two samples of two channels
// const Tensor found = batch_statistics(x);
// assert(found.to_vector<double>() == (std::vector<double>{2, 20, 1, 100}));
// const Tensor y = batch_norm(x, found, ones({2}, x.dtype()), zeros({2}, x.dtype()), {.epsilon = 0});
// assert(y.to_vector<double>() == (std::vector<double>{-1, -1, 1, 1}));
// const Tensor z = group_norm(x, 1, ones({2}, x.dtype()), zeros({2}, x.dtype()), 0);  // each sample by itself
// assert(z.to_vector<double>() == (std::vector<double>{-1, 1, -1, 1}));
// ```
#pragma once

#include "tessera/tensor/ops.h"

namespace tessera {

struct BatchNormOptions {
  double epsilon = 1e-5;
  bool own = true;
};

Tensor batch_statistics(const Operand& x);
Tensor batch_norm(const Operand& x, const Tensor& statistics, const Tensor& scale, const Tensor& shift,
                  const BatchNormOptions& options = {});
// x [N,C,...] with C a multiple of `groups`; scale and shift [C].
Tensor group_norm(const Operand& x, std::int64_t groups, const Tensor& scale, const Tensor& shift,
                  double epsilon = 1e-5);

}  // namespace tessera
