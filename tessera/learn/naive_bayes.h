// Naive Bayes: the features of a row are taken as independent given its class. Hastie, Tibshirani, Friedman, "The Elements of
// Statistical Learning", 2nd edition (2009), section 6.6.3; Manning, Raghavan, Schuetze, "Introduction to Information Retrieval" (2008),
// chapter 13, for counts. Names and formulas are those of scikit-learn's classes.
//
//   gaussian      each feature of a class is normal with the class's mean and variance; a share of the largest variance is added to all
//   multinomial   features are counts; theta_cf = (count_cf + alpha) / (sum_f count_cf + alpha F)
//   bernoulli     features are there (above `binarize`) or not; p_cf = (rows_cf + alpha) / (rows_c + 2 alpha)
//
// The class's log prior is the logarithm of its share among the rows, or the same for all (fit_prior = false). Learning is one pass over the data.
//
// Errors: those of estimator.h; a class without a row; a negative count; every feature constant (gaussian). Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor counts = Tensor::from<double>({2, 0, 1, 0, 0, 3, 0, 1}, {4, 2});  // words of four texts
// learn::MultinomialNB model;
// model.fit(counts, Tensor::from<std::int64_t>({0, 0, 1, 1}, {4}));
// assert(model.predict(counts).to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 0, 1, 1}));
// ```
#pragma once

#include "tessera/learn/estimator.h"

namespace tessera::learn {

// What all of them have: a log joint probability per class, linear in counts or quadratic in features.
class NaiveBayes : public Classifier {
 public:
  Tensor log_prior() const { return log_prior_; }  // [classes]

 protected:
  Tensor probabilities(const Tensor& x) const final;
  virtual Tensor log_joint(const Tensor& x) const = 0;  // [N, classes], up to a number per row
  // The number of rows of each class [classes, 1]. Refuses classes without a row; sets the log prior.
  Tensor class_rows(const Tensor& y, bool fit_prior);
  // [classes, N]: 1 where the row is of the class.
  Tensor memberships(const Tensor& y) const;

  Tensor log_prior_;
};

class GaussianNB : public NaiveBayes {
 public:
  struct Parameters {
    double var_smoothing = 1e-9;
  };
  GaussianNB() = default;
  explicit GaussianNB(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "gaussian_nb"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  Tensor means() const { return means_; }          // [classes, F]
  Tensor variances() const { return variances_; }  // [classes, F], smoothed

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor log_joint(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor means_, variances_;
};

class MultinomialNB : public NaiveBayes {
 public:
  struct Parameters {
    double alpha = 1;
    bool fit_prior = true;
  };
  MultinomialNB() = default;
  explicit MultinomialNB(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "multinomial_nb"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  Tensor log_probabilities() const { return log_probabilities_; }  // log theta [classes, F]

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor log_joint(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Parameters parameters_;
  Tensor log_probabilities_;
};

class BernoulliNB : public NaiveBayes {
 public:
  struct Parameters {
    double alpha = 1;
    double binarize = 0;
    bool fit_prior = true;
  };
  BernoulliNB() = default;
  explicit BernoulliNB(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "bernoulli_nb"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor log_joint(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;
  void check_learned() const override;

 private:
  Tensor present(const Tensor& x) const;
  Parameters parameters_;
  Tensor log_there_, log_not_there_;  // [classes, F]
};

}  // namespace tessera::learn
