#include "tessera/learn/voting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/numbers.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/name_list.h"
#include "tessera/learn/prefixed.h"
#include "tessera/learn/present_classes.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kVotings[] = {"hard", "soft"};
constexpr std::size_t kMostMembers = 100;

// What `weights` says; for "" nothing.
std::vector<double> numbers_of(std::string_view owner, const std::string& text) {
  std::vector<double> weights;
  for (const std::string& part : listed_names(text)) {
    const auto number = data::parse_real(part);
    if (!number || !std::isfinite(*number) || *number < 0)
      fail_with(ExitCode::kUsage,
                "{}: weights: expected numbers of at least 0, separated by commas, found '{}'", owner, part);
    weights.push_back(*number);
  }
  return weights;
}

}  // namespace

Voters::Voters(Task task, std::string estimators, std::string weights)
    : task_(task),
      estimators_(std::move(estimators)),
      weights_(std::move(weights)),
      members_(made(estimators_)) {}

std::vector<Voters::Member> Voters::made(const std::string& names) const {
  const std::vector<std::string> wanted = listed_names(names);
  if (wanted.empty() || wanted.size() > kMostMembers)
    fail_with(ExitCode::kUsage, "estimators: found {} names, expected 1 to {}, separated by commas",
              wanted.size(), kMostMembers);
  std::vector<Member> members;
  std::map<std::string, int> times;
  for (const std::string& name : wanted) {
    const int before = times[name]++;
    std::unique_ptr<Estimator> estimator = make_estimator(name);
    if (estimator->task() != task_)
      fail_with(ExitCode::kUsage, "estimators: {} is for {}, expected {}", name, task_name(estimator->task()),
                task_name(task_));
    members.push_back({before == 0 ? name : fmt::format("{}_{}", name, before + 1), std::move(estimator)});
  }
  return members;
}

void Voters::visit_parameters(std::string_view owner, ParameterVisitor& visitor) {
  std::string names = estimators_, weights = weights_;
  visitor.text("estimators", names, "The estimators by name, separated by commas.");
  if (names != estimators_) {
    members_ = made(names);
    estimators_ = std::move(names);
  }
  visitor.text("weights", weights, "A number for each, separated by commas; empty: all count the same.");
  numbers_of(owner, weights);
  weights_ = std::move(weights);
  for (const Member& member : members_) {
    Prefixed inside(member.key + "__", visitor);
    member.estimator->visit_parameters(inside);
  }
}

std::vector<double> Voters::weights(std::string_view owner) const {
  std::vector<double> weights = numbers_of(owner, weights_);
  if (weights.empty()) weights.assign(members_.size(), 1);
  if (weights.size() != members_.size())
    fail("{}: weights: found {}, expected one for each of the {} estimators", owner, weights.size(), count());
  if (std::ranges::all_of(weights, [](double weight) { return weight == 0; }))
    fail("{}: weights: all are 0, expected one above it", owner);
  if (double sum = 0; !std::isfinite(std::accumulate(weights.begin(), weights.end(), sum)))
    fail("{}: weights: their sum is infinite, expected smaller ones", owner);
  return weights;
}

bool Voters::accepts_missing() const {
  return std::ranges::all_of(members_,
                             [](const Member& member) { return member.estimator->accepts_missing(); });
}

void Voters::learn(std::string_view owner, const Tensor& x, const Tensor& y) {
  weights(owner);
  for (const Member& member : members_) member.estimator->fit(x, y);
}

void Voters::visit_state(StateVisitor& visitor) {
  for (const Member& member : members_) visit_part(visitor, member.key, *member.estimator);
}

void Voters::check_restored(std::string_view owner, std::int64_t features, std::int64_t classes) const {
  for (const Member& member : members_) {
    member.estimator->check_restored();
    if (member.estimator->features() != features || member.estimator->classes() != classes)
      refuse_restored(owner, fmt::format("{} has learned other features or classes", member.key));
  }
}

void VotingClassifier::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("voting", voting_, kVotings, "Whether classes are counted, or probabilities averaged.");
  voters_.visit_parameters(name(), visitor);
}

void VotingClassifier::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  for (std::int64_t i = 0; i < members(); ++i)
    if (const auto& classifier = dynamic_cast<const Classifier&>(member(i));
        voting_ == Voting::kSoft && !classifier.has_probabilities())
      fail(
          "{}: voting is \"soft\" but {} does not say how probable a class is: expected \"hard\", or a "
          "calibrated_classifier of it",
          name(), classifier.name());
  present_ = present_classes(y);
  voters_.learn(name(), x, counted_among(present_, y));
}

Tensor VotingClassifier::probabilities(const Tensor& x) const {
  if (voting_ == Voting::kHard) return Classifier::probabilities(x);
  const std::vector<double> weights = voters_.weights(name());
  Tensor sum;
  double all = 0;
  for (std::int64_t i = 0; i < members(); ++i) {
    const double weight = weights[static_cast<std::size_t>(i)];
    const Tensor p = dynamic_cast<const Classifier&>(member(i)).predict_proba(x) * weight;
    sum = sum.defined() ? sum + p : p;
    all += weight;
  }
  return among_all(present_, sum / all, classes());
}

Tensor VotingClassifier::decisions(const Tensor& x) const {
  if (voting_ == Voting::kSoft) return Classifier::decisions(x);
  const std::vector<double> weights = voters_.weights(name());
  Tensor sum = zeros({x.size(0), present_.size(0)}, DType::kFloat64);
  for (std::int64_t i = 0; i < members(); ++i) {
    const Tensor said =
        cast(equal(reshape(member(i).predict(x), {-1, 1}), arange(present_.size(0))), DType::kFloat64);
    sum = sum + said * weights[static_cast<std::size_t>(i)];
  }
  if (classes() == 2) return copy(sum.slice({Range::all(), 1}) - sum.slice({Range::all(), 0}));
  return among_all(present_, sum, classes());
}

void VotingClassifier::visit_learned(StateVisitor& visitor) {
  visitor.tensor("present", present_);
  voters_.visit_state(visitor);
}

void VotingClassifier::check_learned() const {
  require_present_classes(name(), present_, classes());
  voters_.check_restored(name(), features(), present_.size(0));
}

Tensor VotingRegressor::answer(const Tensor& x) const {
  const std::vector<double> weights = voters_.weights(name());
  Tensor sum;
  double all = 0;
  for (std::int64_t i = 0; i < members(); ++i) {
    const double weight = weights[static_cast<std::size_t>(i)];
    const Tensor said = member(i).predict(x) * weight;
    sum = sum.defined() ? sum + said : said;
    all += weight;
  }
  return sum / all;
}

}  // namespace tessera::learn
