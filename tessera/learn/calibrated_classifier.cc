#include "tessera/learn/calibrated_classifier.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/folds.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/prefixed.h"
#include "tessera/learn/present_classes.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kMethods[] = {"sigmoid", "isotonic"};

const std::vector<std::string_view>& classifiers() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> found;
    for (const EstimatorRow& row : estimators())
      if (row.make()->task() == Task::kClassification) found.push_back(row.name);
    return found;
  }();
  return names;
}

std::unique_ptr<Classifier> make_classifier(std::string_view name) {
  std::unique_ptr<Estimator> made = make_estimator(name);
  auto* classifier = dynamic_cast<Classifier*>(made.get());
  if (classifier == nullptr)
    fail("calibrated_classifier: {} is for {}, expected a classifier", name, task_name(made->task()));
  made.release();
  return std::unique_ptr<Classifier>(classifier);
}

// What maps are made of: [N] of two classes, else [N, classes].
Tensor scores_of(const Classifier& classifier, const Tensor& x) {
  Tensor scores =
      classifier.has_decision_function() ? classifier.decision_function(x) : classifier.predict_proba(x);
  if (classifier.classes() == 2 && scores.rank() == 2) scores = copy(scores.slice({Range::all(), 1}));
  if (scores.rank() == 2 && scores.size(1) != classifier.classes())
    fail("calibrated_classifier: {} gives {} decisions for {} classes, expected one for each",
         classifier.name(), scores.size(1), classifier.classes());
  return scores;
}

// Decisions between pairs of classes cannot be told from decisions for classes where there are three of both.
void refuse_pairs(Classifier& classifier) {
  for (const ParameterText& parameter : parameters(classifier))
    if (parameter.name.ends_with("decision_function_shape") && parameter.value == "ovo")
      fail("calibrated_classifier: {} of {} is \"ovo\", expected \"ovr\": a decision for each class",
           parameter.name, classifier.name());
}

Tensor rows_at(const Tensor& x, const std::vector<std::int64_t>& rows) {
  return contiguous(gather(x, Tensor::from(rows, {static_cast<std::int64_t>(rows.size())})));
}

}  // namespace

Classifier& CalibratedClassifier::prototype() const {
  if (prototype_ == nullptr || prototype_->name() != parameters_.estimator)
    prototype_ = make_classifier(parameters_.estimator);
  return *prototype_;
}

std::unique_ptr<Classifier> CalibratedClassifier::copy_of_prototype() const {
  std::unique_ptr<Classifier> copy = make_classifier(prototype().name());
  set_parameters(*copy, parameters_json(prototype()));
  return copy;
}

void CalibratedClassifier::visit_parameters(ParameterVisitor& visitor) {
  const std::vector<std::string_view>& names = classifiers();
  int chosen = static_cast<int>(std::ranges::find(names, prototype().name()) - names.begin());
  visitor.choice("estimator", chosen, names, "The classifier inside.");
  parameters_.estimator = names[static_cast<std::size_t>(chosen)];
  visitor.choice("method", parameters_.method, kMethods, "How what it says becomes a probability.");
  visitor.integer("cv", parameters_.cv, Bounds::between(2, 1000),
                  "How many folds the rows are divided into.");
  visitor.flag("ensemble", parameters_.ensemble,
               "A copy and a map for each fold; otherwise one copy of all rows, and one map of all folds.");
  Prefixed inside("estimator__", visitor);
  prototype().visit_parameters(inside);
}

void CalibratedClassifier::make_members() {
  members_.clear();
  for (std::int64_t i = 0; i < (parameters_.ensemble ? parameters_.cv : 1); ++i)
    members_.push_back({copy_of_prototype(), {}});
}

void CalibratedClassifier::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  refuse_pairs(prototype());
  present_ = present_classes(y);
  const Tensor among = counted_among(present_, y);
  const auto labels = among.values<std::int64_t>();
  const std::int64_t there = present_.size(0);
  for (std::int64_t c = 0; c < there; ++c)
    if (const auto count = std::ranges::count(labels, c); count < parameters_.cv)
      fail("{}: class {} has {} rows, expected one for each of the {} folds (cv) at least", name(),
           present_.at<std::int64_t>({c}), count, parameters_.cv);
  const std::vector<data::Split> folds =
      data::stratified_k_fold(labels, {.folds = parameters_.cv, .shuffle = false});
  make_members();
  std::vector<Tensor> scores, targets;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const std::unique_ptr<Classifier> own = parameters_.ensemble ? nullptr : copy_of_prototype();
    Classifier& copy = parameters_.ensemble ? *members_[f].classifier : *own;
    copy.fit(rows_at(x, folds[f].train), rows_at(among, folds[f].train));
    scores.push_back(scores_of(copy, rows_at(x, folds[f].held_out)));
    targets.push_back(rows_at(among, folds[f].held_out));
    if (parameters_.ensemble)
      members_[f].maps.learn(parameters_.method, scores.back(), targets.back(), there);
  }
  if (parameters_.ensemble) return;
  members_.front().maps.learn(parameters_.method, concatenate(scores, 0), concatenate(targets, 0), there);
  members_.front().classifier->fit(x, among);
}

Tensor CalibratedClassifier::probabilities(const Tensor& x) const {
  Tensor sum;
  for (const Member& member : members_) {
    const Tensor p = member.maps.probabilities(scores_of(*member.classifier, x));
    sum = sum.defined() ? sum + p : p;
  }
  return among_all(present_, sum / static_cast<double>(members()), classes());
}

void CalibratedClassifier::visit_learned(StateVisitor& visitor) {
  if (members_.empty()) make_members();
  visitor.tensor("present", present_);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::string part = "member" + std::to_string(i);
    visit_part(visitor, part, *members_[i].classifier);
    members_[i].maps.visit_state(visitor, part, parameters_.method);
  }
}

void CalibratedClassifier::check_learned() const {
  require_present_classes(name(), present_, classes());
  for (const Member& member : members_) {
    member.classifier->check_restored();
    if (member.classifier->features() != features() || member.classifier->classes() != present_.size(0))
      refuse_restored(name(), "a copy has learned other features or classes");
    member.maps.check_restored(name(), parameters_.method, present_.size(0));
  }
}

}  // namespace tessera::learn
