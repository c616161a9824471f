#include "tessera/learn/scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/suggest.h"
#include "tessera/metrics/classification.h"
#include "tessera/metrics/multilabel.h"
#include "tessera/metrics/regression.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

double plain_score(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return fitted.score(x, y);
}

// Also of classes that it has not learned: they are in none of its folds.
metrics::ConfusionMatrix confusion(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const std::vector<std::int64_t> actual = y.to_vector<std::int64_t>();
  metrics::ConfusionMatrix matrix(std::max(fitted.classes(), std::ranges::max(actual) + 1));
  matrix.add(actual, fitted.predict(x).to_vector<std::int64_t>());
  return matrix;
}

double balanced_accuracy(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const metrics::ConfusionMatrix matrix = confusion(fitted, x, y);
  std::vector<double> recalls;
  for (std::int64_t label = 0; label < matrix.classes(); ++label)
    if (matrix.actual_count(label) > 0) recalls.push_back(matrix.recall(label));
  return numerics::mean(std::span<const double>(recalls));
}

double f1_macro(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const metrics::ConfusionMatrix matrix = confusion(fitted, x, y);
  std::vector<double> scores;
  for (std::int64_t label = 0; label < matrix.classes(); ++label)
    if (matrix.actual_count(label) + matrix.predicted_count(label) > 0) scores.push_back(matrix.f1(label));
  return numerics::mean(std::span<const double>(scores));
}

std::vector<double> probabilities(const Estimator& fitted, const Tensor& x) {
  return dynamic_cast<const Classifier&>(fitted).predict_proba(x).to_vector<double>();
}

double neg_log_loss(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const std::vector<double> all = probabilities(fitted, x);
  const std::vector<std::int64_t> labels = y.to_vector<std::int64_t>();
  std::vector<double> logs;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const std::size_t classes = static_cast<std::size_t>(fitted.classes());
    const bool learned = labels[row] < fitted.classes();
    const double given = learned ? all[row * classes + static_cast<std::size_t>(labels[row])] : 0;
    logs.push_back(numerics::log(std::max(given, 0x1p-52)));
  }
  return numerics::mean(std::span<const double>(logs));
}

double roc_auc(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  if (fitted.classes() != 2)
    fail("roc_auc: expected two classes, {} has learned {}", fitted.name(), fitted.classes());
  const std::vector<double> scores = scores_of_second_class(dynamic_cast<const Classifier&>(fitted), x);
  if (scores.empty()) fail("roc_auc: {} says a class without a score", fitted.name());
  const std::vector<std::int64_t> labels = y.to_vector<std::int64_t>();
  if (!labels.empty() && std::ranges::max(labels) > 1)
    fail("roc_auc: expected classes 0 and 1, found {}", std::ranges::max(labels));
  const std::unique_ptr<bool[]> positive(new bool[labels.size()]);
  for (std::size_t row = 0; row < labels.size(); ++row) positive[row] = labels[row] == 1;
  const auto area = metrics::auc(scores, std::span<const bool>(positive.get(), labels.size()));
  if (!area) fail("roc_auc: the rows are of one class only, expected rows of both");
  return *area;
}

metrics::RegressionErrors errors(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return metrics::regression_errors(fitted.predict(x), cast(y, DType::kFloat64));
}
double neg_squared(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const Tensor off = fitted.predict(x) - cast(y, DType::kFloat64);
  return -mean(off * off).item<double>();
}
double neg_root_squared(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return -errors(fitted, x, y).rmse;
}
double neg_absolute(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return -errors(fitted, x, y).mae;
}

struct Row {
  std::string_view name;
  Task task;
  double (*score)(const Estimator&, const Tensor&, const Tensor&);
};
constexpr Row kRows[] = {
    {"accuracy", Task::kClassification, plain_score},
    {"balanced_accuracy", Task::kClassification, balanced_accuracy},
    {"f1_macro", Task::kClassification, f1_macro},
    {"neg_log_loss", Task::kClassification, neg_log_loss},
    {"roc_auc", Task::kClassification, roc_auc},
    {"r2", Task::kRegression, plain_score},
    {"neg_mean_squared_error", Task::kRegression, neg_squared},
    {"neg_root_mean_squared_error", Task::kRegression, neg_root_squared},
    {"neg_mean_absolute_error", Task::kRegression, neg_absolute},
};

}  // namespace

std::vector<double> scores_of_second_class(const Classifier& fitted, const Tensor& x) {
  if (fitted.has_decision_function()) return fitted.decision_function(x).to_vector<double>();
  if (!fitted.has_probabilities()) return {};
  return contiguous(fitted.predict_proba(x).slice({Range::all(), 1})).to_vector<double>();
}

std::vector<std::string> scorings(Task task) {
  std::vector<std::string> names;
  for (const Row& row : kRows)
    if (row.task == task) names.emplace_back(row.name);
  return names;
}

Scorer scorer(std::string_view scoring, Task task) {
  if (task != Task::kClassification && task != Task::kRegression)
    fail("a {} has no score: it is not learned from a target", task_name(task));
  if (scoring.empty()) return plain_score;
  for (const Row& row : kRows)
    if (row.name == scoring && row.task == task)
      return [score = row.score](const Estimator& fitted, const Tensor& x, const Tensor& y) {
        const FloatEnvironment contract;
        return score(fitted, x, y);
      };
  const std::vector<std::string> names = scorings(task);
  fail_with(ExitCode::kUsage, "there is no score '{}' of a {}{}; there are: {}", scoring, task_name(task),
            did_you_mean(scoring, names), fmt::join(names, ", "));
}

}  // namespace tessera::learn
