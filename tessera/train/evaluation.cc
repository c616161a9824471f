#include "tessera/train/evaluation.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/data/text_samples.h"
#include "tessera/models/sequence_layers.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/layer_builder.h"

namespace tessera::train {

std::string judged_name(const Config& config) {
  if (config.text("data.format") == "tags") return "words";
  return labels_points(config) ? "points" : "samples";
}

Tensor judged_scores(const Tensor& scores, const Tensor& features) {
  if (scores.rank() != 3) return scores;
  if (features.rank() == 3) return reshape(scores, {scores.size(0) * scores.size(1), scores.size(2)});
  return models::rows_of_words(scores, models::sequence_lengths(features.to(DType::kInt64), "the samples"));
}

Tensor judged_labels(const Tensor& labels) {
  if (labels.rank() == 1) return labels;
  std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
  std::erase(values, data::kNoTag);
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

Tensor scores_of(nn::Module& network, const Tensor& features, std::span<const std::int64_t> positions,
                 std::int64_t group) {
  std::vector<Tensor> parts;
  for (std::size_t first = 0; first < positions.size(); first += static_cast<std::size_t>(group)) {
    const std::size_t count = std::min(static_cast<std::size_t>(group), positions.size() - first);
    const Tensor group_features = data::take_samples(features, positions.subspan(first, count));
    parts.push_back(judged_scores(network.evaluate(group_features), group_features));
  }
  return parts.size() == 1 ? parts[0] : concatenate(parts, 0);
}

Evaluation evaluate_samples(nn::Module& network, const data::Dataset& dataset,
                            std::span<const std::int64_t> positions, const LossOptions& loss,
                            std::int64_t group) {
  TESSERA_CHECK(!positions.empty() && dataset.labels.defined(), "nothing to evaluate on");
  const OpScope scope("evaluation");
  const Tensor given = scores_of(network, dataset.features, positions, group);
  const Tensor labels = judged_labels(data::take_samples(dataset.labels, positions));
  Evaluation result;
  result.samples = labels.size(0);
  if (is_floating(labels.dtype())) {
    result.numbers = metrics::regression_errors(reshape(given, labels.shape()), labels);
    result.loss = training_loss(loss, given, labels, result.samples).item_as_double();
    return result;
  }
  const Tensor scores = class_scores(loss, given);
  result.confusion = metrics::ConfusionMatrix(scores.size(1));
  result.classes = dataset.classes;
  result.confusion.add(labels.to_vector<std::int64_t>(), metrics::predicted_classes(scores));
  result.accuracy = result.confusion.accuracy();
  result.loss = mean(cross_entropy(scores, labels)).item_as_double();
  return result;
}

}  // namespace tessera::train
