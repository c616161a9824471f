// Losses: one number per batch, or per shard of a batch.
//
// The last argument is the number of samples of the whole batch. A shard's loss is the sum over its samples divided by that number,
// so that the losses (and the gradients) of the shards add up to those of the batch; the trainer adds them in the tree
// T of contract rule 6. Left out, it is the number of samples given: the plain mean.
//
// Errors: different shapes, or labels out of range, throw Error.
//
// ```cpp
// Tensor logits = Tensor::from<double>({0, 0, 0, 0}, {2, 2});
// Tensor labels = Tensor::from<std::int64_t>({0, 1}, {2});
// assert(std::abs(nn::cross_entropy_loss(logits, labels).item<double>() - 0.693147180559945) < 1e-14);
// assert(nn::mse_loss(Tensor::from<double>({1, 3}, {2, 1}), zeros({2, 1}, DType::kFloat64)).item<double>() == 5);
// ```
#pragma once

#include <cstdint>

#include "tessera/nn/module.h"
#include "tessera/tensor/tensor.h"

namespace tessera::nn {

// Mean over samples of -log softmax(logits)[label]; logits [N, C], labels int64 [N] in [0, C).
Tensor cross_entropy_loss(const Tensor& logits, const Tensor& labels, std::int64_t batch = 0);

// Mean over all elements of (prediction - target)^2; equal shapes, the first axis counts samples.
Tensor mse_loss(const Tensor& prediction, const Tensor& target, std::int64_t batch = 0);

// `loss` plus the sum over samples of each loss that the forward pass added to its context, divided like the others.
Tensor with_added_losses(const Tensor& loss, const Context& context, std::int64_t batch = 0);

}  // namespace tessera::nn
