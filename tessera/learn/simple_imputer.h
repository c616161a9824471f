// Missing values (NaN) filled in, feature by feature, with what the values that are there say: scikit-learn's SimpleImputer.
//
//   strategy   mean, median (of an even number the mean of the two in the middle), most_frequent (of equally frequent ones the least),
//              constant (fill_value)
//
// Every feature stays, so that columns keep their places: scikit-learn leaves out those without any value, also where they would become a constant.
//
// Errors: those of estimator.h; a feature without any value (unless constant); infinity is no missing value. Thread-safety: as estimator.h.
//
// ```cpp
// const double missing = std::numeric_limits<double>::quiet_NaN();
// learn::SimpleImputer imputer({.strategy = learn::SimpleImputer::Strategy::kMedian});
// imputer.fit(Tensor::from<double>({1, 2, missing, 9}, {4, 1}));
// assert(imputer.transform(Tensor::from<double>({missing, 3}, {2, 1})).to_vector<double>() == (std::vector<double>{2, 3}));
// ```
#pragma once

#include <span>

#include "tessera/learn/estimator.h"

namespace tessera::learn {

class SimpleImputer : public Transformer {
 public:
  enum class Strategy : std::uint8_t { kMean, kMedian, kMostFrequent, kConstant };
  struct Parameters {
    Strategy strategy = Strategy::kMean;
    double fill_value = 0;
  };
  SimpleImputer() = default;
  explicit SimpleImputer(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "simple_imputer"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  Tensor fill() const { return fill_; }  // [F]: what stands for a missing value

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;
  bool accepts_missing() const override { return true; }

 private:
  double value_for(std::span<double> values) const;  // may change their order
  Parameters parameters_;
  Tensor fill_;
};

}  // namespace tessera::learn
