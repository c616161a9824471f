#include "tessera/learn/scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/suggest.h"
#include "tessera/metrics/calibration.h"
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

double neg_brier_score(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const Tensor all = dynamic_cast<const Classifier&>(fitted).predict_proba(x);
  const double score = metrics::brier_score(all, y);
  return fitted.classes() == 2 ? -score / 2 : -score;  // of two classes that of one of them
}

double f1_weighted(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const metrics::ConfusionMatrix matrix = confusion(fitted, x, y);
  std::vector<double> scores;
  for (std::int64_t label = 0; label < matrix.classes(); ++label)
    scores.push_back(static_cast<double>(matrix.actual_count(label)) * matrix.f1(label));
  return numerics::sum(std::span<const double>(scores)) / static_cast<double>(matrix.total());
}

// Which rows are of a class.
class RowsOf {
 public:
  RowsOf(const std::vector<std::int64_t>& labels, std::int64_t label)
      : count_(labels.size()), positive_(new bool[labels.size()]) {
    for (std::size_t row = 0; row < labels.size(); ++row) positive_[row] = labels[row] == label;
  }
  std::span<const bool> positive() const { return {positive_.get(), count_}; }

 private:
  std::size_t count_;
  std::unique_ptr<bool[]> positive_;  // a vector of bool has no span
};

// The labels, all 0 or 1, where the second class has a score of its own.
std::vector<std::int64_t> two_classes(std::string_view score, const Estimator& fitted, const Tensor& y) {
  if (fitted.classes() != 2)
    fail("{}: expected two classes, {} has learned {}", score, fitted.name(), fitted.classes());
  std::vector<std::int64_t> labels = y.to_vector<std::int64_t>();
  if (!labels.empty() && std::ranges::max(labels) > 1)
    fail("{}: expected classes 0 and 1, found {}", score, std::ranges::max(labels));
  return labels;
}

template <double (metrics::ConfusionMatrix::*measure)(std::int64_t) const>
double of_second_class(std::string_view score, const Estimator& fitted, const Tensor& x, const Tensor& y) {
  two_classes(score, fitted, y);
  return (confusion(fitted, x, y).*measure)(1);
}
double f1(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return of_second_class<&metrics::ConfusionMatrix::f1>("f1", fitted, x, y);
}
double precision(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return of_second_class<&metrics::ConfusionMatrix::precision>("precision", fitted, x, y);
}
double recall(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return of_second_class<&metrics::ConfusionMatrix::recall>("recall", fitted, x, y);
}

using Ranking = std::optional<double> (*)(std::span<const double>, std::span<const bool>);
double of_ranking(std::string_view score, Ranking ranking, const Estimator& fitted, const Tensor& x,
                  const Tensor& y) {
  const std::vector<std::int64_t> labels = two_classes(score, fitted, y);
  const std::vector<double> scores = scores_of_second_class(dynamic_cast<const Classifier&>(fitted), x);
  if (scores.empty()) fail("{}: {} says a class without a score", score, fitted.name());
  const RowsOf second(labels, 1);
  const std::optional<double> found = ranking(scores, second.positive());
  const bool all = std::ranges::count(labels, 1) == std::ssize(labels);
  if (!found || all) fail("{}: the rows are of one class only, expected rows of both", score);
  return *found;
}
double roc_auc(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return of_ranking("roc_auc", metrics::auc, fitted, x, y);
}
double average_precision(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return of_ranking("average_precision", metrics::average_precision, fitted, x, y);
}

double roc_auc_ovr(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const std::vector<double> all = probabilities(fitted, x);
  const std::vector<std::int64_t> labels = y.to_vector<std::int64_t>();
  const auto classes = static_cast<std::size_t>(fitted.classes());
  if (!labels.empty() && std::ranges::max(labels) >= fitted.classes())
    fail("roc_auc_ovr: {} has learned {} classes, found class {}", fitted.name(), classes,
         std::ranges::max(labels));
  std::vector<double> areas, scores(labels.size());
  for (std::size_t label = 0; label < classes; ++label) {
    for (std::size_t row = 0; row < labels.size(); ++row) scores[row] = all[row * classes + label];
    const RowsOf rows(labels, static_cast<std::int64_t>(label));
    const std::optional<double> area = metrics::auc(scores, rows.positive());
    if (!area)
      fail("roc_auc_ovr: none of the rows, or all of them, are of class {} of {}, expected some", label + 1,
           classes);
    areas.push_back(*area);
  }
  return numerics::mean(std::span<const double>(areas));
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
double explained_variance(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const Tensor target = cast(y, DType::kFloat64), off = target - fitted.predict(x);
  const auto spread = [](const Tensor& values) {
    const Tensor from_mean = values - mean(values);
    return mean(from_mean * from_mean).item<double>();
  };
  const double of_errors = spread(off), of_target = spread(target);
  if (of_target == 0) return of_errors == 0 ? 1 : 0;
  return 1 - of_errors / of_target;
}
double neg_median_absolute(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  const Tensor off = absolute(fitted.predict(x) - cast(y, DType::kFloat64));
  std::vector<double> errors = off.to_vector<double>();
  std::ranges::sort(errors);
  const std::size_t half = errors.size() / 2;
  return errors.size() % 2 == 1 ? -errors[half] : -(errors[half - 1] + errors[half]) / 2;
}
double neg_absolute(const Estimator& fitted, const Tensor& x, const Tensor& y) {
  return -errors(fitted, x, y).mae;
}

struct Row {
  std::string_view name;
  Task task;
  double (*score)(const Estimator&, const Tensor&, const Tensor&);
  bool of_second_class = false;  // how well that class is found
};
constexpr Row kRows[] = {
    {"accuracy", Task::kClassification, plain_score},
    {"balanced_accuracy", Task::kClassification, balanced_accuracy},
    {"f1_macro", Task::kClassification, f1_macro},
    {"f1_weighted", Task::kClassification, f1_weighted},
    {"neg_log_loss", Task::kClassification, neg_log_loss},
    {"neg_brier_score", Task::kClassification, neg_brier_score},
    {"roc_auc_ovr", Task::kClassification, roc_auc_ovr},
    {"roc_auc", Task::kClassification, roc_auc},
    {"average_precision", Task::kClassification, average_precision, true},
    {"f1", Task::kClassification, f1, true},
    {"precision", Task::kClassification, precision, true},
    {"recall", Task::kClassification, recall, true},
    {"r2", Task::kRegression, plain_score},
    {"explained_variance", Task::kRegression, explained_variance},
    {"neg_mean_squared_error", Task::kRegression, neg_squared},
    {"neg_root_mean_squared_error", Task::kRegression, neg_root_squared},
    {"neg_mean_absolute_error", Task::kRegression, neg_absolute},
    {"neg_median_absolute_error", Task::kRegression, neg_median_absolute},
};

}  // namespace

std::vector<double> scores_of_second_class(const Classifier& fitted, const Tensor& x) {
  if (fitted.has_decision_function()) return fitted.decision_function(x).to_vector<double>();
  if (!fitted.has_probabilities()) return {};
  return contiguous(fitted.predict_proba(x).slice({Range::all(), 1})).to_vector<double>();
}

bool is_of_second_class(std::string_view scoring) {
  return std::ranges::any_of(kRows,
                             [&](const Row& row) { return row.of_second_class && row.name == scoring; });
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
