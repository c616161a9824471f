// What a network gives for samples outside training, and how good that is.
//
// Samples go through the network in groups only to bound the memory: the scores of a sample do not depend on its neighbours, and
// the mean loss is one reduction (contract rule 3) over the losses of all samples, so the size of a group changes no bit.
// Thread-safety: pure functions of a network that nobody trains meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/metrics/classification.h"
#include "tessera/metrics/regression.h"
#include "tessera/nn/module.h"
#include "tessera/train/training_loss.h"

namespace tessera::train {

struct Evaluation {
  double loss = 0;  // mean cross-entropy, whatever was trained with; of numbers the loss of the training
  double accuracy = 0;
  std::optional<metrics::RegressionErrors> numbers =
      {};                    // where labels are numbers; there are no classes then
  std::int64_t samples = 0;  // of tags: words; of points: points
  metrics::ConfusionMatrix confusion{1};
  std::vector<std::string> classes;
  std::string note;  // what was left out, as a sentence; usually empty
};

inline constexpr std::int64_t kEvaluationGroup = 256;

// What a number of Evaluation::samples counts: "samples", "words" or "points".
std::string judged_name(const Config& config);
// What is judged of a network's scores: of tags, [N, T, classes], the rows of words, sample by sample; of points, [N, points, classes], all rows; else the
// scores themselves. `features` are what the network was given: [N, T] of words, [N, points, coordinates] of points.
Tensor judged_scores(const Tensor& scores, const Tensor& features);
// Their labels: of tags [N, T] those that are not data::kNoTag, of points [N, points] all.
Tensor judged_labels(const Tensor& labels);

// What the network gives for the samples at `positions`: [positions, outputs]; of tags and points, [their words or points, outputs].
Tensor scores_of(nn::Module& network, const Tensor& features, std::span<const std::int64_t> positions,
                 std::int64_t group = kEvaluationGroup);
// `positions` must not be empty; the data set must have labels. `loss` is looked at only where they are numbers.
Evaluation evaluate_samples(nn::Module& network, const data::Dataset& dataset,
                            std::span<const std::int64_t> positions, const LossOptions& loss = {},
                            std::int64_t group = kEvaluationGroup);

}  // namespace tessera::train
