#include "tessera/learn/estimator.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kMostClasses = 1'000'000;

// Whether one of them is infinite, or NaN unless that is allowed. Without branches, for speed.
bool any_unusual(std::span<const double> values, bool missing_allowed) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63, kExponentUnit = std::uint64_t{1} << 52;
  constexpr std::uint64_t kInfinite = 0x7FFull << 52;
  std::uint64_t any = 0;
  if (missing_allowed)  // what differs from infinity in no bit is 0: one less overflows into the sign
    for (const double value : values) any |= ((std::bit_cast<std::uint64_t>(value) & ~kSign) ^ kInfinite) - 1;
  else  // the exponent is all ones, so one more overflows into the sign
    for (const double value : values) any |= (std::bit_cast<std::uint64_t>(value) & ~kSign) + kExponentUnit;
  return (any & kSign) != 0;
}

// The first place that a method cannot work with.
void refuse_unusable(std::string_view estimator, std::string_view what, std::span<const double> values,
                     std::int64_t columns, bool missing_allowed) {
  constexpr std::size_t kPiece = 1 << 16;
  parallel_for(static_cast<std::int64_t>((values.size() + kPiece - 1) / kPiece), [&](std::int64_t piece) {
    const std::size_t first = static_cast<std::size_t>(piece) * kPiece;
    const std::size_t last = std::min(values.size(), first + kPiece);
    if (!any_unusual(values.subspan(first, last - first), missing_allowed)) return;
    for (std::size_t i = first; i < last; ++i) {
      if (std::isfinite(values[i]) || (missing_allowed && std::isnan(values[i]))) continue;
      const std::int64_t place = static_cast<std::int64_t>(i);
      fail("{}: {}: row {}, column {} is {}; expected a finite number{}", estimator, what, place / columns,
           place % columns, std::isnan(values[i]) ? "missing (NaN)" : "infinite",
           std::isnan(values[i]) ? " (fill missing values in first)" : "");
    }
  });
}

}  // namespace

std::string_view task_name(Task task) {
  switch (task) {
    case Task::kClassification:
      return "classification";
    case Task::kRegression:
      return "regression";
    case Task::kClustering:
      return "clustering";
    case Task::kTransformation:
      return "transformation";
  }
  return "";
}

void Estimator::require_fitted() const {
  if (!fitted()) fail("{}: it has learned nothing yet: call fit first", name());
}

Tensor Estimator::checked_features(const Tensor& features, bool learning) const {
  if (!features.defined() || features.rank() != 2 || features.size(0) < 1 || features.size(1) < 1)
    fail("{}: expected features [rows, columns] with at least one of each, found {}", name(),
         features.defined() ? features.shape().to_string() : "no tensor");
  if (!learning && features.size(1) != features_)
    fail("{}: expected {} features, as it has learned, found {}", name(), features_, features.size(1));
  const Tensor x =
      contiguous(features.dtype() == DType::kFloat64 ? features : cast(features, DType::kFloat64));
  refuse_unusable(name(), "features", x.values<double>(), x.size(1), accepts_missing());
  return x;
}

Tensor Estimator::checked_target(const Tensor& target, std::int64_t rows) const {
  if (task() == Task::kClustering || (task() == Task::kTransformation && !target.defined())) return {};
  if (!target.defined() || target.rank() != 1 || target.size(0) != rows)
    fail("{}: expected a target [{}], one value per row of features, found {}", name(), rows,
         target.defined() ? target.shape().to_string() : "none");
  if (task() != Task::kClassification) {
    const Tensor y = contiguous(target.dtype() == DType::kFloat64 ? target : cast(target, DType::kFloat64));
    refuse_unusable(name(), "target", y.values<double>(), 1, false);
    if (const double least = min(y).item<double>(); least < 0 && !accepts_negative_target())
      fail("{}: expected a target of at least 0, found {}", name(), least);
    return y;
  }
  if (target.dtype() != DType::kInt64)
    fail("{}: expected classes as int64 from 0 on, found {}", name(), dtype_name(target.dtype()));
  const Tensor y = contiguous(target);
  const auto [least, most] = std::ranges::minmax(y.values<std::int64_t>());
  if (least < 0) fail("{}: expected classes from 0 on, found {}", name(), least);
  if (most > kMostClasses) fail("{}: expected classes from 0 on without large gaps, found {}", name(), most);
  if (least == most)
    fail("{}: expected at least two classes in the target, found only class {}", name(), least);
  return y;
}

// Settings that came as a structure, and not as text, have not been compared with their bounds yet.
class CheckBounds : public ParameterVisitor {
 public:
  explicit CheckBounds(std::string_view owner) : owner_(owner) {}
  void real(std::string_view name, double& value, const Bounds& bounds, std::string_view) override {
    if (!bounds.contains(value))
      fail("{}: {}: expected a number, {}, found {}", owner_, name, bounds.text(), value);
  }
  void integer(std::string_view name, std::int64_t& value, const Bounds& bounds, std::string_view) override {
    if (!bounds.contains(static_cast<double>(value)))
      fail("{}: {}: expected a whole number, {}, found {}", owner_, name, bounds.text(), value);
  }
  void flag(std::string_view, bool&, std::string_view) override {}
  void choice(std::string_view name, int& value, std::span<const std::string_view> names,
              std::string_view) override {
    if (value < 0 || value >= static_cast<int>(names.size()))
      fail("{}: {}: expected one of {} choices, found number {}", owner_, name, names.size(), value);
  }
  void text(std::string_view, std::string&, std::string_view) override {}

 private:
  std::string owner_;
};

void Estimator::fit(const Tensor& features, const Tensor& target, StepObserver* observer) {
  const FloatEnvironment contract;
  features_ = classes_ = 0;
  CheckBounds bounds(name());
  visit_parameters(bounds);
  const Tensor x = checked_features(features, true);
  const Tensor y = checked_target(target, x.size(0));
  if (task() == Task::kClassification) classes_ = std::ranges::max(y.values<std::int64_t>()) + 1;
  try {
    learn(x, y, observer);
  } catch (...) {
    classes_ = 0;
    throw;
  }
  features_ = x.size(1);
}

Tensor Estimator::predict(const Tensor& features) const {
  const FloatEnvironment contract;
  require_fitted();
  return answer(checked_features(features, false));
}

double Estimator::score(const Tensor& features, const Tensor& target) const {
  const FloatEnvironment contract;
  const Tensor found = predict(features);
  if (task() != Task::kClassification && task() != Task::kRegression)
    fail("{}: a {} has no score: it is not learned from a target", name(), task_name(task()));
  if (!target.defined() || target.shape() != found.shape())
    fail("{}: expected a target {}, found {}", name(), found.shape().to_string(),
         target.defined() ? target.shape().to_string() : "none");
  if (task() == Task::kClassification)
    return mean(cast(equal(found, cast(target, DType::kInt64)), DType::kFloat64)).item<double>();
  const Tensor y = cast(target, DType::kFloat64);
  const double rest = sum_squares(y - found).item<double>();
  const double all = sum_squares(y - mean(y)).item<double>();
  const bool varies = max(y).item<double>() >
                      min(y).item<double>();  // equal numbers are not always their mean to the last bit
  return varies ? 1 - rest / all : rest > 0 ? 0 : 1;  // a constant target: as scikit-learn has it
}

void Estimator::visit_state(StateVisitor& visitor) {
  visitor.integer("features", features_);
  visitor.integer("classes", classes_);
  visit_learned(visitor);
}

void Estimator::check_restored() const {
  if (features_ < 0 || classes_ < 0 || classes_ > kMostClasses + 1 ||
      (task() == Task::kClassification ? classes_ < 2 : classes_ != 0))
    refuse_restored(name(), fmt::format("{} features and {} classes", features_, classes_));
  require_fitted();
  check_learned();
}

Tensor Classifier::predict_proba(const Tensor& features) const {
  const FloatEnvironment contract;
  require_fitted();
  const Tensor x = checked_features(features, false);
  return probabilities(x);
}

Tensor Classifier::decision_function(const Tensor& features) const {
  const FloatEnvironment contract;
  require_fitted();
  const Tensor x = checked_features(features, false);
  return decisions(x);
}

Tensor Classifier::probabilities(const Tensor&) const {
  fail(
      "{}: it does not say how probable a class is: use its decision_function, or a calibrated_classifier of "
      "it",
      name());
}

Tensor Classifier::decisions(const Tensor&) const {
  fail("{}: it has no decision function: use predict_proba", name());
}

Tensor Classifier::answer(const Tensor& x) const {
  if (has_probabilities()) return argmax(probabilities(x), 1);
  const Tensor found = decisions(x);
  return found.rank() == 1 ? cast(greater(found, 0), DType::kInt64) : argmax(found, 1);
}

Tensor Transformer::transform(const Tensor& features) const {
  const FloatEnvironment contract;
  require_fitted();
  return transformed(checked_features(features, false));
}

Tensor Transformer::fit_transform(const Tensor& features, const Tensor& target, StepObserver* observer) {
  const FloatEnvironment contract;
  fit(features, target, observer);
  return transform_training(features, target);
}

Tensor Transformer::transform_training(const Tensor& features, const Tensor& target) const {
  const FloatEnvironment contract;
  require_fitted();
  const Tensor x = checked_features(features, false);
  return transformed_training(x, checked_target(target, x.size(0)));
}

Tensor Transformer::answer(const Tensor&) const {
  fail("{}: a transformation does not predict: use transform", name());
}

}  // namespace tessera::learn
