// Isotonic regression: the rising (or falling) function of one feature that is nearest to the numbers, by pooling adjacent violators. Barlow et al.,
// "Statistical Inference under Order Restrictions" (1972); Best and Chakravarti, Mathematical Programming 47 (1990). Names and semantics of
// scikit-learn's IsotonicRegression.
//
// Rows with the same value of the feature count as one, with their mean (scikit-learn takes values within 1e-15 as the same, so that it cannot tell very small
// probabilities apart). Between the points that were learned the function is a straight line. Beyond
// them `out_of_bounds` decides: "clip" (the nearest learned value; the default here, where scikit-learn's is "nan"), "nan", or "raise". A table may have
// more columns than one: `feature` says which is used, the others are ignored.
//
// Errors: those of estimator.h; a `feature` that the table does not have; with "raise", a value beyond those learned. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 2, 3, 4}, {4, 1}), y = Tensor::from<double>({1, 4, 2, 5}, {4});
// learn::IsotonicRegression model;
// model.fit(x, y);  // 4 and 2 are the wrong way round: both become 3
// assert(model.predict(x).to_vector<double>() == (std::vector<double>{1, 3, 3, 5}));
// assert(model.predict(Tensor::from<double>({1.5, 9}, {2, 1})).to_vector<double>() == (std::vector<double>{2, 5}));
// ```
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

// Straight lines between points with ascending x; one point is a constant.
struct IsotonicCurve {
  std::vector<double> x, y;
  double value(double at) const;  // clipped; NaN of NaN
};
// Each row weighs the same. Points that lie within a level stretch are left out.
IsotonicCurve isotonic_curve(std::span<const double> x, std::span<const double> y, bool increasing = true);

class IsotonicRegression : public Regressor {
 public:
  enum class Increasing : std::uint8_t { kTrue, kFalse, kAuto };
  enum class OutOfBounds : std::uint8_t { kNan, kClip, kRaise };
  struct Parameters {
    Increasing increasing = Increasing::kTrue;  // kAuto: as Spearman's correlation has it
    OutOfBounds out_of_bounds = OutOfBounds::kClip;
    std::string y_min = "none", y_max = "none";  // bounds of the function: a number or "none"
    std::int64_t feature = 0;
  };
  IsotonicRegression() = default;
  explicit IsotonicRegression(Parameters parameters) : parameters_(std::move(parameters)) {}

  std::string_view name() const override { return "isotonic_regression"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  Tensor x_thresholds() const { return x_; }  // the points [T], ascending
  Tensor y_thresholds() const { return y_; }

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor x_, y_;
};

}  // namespace tessera::learn
