// Pipelines: transformers one after the other and an estimator behind them, used as one estimator.
//
// `steps` names estimators of estimators.h, separated by commas: all but the last are transformations, the last one is of the kind that the pipeline is named after
// (pipeline_classifier, pipeline_regressor, pipeline_clusterer, pipeline_transformer). The settings of a step are those of the pipeline
// with the step's name and two underscores before them: "select_k_best__k". Of steps with one name the second is NAME_2, the third NAME_3. Pipelines stand within
// bags, searches and pipelines as any estimator does.
//
// What each step learns it learns from the training rows as the step before gives them to it (Transformer::fit_transform): encoders of a target
// hide each row's own. A prediction goes the same way through transform(). Names and meaning are those of scikit-learn's Pipeline.
//
// Errors: those of the steps, by their names; a step that does not exist, or is of the wrong kind, where it is set. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 100, 1, 300, 10, 200, 11, 0}, {4, 2});
// const Tensor y = Tensor::from<std::int64_t>({0, 0, 1, 1}, {4});
// learn::PipelineClassifier model("min_max_scaler, k_neighbors_classifier");
// learn::set_parameter(model, "k_neighbors_classifier__n_neighbors", "1");
// model.fit(x, y);
// assert(model.score(x, y) == 1 && model.step(0).name() == "min_max_scaler");
// ```
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

// What the kinds of pipelines share.
class Steps {
 public:
  Steps(Task task, std::string names);

  void visit_parameters(ParameterVisitor& visitor);
  std::int64_t count() const { return static_cast<std::int64_t>(steps_.size()); }
  Estimator& step(std::int64_t number) const { return *steps_[static_cast<std::size_t>(number)].estimator; }
  Estimator& last() const { return *steps_.back().estimator; }
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer);
  // What the last step is given.
  Tensor before_last(const Tensor& x) const;
  // The same of the rows that were learned from.
  Tensor training_before_last(const Tensor& x, const Tensor& y) const;
  void visit_state(StateVisitor& visitor);
  void check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const;

 private:
  struct Step {
    std::string key;  // its name, with a number where it is not the first of that name
    std::unique_ptr<Estimator> estimator;
  };
  std::vector<Step> made(const std::string& names) const;
  void check_links(std::string_view owner, std::int64_t features) const;
  const Transformer& transformer(std::size_t number) const;

  Task task_;
  std::string names_;
  std::vector<Step> steps_;
};

// A pipeline as an estimator of the kind of its last step.
template <typename Kind>
class PipelineOf : public Kind {
 public:
  void visit_parameters(ParameterVisitor& visitor) override { steps_.visit_parameters(visitor); }
  bool accepts_missing() const override { return steps_.step(0).accepts_missing(); }
  std::int64_t steps() const { return steps_.count(); }
  Estimator& step(std::int64_t number) const { return steps_.step(number); }

 protected:
  PipelineOf(Task task, std::string names) : steps_(task, std::move(names)) {}
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override {
    steps_.learn(x, y, observer);
  }
  void visit_learned(StateVisitor& visitor) override { steps_.visit_state(visitor); }
  void check_learned() const override {
    steps_.check_restored(this->name(), this->features(), this->classes());
  }

  Steps steps_;
};

class PipelineClassifier : public PipelineOf<Classifier> {
 public:
  explicit PipelineClassifier(std::string steps = "standard_scaler, gaussian_nb")
      : PipelineOf(Task::kClassification, std::move(steps)) {}
  std::string_view name() const override { return "pipeline_classifier"; }
  bool has_probabilities() const override { return classifier().has_probabilities(); }
  bool has_decision_function() const override { return classifier().has_decision_function(); }

 protected:
  Tensor probabilities(const Tensor& x) const override;
  Tensor decisions(const Tensor& x) const override;
  Tensor answer(const Tensor& x) const override;

 private:
  const Classifier& classifier() const;
};

class PipelineRegressor : public PipelineOf<Regressor> {
 public:
  explicit PipelineRegressor(std::string steps = "standard_scaler, k_neighbors_regressor")
      : PipelineOf(Task::kRegression, std::move(steps)) {}
  std::string_view name() const override { return "pipeline_regressor"; }

 protected:
  Tensor answer(const Tensor& x) const override;
};

class PipelineClusterer : public PipelineOf<Clusterer> {
 public:
  explicit PipelineClusterer(std::string steps = "standard_scaler, k_means")
      : PipelineOf(Task::kClustering, std::move(steps)) {}
  std::string_view name() const override { return "pipeline_clusterer"; }

 protected:
  Tensor answer(const Tensor& x) const override;
};

class PipelineTransformer : public PipelineOf<Transformer> {
 public:
  explicit PipelineTransformer(std::string steps = "simple_imputer, standard_scaler")
      : PipelineOf(Task::kTransformation, std::move(steps)) {}
  std::string_view name() const override { return "pipeline_transformer"; }

 protected:
  Tensor transformed(const Tensor& x) const override;
  Tensor transformed_training(const Tensor& x, const Tensor& y) const override;
};

}  // namespace tessera::learn
