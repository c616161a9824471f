// Categories as what the target is where they stand: likelihood encoding, and its relatives. Cross-fitted, so that a training row never sees its own target.
//
// Let a part of the rows have n_c rows of category c, with target mean y_c and variance v_c, and be n rows with mean y and variance v.
//
//   TargetEncoder      scikit-learn's, after Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 3, 2001.
//                      smooth < 0 ("auto"): w y_c + (1 - w) y with w = n_c v / (n_c v + v_c); smooth m: (n_c y_c + m y) / (n_c + m); weighting sigmoid: category_encoders'
//                      w = sigmoid((n_c - min_samples_leaf) / smoothing)
//   MEstimateEncoder   (n_c y_c + m y) / (n_c + m)
//   JamesSteinEncoder  independent: w y_c + (1 - w) y, 1 - w = v_c / (v_c + v) (k - 3) / (k - 1) of k categories, sample variances; pooled: one weight for all; beta:
//                      w = n_c / (n_c + n); binary: log odds ratios drawn towards their mean (Morris, JASA 78, 1983), 0 for unseen
//   WOEEncoder         log of ((s_c + r) / (s + 2 r)) / ((n_c - s_c + r) / (n - s + 2 r)), s targets that are 1, r = regularization; 0 of a category with one row, and of unseen ones
//
// transform() uses all training rows; an unseen category becomes y (or 0, as said). A category per row (as a column of names has) is worth
// nothing, and becomes y in MEstimateEncoder and JamesSteinEncoder.
//
// fit_transform() cuts the rows into `cv` folds by position and seed. A row of fold k is encoded with what the rows outside of fold k say:
// their y_c, y, v and k. With inner_cv = m (two levels) the rows outside of fold k are cut again: for each inner fold j the whole estimate, with its own y and
// v, is made of the rows that are neither in k nor in j, and the row gets the mean of these m estimates; so what later learns from the encoding sees how much an
// estimate from fewer rows varies. scikit-learn draws stratified folds for classes; then a row's label moves rows between folds, and so shows in its own
// encoding. Here folds never depend on the target. Gaussian noise, of training rows only: TargetEncoder adds noise * z; the others with `randomized` multiply
// by 1 + sigma * z. z by counter.
//
// Several classes (target_statistics.h says when) have an output each: one class against the rest, NAME#0, NAME#1, ...
//
// Errors: those of estimator.h; no target, or one that target_type does not allow; fewer rows than folds (fit_transform). Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor sex = Tensor::from<double>({0, 0, 1, 1}, {4, 1}), height = Tensor::from<double>({1.65, 1.75, 1.55, 1.65}, {4});
// learn::TargetEncoder encoder({.smooth = 0});
// encoder.fit(sex, height);
// assert(std::abs(encoder.transform(sex).at<double>({0, 0}) - 1.70) < 1e-15);
// learn::TargetEncoder halves({.smooth = 0, .folding = {.cv = 2, .shuffle = false}});  // {0, 1} by {2, 3}, and the other way round
// assert(std::abs(halves.fit_transform(sex, height).at<double>({0, 0}) - 1.60) < 1e-15);  // no other row of its category: the mean
// ```
#pragma once

#include "tessera/learn/category_encoder.h"
#include "tessera/learn/target_statistics.h"

namespace tessera::learn {

// How training rows are encoded without their own target.
struct CrossFitting {
  std::int64_t cv = 5;
  std::int64_t inner_cv = 0;  // 0: one level
  bool shuffle = true;
  std::int64_t seed = 0;  // of folds and noise
};

class CrossFittedEncoder : public MappedEncoder {
 protected:
  // What each category becomes by these rows; a category without rows becomes unseen().
  virtual void estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                        std::span<double> out) const = 0;
  virtual double unseen_by(const TargetMoments& all) const { return all.mean; }
  virtual TargetType target_type() const = 0;
  virtual const CrossFitting& folding() const = 0;
  virtual void disturb(std::span<double> values) const = 0;  // noise
  static void visit_folding(ParameterVisitor& visitor, CrossFitting& folding);

  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor transformed_training(const Tensor& x, const Tensor& y) const override;

 private:
  struct Parts;
  std::vector<double> by_part(const GroupedTarget& grouped, const Parts& parts, std::size_t output,
                              std::int32_t fold) const;
};

// Noise of category_encoders.
struct SigmaNoise {
  bool randomized = false;
  double sigma = 0.05;
};

class TargetEncoder : public CrossFittedEncoder {
 public:
  enum class Weighting : std::uint8_t { kSmooth, kSigmoid };
  struct Parameters {
    TargetType target_type = TargetType::kAuto;
    Weighting weighting = Weighting::kSmooth;
    double smooth = -1;
    double min_samples_leaf = 20, smoothing = 10;
    double noise = 0;
    CrossFitting folding = {};
  };
  TargetEncoder() = default;
  explicit TargetEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "target_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                std::span<double> out) const override;
  TargetType target_type() const override { return parameters_.target_type; }
  const CrossFitting& folding() const override { return parameters_.folding; }
  void disturb(std::span<double> values) const override;

 private:
  Parameters parameters_;
};

class MEstimateEncoder : public CrossFittedEncoder {
 public:
  struct Parameters {
    TargetType target_type = TargetType::kAuto;
    double m = 1;
    SigmaNoise noise = {};
    CrossFitting folding = {};
  };
  MEstimateEncoder() = default;
  explicit MEstimateEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "m_estimate_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                std::span<double> out) const override;
  TargetType target_type() const override { return parameters_.target_type; }
  const CrossFitting& folding() const override { return parameters_.folding; }
  void disturb(std::span<double> values) const override;

 private:
  Parameters parameters_;
};

class JamesSteinEncoder : public CrossFittedEncoder {
 public:
  enum class Model : std::uint8_t { kIndependent, kPooled, kBeta, kBinary };
  struct Parameters {
    TargetType target_type = TargetType::kAuto;
    Model model = Model::kIndependent;
    SigmaNoise noise = {};
    CrossFitting folding = {};
  };
  JamesSteinEncoder() = default;
  explicit JamesSteinEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "james_stein_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                std::span<double> out) const override;
  double unseen_by(const TargetMoments& all) const override {
    return parameters_.model == Model::kBinary ? 0 : all.mean;
  }
  TargetType target_type() const override { return parameters_.target_type; }
  const CrossFitting& folding() const override { return parameters_.folding; }
  void disturb(std::span<double> values) const override;
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  Parameters parameters_;
};

class WOEEncoder : public CrossFittedEncoder {
 public:
  struct Parameters {
    double regularization = 1;
    SigmaNoise noise = {};
    CrossFitting folding = {};
  };
  WOEEncoder() = default;
  explicit WOEEncoder(const Parameters& parameters) : parameters_(parameters) {}
  std::string_view name() const override { return "woe_encoder"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void estimate(std::span<const TargetMoments> groups, const TargetMoments& all,
                std::span<double> out) const override;
  double unseen_by(const TargetMoments&) const override { return 0; }
  TargetType target_type() const override { return TargetType::kAuto; }
  const CrossFitting& folding() const override { return parameters_.folding; }
  void disturb(std::span<double> values) const override;
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  Parameters parameters_;
};

}  // namespace tessera::learn
