#include "tessera/report/held_out.h"

#include <algorithm>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/data/dataset.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/training_run.h"
#include "tessera/train/training_setup.h"

namespace tessera::report {
namespace {

ClassResult class_result(const metrics::ConfusionMatrix& confusion, std::int64_t label) {
  ClassResult result;
  result.label = label;
  for (std::int64_t other = 0; other < confusion.classes(); ++other)
    if (other != label && confusion.count(label, other) > 0)
      result.taken_for.emplace_back(other, confusion.count(label, other));
  std::stable_sort(result.taken_for.begin(), result.taken_for.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return result;
}

std::vector<ClassResult> hardest_first(const metrics::ConfusionMatrix& confusion) {
  std::vector<ClassResult> classes;
  for (std::int64_t label = 0; label < confusion.classes(); ++label)
    classes.push_back(class_result(confusion, label));
  std::stable_sort(classes.begin(), classes.end(), [&](const ClassResult& a, const ClassResult& b) {
    return confusion.f1(a.label) < confusion.f1(b.label);
  });
  return classes;
}

struct Predicted {
  std::vector<std::int64_t> labels, classes;
  std::vector<double> probabilities;  // of the predicted class
};

Predicted predictions(const Tensor& scores, const Tensor& labels) {
  Predicted result{labels.to_vector<std::int64_t>(), metrics::predicted_classes(scores), {}};
  const std::vector<float> all = softmax(scores, 1).to_vector<float>();
  const auto classes = static_cast<std::size_t>(scores.size(1));
  for (std::size_t i = 0; i < result.classes.size(); ++i)
    result.probabilities.push_back(all[i * classes + static_cast<std::size_t>(result.classes[i])]);
  return result;
}

// Fills in the examples of the hardest classes; returns their places among the held-out samples.
std::vector<std::int64_t> choose_examples(std::vector<ClassResult>& classes, const Predicted& predicted,
                                          const std::vector<std::int64_t>& positions) {
  std::vector<std::int64_t> rows;
  for (std::size_t c = 0; c < std::min(classes.size(), kMostHardClasses); ++c) {
    std::vector<std::size_t> missed;
    for (std::size_t i = 0; i < positions.size(); ++i)
      if (predicted.labels[i] == classes[c].label && predicted.classes[i] != predicted.labels[i])
        missed.push_back(i);
    std::stable_sort(missed.begin(), missed.end(), [&](std::size_t a, std::size_t b) {
      return predicted.probabilities[a] > predicted.probabilities[b];
    });
    if (missed.size() > kMostExamples) missed.resize(kMostExamples);
    for (const std::size_t i : missed) {
      classes[c].missed.push_back(
          {positions[i] + 1, predicted.classes[i], predicted.probabilities[i], rows.size()});
      rows.push_back(static_cast<std::int64_t>(i));
    }
  }
  return rows;
}

}  // namespace

HeldOutResult evaluate_held_out(const std::string& run_folder, const std::string& data_folder) {
  const train::TrainedModel model(run_folder);
  const data::Dataset dataset = train::claimed_data(model, run_folder, data_folder);
  const data::Split split = train::split_of(model.config(), dataset);
  if (split.held_out.empty()) fail("no samples were held out (data.held_out is 0)");
  const data::Dataset held_out = data::take(dataset, split.held_out);
  const Tensor scores = model.scores(held_out.features);
  const Predicted predicted = predictions(scores, held_out.labels);

  HeldOutResult result;
  result.samples = held_out.size();
  result.all_samples = dataset.size();
  result.classes = dataset.classes;
  result.columns = dataset.columns;
  result.confusion = metrics::ConfusionMatrix(scores.size(1));
  result.confusion.add(predicted.labels, predicted.classes);
  result.accuracy = result.confusion.accuracy();
  result.loss = mean(cross_entropy(scores, held_out.labels)).item_as_double();
  result.hardest = hardest_first(result.confusion);
  const std::vector<std::int64_t> rows = choose_examples(result.hardest, predicted, split.held_out);
  if (!rows.empty()) result.missed = data::take_samples(held_out.features, rows);
  result.lowest = min(held_out.features).item_as_double();
  result.highest = max(held_out.features).item_as_double();
  return result;
}

}  // namespace tessera::report
