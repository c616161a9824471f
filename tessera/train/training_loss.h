// What a training makes small (training.loss), and what kind of labels that needs.
//
// Three kinds of networks: one score for each class (cross_entropy, multi_class_hinge); one score for two classes, above 0 for the second
// (bce, hinge); one number (mse, l1, huber), for labels that are numbers. A single score s stands for the scores [0, s] of two classes:
// their softmax is sigmoid(s), and their cross-entropy is the binary one, so what judges classes judges it, too.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "tessera/nn/losses.h"
#include "tessera/tensor/tensor.h"
#include "tessera/train/config.h"

namespace tessera::train {

struct LossOptions {
  enum class Kind : std::uint8_t {
    kCrossEntropy,
    kMultiClassHinge,
    kBinaryCrossEntropy,
    kHinge,
    kMeanSquare,
    kMeanAbsolute,
    kHuber
  };
  Kind kind = Kind::kCrossEntropy;
  double label_smoothing = 0;  // of the cross-entropy, in [0, 1)
  double huber_delta = 1;
};

LossOptions loss_options(const Config& config);
bool predicts_numbers(const Config& config);     // labels are numbers
bool has_one_score(const LossOptions& options);  // one score for two classes
bool has_one_score(const Config& config);
// How many numbers the network gives for what is judged, of data with so many classes (none: labels are numbers).
std::int64_t outputs_of(const Config& config, std::int64_t classes);

// `scores` [N, outputs], labels int64 [N] of classes or float32 [N] of numbers; `judged`: samples, words or points of the whole batch.
Tensor training_loss(const LossOptions& options, const Tensor& scores, const Tensor& labels,
                     std::int64_t judged);
// With one score [N, 1] the [N, 2] scores of both classes; others as they are. Not for numbers.
Tensor class_scores(const LossOptions& options, const Tensor& scores);

}  // namespace tessera::train
