#include "tessera/learn/bagging.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/prefixed.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/random.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::uint32_t kAttempts = 100;

std::vector<std::string_view> names_of(Task task) {
  std::vector<std::string_view> names;
  for (const EstimatorRow& row : estimators())
    if (row.make()->task() == task) names.push_back(row.name);
  return names;
}

const std::vector<std::string_view>& names(Task task) {
  static const std::vector<std::string_view> classifiers = names_of(Task::kClassification);
  static const std::vector<std::string_view> regressors = names_of(Task::kRegression);
  return task == Task::kClassification ? classifiers : regressors;
}

bool has_seed(Estimator& estimator) {
  return std::ranges::any_of(parameters(estimator),
                             [](const ParameterText& parameter) { return parameter.name == "seed"; });
}

// A copy that knows no probabilities has one vote.
Tensor probabilities_or_votes(const Classifier& classifier, const Tensor& x) {
  if (classifier.has_probabilities()) return classifier.predict_proba(x);
  const Tensor predicted = reshape(classifier.predict(x), {-1, 1});
  return cast(equal(predicted, arange(classifier.classes())), DType::kFloat64);
}

std::int64_t share(double part, std::int64_t all) {
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::nearbyint(part * static_cast<double>(all))),
                                  1, all);
}

Tensor drawn_list(const std::vector<std::int64_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

}  // namespace

Estimator& Bag::prototype() const {
  const std::string_view tree =
      task_ == Task::kClassification ? "decision_tree_classifier" : "decision_tree_regressor";
  const std::string_view wanted = parameters_.estimator.empty() ? tree : parameters_.estimator;
  if (prototype_ == nullptr || prototype_->name() != wanted) prototype_ = make_estimator(wanted);
  if (prototype_->task() != task_)
    fail("a bag of {}: {} is for {}", task_name(task_), wanted, task_name(prototype_->task()));
  return *prototype_;
}

void Bag::visit_parameters(ParameterVisitor& visitor) {
  const std::vector<std::string_view>& all = names(task_);
  int chosen = static_cast<int>(std::ranges::find(all, prototype().name()) - all.begin());
  visitor.choice("estimator", chosen, all, "What is bagged.");
  parameters_.estimator = all[static_cast<std::size_t>(chosen)];
  visitor.integer("n_estimators", parameters_.n_estimators, Bounds::between(1, 100'000), "How many copies.");
  visitor.real("max_samples", parameters_.max_samples, {.least = 0, .most = 1, .least_excluded = true},
               "How many rows are drawn for a copy, as a share of all.");
  visitor.real("max_features", parameters_.max_features, {.least = 0, .most = 1, .least_excluded = true},
               "How many features a copy sees, as a share of all.");
  visitor.flag("bootstrap", parameters_.bootstrap, "Rows are drawn with replacement.");
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0), "What the draws depend on.");
  Prefixed inside("estimator__", visitor);
  prototype().visit_parameters(inside);
}

void Bag::make_members() {
  members_.clear();
  classes_.assign(static_cast<std::size_t>(parameters_.n_estimators), {});
  const nlohmann::json settings = parameters_json(prototype());
  const bool seeded = has_seed(prototype());
  const auto key = numerics::stream_key(static_cast<std::uint64_t>(parameters_.seed), "members.seed");
  for (std::int64_t i = 0; i < parameters_.n_estimators; ++i) {
    std::unique_ptr<Estimator>& member = members_.emplace_back(make_estimator(prototype().name()));
    set_parameters(*member, settings);
    const std::uint64_t seed = numerics::bounded(std::uint64_t{1} << 31, key, 0, i);
    if (seeded) set_parameter(*member, "seed", std::to_string(seed));
  }
}

// What a copy sees of a row.
Tensor Bag::columns(std::int64_t member, const Tensor& x) const {
  const std::int64_t all = x.size(1), wanted = share(parameters_.max_features, all);
  if (wanted == all) return x;
  const auto key = numerics::stream_key(static_cast<std::uint64_t>(parameters_.seed), "members.columns");
  std::vector<std::int64_t> order = numerics::permutation(all, key, static_cast<std::uint32_t>(member));
  order.resize(static_cast<std::size_t>(wanted));
  std::ranges::sort(order);
  return contiguous(transpose(gather(contiguous(transpose(x)), drawn_list(order))));
}

// Ascending.
Tensor Bag::rows(std::int64_t member, std::int64_t count, std::uint32_t attempt) const {
  const std::int64_t wanted = share(parameters_.max_samples, count);
  const auto key = numerics::stream_key(static_cast<std::uint64_t>(parameters_.seed),
                                        "member" + std::to_string(member) + ".rows");
  std::vector<std::int64_t> drawn(static_cast<std::size_t>(wanted));
  if (parameters_.bootstrap) {
    numerics::fill_bounded(drawn.data(), wanted, count, key, attempt);
  } else {
    drawn = numerics::permutation(count, key, attempt);
    drawn.resize(static_cast<std::size_t>(wanted));
  }
  std::ranges::sort(drawn);
  return drawn_list(drawn);
}

Tensor Bag::sample(std::string_view name, std::int64_t member, const Tensor& y) {
  for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
    Tensor drawn = rows(member, y.size(0), attempt);
    if (task_ == Task::kRegression) return drawn;
    std::vector<std::int64_t> there = gather(y, drawn).to_vector<std::int64_t>();
    std::ranges::sort(there);
    there.erase(std::unique(there.begin(), there.end()), there.end());
    if (there.size() < 2) continue;
    classes_[static_cast<std::size_t>(member)] = drawn_list(there);
    return drawn;
  }
  fail("{}: {} samples in a row had rows of one class only; give more rows or raise max_samples", name,
       kAttempts);
}

void Bag::learn(std::string_view name, const Tensor& x, const Tensor& y) {
  make_members();
  for (std::int64_t i = 0; i < members(); ++i) {
    const Tensor drawn = sample(name, i, y);
    Tensor target = gather(y, drawn);
    if (task_ == Task::kClassification) {  // counted from 0 among the classes that are there
      const auto there = classes_[static_cast<std::size_t>(i)].values<std::int64_t>();
      std::vector<std::int64_t> places;
      for (const std::int64_t c : target.to_vector<std::int64_t>())
        places.push_back(std::ranges::lower_bound(there, c) - there.begin());
      target = drawn_list(places);
    }
    member(i).fit(columns(i, contiguous(gather(x, drawn))), target);
  }
}

// One chain of additions in the order of the copies.
Tensor Bag::mean_answer(const Tensor& x, std::int64_t classes) const {
  const std::int64_t width = std::max<std::int64_t>(classes, 1);
  std::vector<double> sums(static_cast<std::size_t>(x.size(0) * width));
  for (std::int64_t i = 0; i < members(); ++i) {
    const auto* classifier = dynamic_cast<const Classifier*>(&member(i));
    const Tensor seen = columns(i, x);
    const std::vector<double> says =
        (classifier != nullptr ? probabilities_or_votes(*classifier, seen) : member(i).predict(seen))
            .to_vector<double>();
    const std::vector<std::int64_t> to = classifier != nullptr
                                             ? classes_[static_cast<std::size_t>(i)].to_vector<std::int64_t>()
                                             : std::vector<std::int64_t>{0};
    for (std::int64_t row = 0; row < x.size(0); ++row)
      for (std::size_t k = 0; k < to.size(); ++k)
        sums[static_cast<std::size_t>(row * width + to[k])] +=
            says[static_cast<std::size_t>(row) * to.size() + k];
  }
  return Tensor::from(sums, {x.size(0), width}) / static_cast<double>(members());
}

void Bag::visit_state(StateVisitor& visitor) {
  if (members_.empty()) make_members();
  for (std::int64_t i = 0; i < members(); ++i) {
    const std::string part = "member" + std::to_string(i);
    visit_part(visitor, part, member(i));
    if (task_ == Task::kClassification)
      visitor.tensor(part + ".classes_of_sample", classes_[static_cast<std::size_t>(i)]);
  }
}

Tensor BaggingRegressor::answer(const Tensor& x) const {
  return reshape(bag_.mean_answer(x, 0), {-1});
}

void Bag::check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const {
  if (members() != parameters_.n_estimators) refuse_restored(owner, "a copy is missing");
  for (std::int64_t i = 0; i < members(); ++i) {
    member(i).check_restored();
    if (member(i).features() != share(parameters_.max_features, features))
      refuse_restored(owner, "a copy has learned other features");
    if (task_ == Task::kRegression) continue;
    const Tensor& there = classes_[static_cast<std::size_t>(i)];
    require_restored(owner, "classes_of_sample", there, DType::kInt64, {member(i).classes()});
    require_below(owner, "classes_of_sample", there, classes);
  }
}

}  // namespace tessera::learn
