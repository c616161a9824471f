#include "tessera/learn/simple_imputer.h"

#include <algorithm>
#include <span>
#include <vector>

#include "tessera/base/at.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/median.h"
#include "tessera/learn/restored.h"
#include "tessera/learn/value_columns.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kStrategies[] = {"mean", "median", "most_frequent", "constant"};

double most_frequent(std::span<const double> sorted) {
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

constexpr std::int64_t kColumnsAtOnce = 16;  // what a line of the cache or two hold of a row

// Moves the values that are there to the front, in their order.
std::span<double> present(std::span<double> values) {
  std::size_t kept = 0;
  for (const double value : values) {
    values[kept] = value;
    kept += static_cast<std::size_t>(value == value);  // without a branch: NaN alone differs from itself
  }
  return values.first(kept);
}

}  // namespace

void SimpleImputer::visit_parameters(ParameterVisitor& visitor) {
  visitor.choice("strategy", parameters_.strategy, kStrategies, "What stands for a missing value.");
  visitor.real("fill_value", parameters_.fill_value, {}, "The value of strategy \"constant\".");
}

double SimpleImputer::value_for(std::span<double> values) const {
  if (parameters_.strategy == Strategy::kMean) return numerics::mean(std::span<const double>(values));
  if (parameters_.strategy == Strategy::kMedian) return median(values);
  std::stable_sort(values.begin(), values.end());
  return most_frequent(values);
}

void SimpleImputer::learn(const Tensor& x, const Tensor&, StepObserver*) {
  const FloatEnvironment contract;
  const std::int64_t features = x.size(1);
  std::vector<double> fill(at(features), parameters_.fill_value);
  std::vector<std::vector<double>> columns;
  for (std::int64_t first = 0; first < features && parameters_.strategy != Strategy::kConstant;
       first += kColumnsAtOnce) {
    const std::int64_t count = std::min(kColumnsAtOnce, features - first);
    columns.resize(at(count));
    copy_columns(x, first, columns);
    parallel_for(count, [&](std::int64_t column) {
      const std::span<double> values = present(columns[at(column)]);
      if (values.empty())
        fail("{}: feature {} has no value in any row; leave it out, or set strategy to constant", name(),
             first + column);
      fill[at(first + column)] = value_for(values);
    });
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
