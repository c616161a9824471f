// Scaling of features, each on its own, with scikit-learn's names and formulas: (x - center) / scale.
//
//   standard   center the mean, scale the standard deviation (population)
//   min_max    to [range_least, range_most]: (x - least) / (most - least) * (range_most - range_least) + range_least
//   max_abs    center 0, scale the largest absolute value: zeros stay zeros
//   robust     center the median, scale the distance of two quantiles (linear interpolation between sorted values), so that outliers do not count
//
// A feature whose scale is (within rounding) 0 is only centered. A missing value is an error, where scikit-learn's scalers leave it as it is: an imputer comes first. Learning is one pass, or a sort per feature (robust).
//
// Errors: those of estimator.h; bounds in the wrong order. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({1, 5, 3, 5}, {2, 2});  // the second feature is constant
// learn::StandardScaler scaler;
// scaler.fit(x);
// assert(scaler.transform(x).to_vector<double>() == (std::vector<double>{-1, 0, 1, 0}));
// assert(same_bits(scaler.inverse_transform(scaler.transform(x)), x));
// ```
#pragma once

#include "tessera/learn/estimator.h"

namespace tessera::learn {

class Scaler : public Transformer {
 public:
  Tensor inverse_transform(const Tensor& features) const;  // back, up to rounding
  Tensor center() const { return center_; }                // [F]
  Tensor scale() const { return scale_; }                  // [F]

 protected:
  Tensor transformed(const Tensor& x) const override;
  virtual Tensor back(const Tensor& x) const;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

  Tensor center_, scale_;
};

class StandardScaler : public Scaler {
 public:
  struct Parameters {
    bool with_mean = true, with_std = true;
  };
  StandardScaler() = default;
  explicit StandardScaler(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "standard_scaler"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  Parameters parameters_;
};

class MinMaxScaler : public Scaler {
 public:
  struct Parameters {
    double range_least = 0, range_most = 1;
    bool clip = false;
  };
  MinMaxScaler() = default;
  explicit MinMaxScaler(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "min_max_scaler"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  Tensor back(const Tensor& x) const override;

 private:
  Parameters parameters_;
};

class MaxAbsScaler : public Scaler {
 public:
  std::string_view name() const override { return "max_abs_scaler"; }
  void visit_parameters(ParameterVisitor&) override {}

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
};

class RobustScaler : public Scaler {
 public:
  struct Parameters {
    bool with_centering = true, with_scaling = true;
    double quantile_low = 25, quantile_high = 75;  // per cent
  };
  RobustScaler() = default;
  explicit RobustScaler(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "robust_scaler"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  Parameters parameters_;
};

}  // namespace tessera::learn
