#include "tessera/learn/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/name_list.h"
#include "tessera/learn/prefixed.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::size_t kMostNamedSteps = 100;

bool has_missing(const Tensor& row) {
  const std::vector<double> values = row.to_vector<double>();
  return std::ranges::any_of(values, [](double value) { return std::isnan(value); });
}

}  // namespace

Steps::Steps(Task task, std::string names) : task_(task), names_(std::move(names)), steps_(made(names_)) {}

std::vector<Steps::Step> Steps::made(const std::string& names) const {
  const std::vector<std::string> wanted = listed_names(names);
  if (wanted.empty() || wanted.size() > kMostNamedSteps)
    fail_with(
        ExitCode::kUsage,
        "steps: found {} names, expected 1 to {}, separated by commas: \"standard_scaler, gaussian_nb\"",
        wanted.size(), kMostNamedSteps);
  std::vector<Step> steps;
  std::map<std::string, int> times;
  for (const std::string& name : wanted) {
    const int before = times[name]++;
    std::unique_ptr<Estimator> estimator = make_estimator(name);
    const Task task = steps.size() + 1 < wanted.size() ? Task::kTransformation : task_;
    if (estimator->task() != task)
      fail_with(ExitCode::kUsage, "steps: step {} is {}, which is for {}, expected a {}", steps.size() + 1,
                name, task_name(estimator->task()), task_name(task));
    steps.push_back({before == 0 ? name : fmt::format("{}_{}", name, before + 1), std::move(estimator)});
  }
  return steps;
}

void Steps::visit_parameters(ParameterVisitor& visitor) {
  std::string names = names_;
  visitor.text("steps", names, "The estimators by name, in their order, separated by commas.");
  if (names != names_) {
    steps_ = made(names);
    names_ = std::move(names);
  }
  for (const Step& step : steps_) {
    Prefixed inside(step.key + "__", visitor);
    step.estimator->visit_parameters(inside);
  }
}

const Transformer& Steps::transformer(std::size_t number) const {
  return dynamic_cast<const Transformer&>(*steps_[number].estimator);  // made() has looked
}

void Steps::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  Tensor now = x;
  for (std::size_t i = 0; i + 1 < steps_.size(); ++i)
    now = dynamic_cast<Transformer&>(*steps_[i].estimator).fit_transform(now, y);
  last().fit(now, y, observer);
}

Tensor Steps::before_last(const Tensor& x) const {
  Tensor now = x;
  for (std::size_t i = 0; i + 1 < steps_.size(); ++i) now = transformer(i).transform(now);
  return now;
}

Tensor Steps::training_before_last(const Tensor& x, const Tensor& y) const {
  Tensor now = x;
  for (std::size_t i = 0; i + 1 < steps_.size(); ++i) now = transformer(i).transform_training(now, y);
  return now;
}

void Steps::visit_state(StateVisitor& visitor) {
  for (const Step& step : steps_) visit_part(visitor, step.key, *step.estimator);
}

void Steps::check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const {
  for (const Step& step : steps_) step.estimator->check_restored();
  if (steps_.front().estimator->features() != features)
    refuse_restored(owner, "its first step has learned other features");
  if (last().classes() != classes) refuse_restored(owner, "its last step has learned other classes");
  check_links(owner, features);
}

// Does each step take what the one before it gives? A row of zeros goes through them; a step may refuse it for what it is, but not give NaN.
void Steps::check_links(std::string_view owner, std::int64_t features) const {
  Tensor row = zeros({1, features}, DType::kFloat64);
  for (std::size_t i = 0; i + 1 < steps_.size(); ++i) {
    try {
      row = transformer(i).transform(row);
    } catch (const Error&) {
      if (has_missing(row)) refuse_restored(owner, "a step gives NaN");
      return;
    }
    const Estimator& next = *steps_[i + 1].estimator;
    if (row.size(1) != next.features())
      refuse_restored(owner, fmt::format("{} gives {} features, {} has learned {}", steps_[i].key,
                                         row.size(1), steps_[i + 1].key, next.features()));
    if (has_missing(row) && !next.accepts_missing()) refuse_restored(owner, "a step gives NaN");
  }
}

const Classifier& PipelineClassifier::classifier() const {
  return dynamic_cast<const Classifier&>(steps_.last());  // made() has looked
}

Tensor PipelineClassifier::probabilities(const Tensor& x) const {
  return classifier().predict_proba(steps_.before_last(x));
}

Tensor PipelineClassifier::decisions(const Tensor& x) const {
  return classifier().decision_function(steps_.before_last(x));
}

Tensor PipelineClassifier::answer(const Tensor& x) const {
  return steps_.last().predict(steps_.before_last(x));
}

Tensor PipelineRegressor::answer(const Tensor& x) const {
  return steps_.last().predict(steps_.before_last(x));
}

Tensor PipelineClusterer::answer(const Tensor& x) const {
  return steps_.last().predict(steps_.before_last(x));
}

Tensor PipelineTransformer::transformed(const Tensor& x) const {
  return dynamic_cast<const Transformer&>(steps_.last()).transform(steps_.before_last(x));
}

Tensor PipelineTransformer::transformed_training(const Tensor& x, const Tensor& y) const {
  return dynamic_cast<const Transformer&>(steps_.last())
      .transform_training(steps_.training_before_last(x, y), y);
}

}  // namespace tessera::learn
