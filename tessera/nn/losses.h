// Losses: one number per batch, or per shard of a batch. Adversarial ones and the gradient penalty: adversarial.h.
//
// The last argument is the number of samples of the whole batch. A shard's loss is the sum over its samples divided by that number,
// so that the losses (and the gradients) of the shards add up to those of the batch; the trainer adds them in the tree
// T of contract rule 6. Left out, it is the number of samples given: the plain mean. "Mean over all elements" divides by that number times
// the elements per sample; the first axis counts samples.
//
// All are compositions, so they differentiate twice. They are finite for any finite scores and exact where probabilities round to 0 or 1.
// Errors: different shapes, or labels out of range, throw Error. Thread-safety: pure functions.
//
// ```cpp
// Tensor logits = Tensor::from<double>({0, 0, 0, 0}, {2, 2});
// Tensor labels = Tensor::from<std::int64_t>({0, 1}, {2});
// assert(std::abs(nn::cross_entropy_loss(logits, labels).item<double>() - 0.693147180559945) < 1e-14);
// assert(nn::mse_loss(Tensor::from<double>({1, 3}, {2, 1}), zeros({2, 1}, DType::kFloat64)).item<double>() == 5);
// // A tagger's padding is ignored:
// Tensor tags = Tensor::from<std::int64_t>({0, -1}, {2});
// assert(nn::cross_entropy_loss(logits, tags, {.ignored_label = -1}).item<double>() ==
//        nn::cross_entropy_loss(logits, labels).item<double>());
// ```
#pragma once

#include <cstdint>
#include <optional>

#include "tessera/tensor/tensor.h"

namespace tessera::nn {

// ---- Classes: scores [N, C], labels int64 [N] in [0, C) ----

// Mean over samples of -log softmax(logits)[label].
Tensor cross_entropy_loss(const Tensor& logits, const Tensor& labels, std::int64_t batch = 0);

struct CrossEntropySettings {
  Tensor class_weights = {};                        // [C], of the logits' dtype; undefined: all 1
  double label_smoothing = 0;                       // in [0, 1): this share of the label is spread evenly over all classes
  std::optional<std::int64_t> ignored_label = {};   // samples with this label do not count; it need not be in [0, C)
};
// PyTorch's: sum of w[label] (-(1 - s) log p[label]) - s / C sum_c w[c] log p[c] over samples that count, divided by the sum of
// their w[label]. `batch_weight` is that divisor for the whole batch (cross_entropy_weight of all its labels); 0: of the samples given.
// Throws Error where no sample counts and no batch_weight is given.
// Label smoothing: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016.
Tensor cross_entropy_loss(const Tensor& logits, const Tensor& labels, const CrossEntropySettings& settings,
                          double batch_weight = 0);
// The sum of w[label] over the labels that count; with no weights, how many they are.
double cross_entropy_weight(const Tensor& labels, const CrossEntropySettings& settings);

// Mean over samples of -log_probabilities[label]: cross entropy for a network that ends in log_softmax.
Tensor nll_loss(const Tensor& log_probabilities, const Tensor& labels, std::int64_t batch = 0);

// Mean over samples of the sum over the other classes j of max(0, scores[j] - scores[label] + margin): the multi-class support vector
// machine of Weston & Watkins, ESANN 1999 (PyTorch's multi_margin_loss is this divided by C).
Tensor multi_class_hinge_loss(const Tensor& scores, const Tensor& labels, double margin = 1,
                              std::int64_t batch = 0);

// ---- Two classes, or many labels at once ----

struct BinaryCrossEntropySettings {
  Tensor weights = {};           // times the loss of each element; broadcast to the logits' shape
  Tensor positive_weights = {};  // times the part of targets (1 weighs as much as that many 0), as [labels]; broadcast likewise
};
// Mean over all elements of -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)); targets t in [0, 1] of the logits' shape and dtype. Computed as
// max(x, 0) - x t + log1p(e^-|x|) without a cancellation at either end.
Tensor binary_cross_entropy_loss(const Tensor& logits, const Tensor& targets,
                                 const BinaryCrossEntropySettings& settings = {}, std::int64_t batch = 0);

// Mean over all elements of max(0, margin - target * score), targets -1 or 1: the support vector machine.
// Cortes & Vapnik, "Support-vector networks", Machine Learning 20 (1995).
Tensor hinge_loss(const Tensor& scores, const Tensor& targets, double margin = 1, std::int64_t batch = 0);

// ---- Numbers: prediction and target of equal shapes ----

// Mean over all elements of (prediction - target)^2.
Tensor mse_loss(const Tensor& prediction, const Tensor& target, std::int64_t batch = 0);

// Mean over all elements of |prediction - target|.
Tensor l1_loss(const Tensor& prediction, const Tensor& target, std::int64_t batch = 0);

// Mean over all elements of e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2). Huber, Ann. Math. Stat. 35 (1964).
Tensor huber_loss(const Tensor& prediction, const Tensor& target, double delta = 1, std::int64_t batch = 0);

// ---- Distributions ----

// Mean over samples of the sum over the other axes of target (log target - log_probabilities), 0 where the target is 0: the divergence of
// Kullback & Leibler (1951) of the prediction from the target (PyTorch's kl_div with "batchmean").
Tensor kl_divergence_loss(const Tensor& log_probabilities, const Tensor& target, std::int64_t batch = 0);

}  // namespace tessera::nn
