#include "tessera/learn/simple_imputer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kStrategies[] = {"mean", "median", "most_frequent", "constant"};

double middle(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[half];
  return sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
}

double most_frequent(const std::vector<double>& sorted) {
  double best = sorted[0];
  std::size_t most = 0, run = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;
    if (run > most) {
      most = run;
      best = sorted[i];
    }
  }
  return best;
}

}  // namespace

void SimpleImputer::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("strategy", parameters_.strategy, kStrategies, "What stands for a missing value.");
  visitor.real("fill_value", parameters_.fill_value, {}, "The value of strategy \"constant\".");
}

double SimpleImputer::value_for(std::vector<double>& values) const {
  if (parameters_.strategy == Strategy::kMean) return numerics::mean(std::span<const double>(values));
  std::stable_sort(values.begin(), values.end());
  return parameters_.strategy == Strategy::kMedian ? middle(values) : most_frequent(values);
}

void SimpleImputer::learn(const Tensor& x, const Tensor&, StepObserver*) {
  const FloatEnvironment contract;
  const std::span<const double> all = x.values<double>();
  const std::int64_t rows = x.size(0), features = x.size(1);
  std::vector<double> fill(static_cast<std::size_t>(features), parameters_.fill_value);
  for (std::int64_t f = 0; f < features && parameters_.strategy != Strategy::kConstant; ++f) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < rows; ++i) {
      const double value = all[static_cast<std::size_t>(i * features + f)];
      if (!std::isnan(value)) values.push_back(value);
    }
    if (values.empty())
      fail("{}: feature {} has no value in any row; leave it out, or set strategy to constant", name(), f);
    fill[static_cast<std::size_t>(f)] = value_for(values);
  }
  fill_ = Tensor::from(fill, {features});
}

Tensor SimpleImputer::transformed(const Tensor& x) const {
  return select(not_equal(x, x), fill_, x);  // NaN is what differs from itself
}

void SimpleImputer::visit_learned(StateVisitor& visitor) {
  visitor.tensor("fill", fill_);
}

void SimpleImputer::check_learned() const {
  require_restored(name(), "fill", fill_, DType::kFloat64, {features()});
}

}  // namespace tessera::learn
