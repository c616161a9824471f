#include "tessera/learn/named_estimator.h"

#include <algorithm>

#include "tessera/learn/class_target.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/prefixed.h"

namespace tessera::learn {

namespace {

const std::vector<std::string_view>& predictors() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> found;
    for (const EstimatorRow& row : estimators()) {
      const Task task = row.make()->task();
      if (task == Task::kClassification || task == Task::kRegression) found.push_back(row.name);
    }
    return found;
  }();
  return names;
}

}  // namespace

Estimator& NamedEstimator::prototype() const {
  if (prototype_ == nullptr || prototype_->name() != name_) prototype_ = make_estimator(name_);
  return *prototype_;
}

void NamedEstimator::visit_parameters(ParameterVisitor& visitor, std::string_view sentence) {
  const std::vector<std::string_view>& names = predictors();
  int chosen = static_cast<int>(std::ranges::find(names, prototype().name()) - names.begin());
  visitor.choice("estimator", chosen, names, sentence);
  name_ = names[static_cast<std::size_t>(chosen)];
  Prefixed inside("estimator__", visitor);
  prototype().visit_parameters(inside);
}

Tensor NamedEstimator::target(std::string_view owner, const Tensor& y) const {
  require_target(owner, y);
  if (prototype().task() != Task::kClassification) return y;
  return Tensor::from(class_target(owner, y), {y.size(0)});
}

}  // namespace tessera::learn
