#include "tessera/report/held_out.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/dataset.h"
#include "tessera/data/text_samples.h"
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

// What is judged: a sample, or a word or a point of it.
struct Judged {
  std::int64_t sample = 0;  // among those that were held out
  std::int64_t word = -1;   // -1: the whole sample
};

std::vector<Judged> judged_of(const Tensor& labels) {
  std::vector<Judged> judged;
  if (labels.rank() == 1) {
    for (std::int64_t i = 0; i < labels.size(0); ++i) judged.push_back({i, -1});
    return judged;
  }
  const std::vector<std::int64_t> tags = labels.to_vector<std::int64_t>();
  for (std::int64_t i = 0; i < labels.elements(); ++i)
    if (tags[static_cast<std::size_t>(i)] != data::kNoTag)
      judged.push_back({i / labels.size(1), i % labels.size(1)});
  return judged;
}

// Of samples [N, points, coordinates] the coordinates of these points, [count, coordinates].
Tensor points_at(const Tensor& features, const std::vector<Judged>& chosen) {
  std::vector<std::int64_t> rows;
  for (const Judged& point : chosen) rows.push_back(point.sample * features.size(1) + point.word);
  return data::take_samples(reshape(features, {features.size(0) * features.size(1), features.size(2)}), rows);
}

// The words around the one that is judged, or the first ones; those that the network does not know are "?".
std::string text_around(const data::Vocabulary& vocabulary, const Tensor& ids, std::int64_t word) {
  constexpr std::int64_t kMostWords = 24;
  const std::vector<float> values = ids.to_vector<float>();
  const auto length =
      static_cast<std::int64_t>(std::find(values.begin(), values.end(), 0.0F) - values.begin());
  const std::int64_t first = std::max<std::int64_t>(0, std::min(word - kMostWords / 2, length - kMostWords));
  const std::int64_t end = std::min(length, first + kMostWords);
  std::string text = first > 0 ? "…" : "";
  for (std::int64_t t = first; t < end; ++t) {
    const auto id = static_cast<std::int64_t>(values[static_cast<std::size_t>(t)]);
    std::string shown = id >= data::Vocabulary::kFirstWord ? vocabulary.word(id) : "?";
    if (t == word) shown = fmt::format("[{}]", shown);
    text += (text.empty() ? "" : " ") + shown;
  }
  return end < length ? text + " …" : text;
}

// Fills in the examples of the hardest classes; returns their places among what is judged.
std::vector<std::int64_t> choose_examples(std::vector<ClassResult>& classes, const Predicted& predicted,
                                          const std::vector<Judged>& judged,
                                          const std::vector<std::int64_t>& positions) {
  std::vector<std::int64_t> rows;
  for (std::size_t c = 0; c < std::min(classes.size(), kMostHardClasses); ++c) {
    std::vector<std::size_t> missed;
    for (std::size_t i = 0; i < judged.size(); ++i)
      if (predicted.labels[i] == classes[c].label && predicted.classes[i] != predicted.labels[i])
        missed.push_back(i);
    std::stable_sort(missed.begin(), missed.end(), [&](std::size_t a, std::size_t b) {
      return predicted.probabilities[a] > predicted.probabilities[b];
    });
    if (missed.size() > kMostExamples) missed.resize(kMostExamples);
    for (const std::size_t i : missed) {
      classes[c].missed.push_back({positions[static_cast<std::size_t>(judged[i].sample)] + 1,
                                   predicted.classes[i], predicted.probabilities[i], rows.size()});
      rows.push_back(static_cast<std::int64_t>(i));
    }
  }
  return rows;
}

// The samples with the largest errors.
std::vector<std::size_t> worst_of(const HeldOutNumbers& numbers) {
  std::vector<std::size_t> order(numbers.actual.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::fabs(numbers.predicted[a] - numbers.actual[a]) >
           std::fabs(numbers.predicted[b] - numbers.actual[b]);
  });
  if (order.size() > kMostExamples) order.resize(kMostExamples);
  return order;
}

HeldOutResult judged_numbers(const train::TrainedModel& model, const data::Dataset& dataset,
                             const data::Dataset& held_out, const std::vector<std::int64_t>& positions,
                             const Tensor& scores) {
  HeldOutResult result;
  result.samples = held_out.size();
  result.all_samples = dataset.size();
  result.columns = dataset.columns;
  const Tensor predicted = reshape(scores, held_out.labels.shape());
  HeldOutNumbers numbers;
  numbers.errors = metrics::regression_errors(predicted, held_out.labels);
  numbers.actual = held_out.labels.to(DType::kFloat64).to_vector<double>();
  numbers.predicted = predicted.to(DType::kFloat64).to_vector<double>();
  for (const std::int64_t position : positions) numbers.numbers.push_back(position + 1);
  numbers.worst = worst_of(numbers);
  const std::vector<std::int64_t> rows(numbers.worst.begin(), numbers.worst.end());
  result.missed = data::take_samples(held_out.features, rows);
  result.loss =
      train::training_loss(train::loss_options(model.config()), scores, held_out.labels, held_out.size())
          .item_as_double();
  result.numbers = std::move(numbers);
  return result;
}

}  // namespace

HeldOutResult evaluate_held_out(const std::string& run_folder, const std::string& data_folder) {
  const train::TrainedModel model(run_folder);
  const data::Dataset dataset = train::claimed_data(model, run_folder, data_folder);
  const data::Split split = train::split_of(model.config(), dataset);
  if (split.held_out.empty()) fail("no samples were held out (data.held_out is 0)");
  const data::Dataset held_out = data::take(dataset, split.held_out);
  const Tensor scores = model.scores(held_out.features);
  if (train::predicts_numbers(model.config()))
    return judged_numbers(model, dataset, held_out, split.held_out, scores);
  const Tensor labels = train::judged_labels(held_out.labels);
  const Predicted predicted = predictions(scores, labels);
  const std::vector<Judged> judged = judged_of(held_out.labels);

  HeldOutResult result;
  result.samples = labels.size(0);
  result.judged = train::judged_name(model.config());
  result.all_samples =
      labels.size(0) == held_out.size() ? dataset.size() : train::judged_labels(dataset.labels).size(0);
  result.classes = dataset.classes;
  result.columns = dataset.columns;
  result.confusion = metrics::ConfusionMatrix(scores.size(1));
  result.confusion.add(predicted.labels, predicted.classes);
  result.accuracy = result.confusion.accuracy();
  result.loss = mean(cross_entropy(scores, labels)).item_as_double();
  result.hardest = hardest_first(result.confusion);
  std::vector<std::int64_t> samples;
  std::vector<Judged> examples;
  for (const std::int64_t row : choose_examples(result.hardest, predicted, judged, split.held_out)) {
    const Judged& example = judged[static_cast<std::size_t>(row)];
    samples.push_back(example.sample);
    examples.push_back(example);
    if (model.vocabulary() != nullptr)
      result.texts.push_back(
          text_around(*model.vocabulary(), slice(held_out.features, {example.sample}), example.word));
  }
  if (!samples.empty() && held_out.labels.rank() == 2 && held_out.features.rank() == 3)
    result.missed = points_at(held_out.features, examples);
  else if (!samples.empty())
    result.missed = data::take_samples(held_out.features, samples);
  result.lowest = min(held_out.features).item_as_double();
  result.highest = max(held_out.features).item_as_double();
  return result;
}

}  // namespace tessera::report
