// An estimator inside another that is named by a setting, with its own settings under "estimator__". Internal to this room.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/learn/estimator.h"
#include "tessera/learn/model_selection.h"

namespace tessera::learn {

class NamedEstimator {
 public:
  explicit NamedEstimator(std::string name) : name_(std::move(name)) {}
  // Any classifier or regressor.
  void visit_parameters(ParameterVisitor& visitor, std::string_view sentence);
  Estimator& prototype() const;  // not fitted
  // A copy of it to be fitted, and a transformation's target as it takes it.
  std::unique_ptr<Estimator> copy() const { return unfitted_copy(prototype()); }
  Tensor target(std::string_view owner, const Tensor& y) const;

 private:
  std::string name_;
  mutable std::unique_ptr<Estimator> prototype_;  // made when first asked for
};

}  // namespace tessera::learn
