// Categories as what the target is in the other rows of the category: all of them, or those that came before.
//
// Let category c have n_c rows with target sum s_c, and all n rows have the mean y.
//
//   LeaveOneOutEncoder  transform(): s_c / n_c, and y for a category with one row or none. fit_transform(): (s_c - y_i) / (n_c - 1) for row i, summed without
//                       y_i (not subtracted, which would leave a rounding); of the only row of a category: the mean of all other rows.
//   CatBoostEncoder     transform(): (s_c + a y) / (n_c + a), and y for a category with one row or none. fit_transform(): the rows come one after the other, in
//                       an order drawn by seed (shuffle) or as they stand, and a row is encoded with the s_c, n_c and y of the rows before it (Prokhorenkova et al.,
//                       "CatBoost: unbiased boosting with categorical features", NeurIPS 2018). y of the first row, before which there are none, is 0.
//
// The names and defaults are category_encoders', whose y of a training row takes the row's own target in; here it does not.
//
// Leaving a row out shows it by its absence: among the rows of a category the encoding falls where the row's target rises, which a tree finds. `sigma` is the remedy: a training row's
// encoding is multiplied by 1 + sigma z, z Gaussian by counter. In CatBoostEncoder, and with folds (target_encoders.h), the trap is smaller.
//
// Several classes have an output each, as in target_encoders.h. Errors: those of estimator.h; no target, or one that target_type does not allow; fit_transform of a
// single row. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor city = Tensor::from<double>({1, 1, 1, 2}, {4, 1}), y = Tensor::from<double>({1, 0, 1, 0}, {4});
// learn::LeaveOneOutEncoder encoder;
// assert(encoder.fit_transform(city, y).to_vector<double>() == (std::vector<double>{0.5, 1, 0.5, 2.0 / 3}));
// assert(encoder.transform(Tensor::from<double>({2, 3}, {2, 1})).to_vector<double>() == (std::vector<double>{0.5, 0.5}));
// ```
#pragma once

#include "tessera/learn/category_encoder.h"
#include "tessera/learn/target_statistics.h"

namespace tessera::learn {

// Both: a table of all rows' statistics for new rows, and one pass over the rows of each category for training rows.
class RowwiseTargetEncoder : public MappedEncoder {
 protected:
  virtual double estimate(const TargetMoments& group, const TargetMoments& all) const = 0;
  virtual TargetType target_type() const = 0;

  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
};

class LeaveOneOutEncoder : public RowwiseTargetEncoder {
 public:
  struct Parameters {
    TargetType target_type = TargetType::kAuto;
    double sigma = 0;
    std::int64_t seed = 0;
  };
  LeaveOneOutEncoder() = default;
  explicit LeaveOneOutEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "leave_one_out_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  double estimate(const TargetMoments& group, const TargetMoments& all) const override;
  TargetType target_type() const override { return parameters_.target_type; }
  Tensor transformed_training(const Tensor& x, const Tensor& y) const override;

 private:
  Parameters parameters_;
};

class CatBoostEncoder : public RowwiseTargetEncoder {
 public:
  struct Parameters {
    TargetType target_type = TargetType::kAuto;
    double a = 1;
    double sigma = 0;
    bool shuffle = true;
    std::int64_t seed = 0;
  };
  CatBoostEncoder() = default;
  explicit CatBoostEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "catboost_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  double estimate(const TargetMoments& group, const TargetMoments& all) const override;
  TargetType target_type() const override { return parameters_.target_type; }
  Tensor transformed_training(const Tensor& x, const Tensor& y) const override;

 private:
  Parameters parameters_;
};

}  // namespace tessera::learn
