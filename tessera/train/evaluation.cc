#include "tessera/train/evaluation.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::train {

Tensor scores_of(nn::Module& network, const Tensor& features, std::span<const std::int64_t> positions,
                 std::int64_t group) {
  std::vector<Tensor> parts;
  for (std::size_t first = 0; first < positions.size(); first += static_cast<std::size_t>(group)) {
    const std::size_t count = std::min(static_cast<std::size_t>(group), positions.size() - first);
    parts.push_back(network.evaluate(data::take_samples(features, positions.subspan(first, count))));
  }
  return parts.size() == 1 ? parts[0] : concatenate(parts, 0);
}

Evaluation evaluate_samples(nn::Module& network, const data::Dataset& dataset,
                            std::span<const std::int64_t> positions, std::int64_t group) {
  TESSERA_CHECK(!positions.empty() && dataset.labels.defined(), "nothing to evaluate on");
  const OpScope scope("evaluation");
  const Tensor scores = scores_of(network, dataset.features, positions, group);
  const Tensor labels = data::take_samples(dataset.labels, positions);
  Evaluation result{0,
                    0,
                    static_cast<std::int64_t>(positions.size()),
                    metrics::ConfusionMatrix(scores.size(1)),
                    dataset.classes,
                    ""};
  result.confusion.add(labels.to_vector<std::int64_t>(), metrics::predicted_classes(scores));
  result.accuracy = result.confusion.accuracy();
  result.loss = mean(cross_entropy(scores, labels)).item_as_double();
  return result;
}

}  // namespace tessera::train
