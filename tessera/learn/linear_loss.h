// Losses of scores that are linear in the features, with what minimize.h needs of them. Internal to logistic_regression.cc and poisson_regressor.cc.
//
// The mean loss over rows plus l2/2 times the squared length of the coefficients, as a function of coefficients and intercepts: for each score F
// numbers and, where there is one, the intercept behind them. z are a row's scores, y its target.
//
//   kBernoulli         y in {0, 1}       max(z, 0) - y z + log(1 + e^-|z|): minus the log likelihood of y, p(1) = 1 / (1 + e^-z)
//   kMargin            y in {-1, 1}      log(1 + e^-m) of the margin m = y z: the same number
//   kCategorical       y a class         log(sum_k e^z_k) - z_y: minus the log likelihood of y, p = softmax(z)
//   kCategoricalMargin y a class         log(1 + sum_(k != y) e^-m_k) of the margins m_k = z_y - z_k: the same number
//   kPoisson           y >= 0            e^z - y z: minus the log likelihood of y, mean e^z, without what depends on y alone
//
// An evaluation is one pass over the rows (linear_loss_pass.h).
//
// Second derivatives: of one score they are X' V X with a weight per row, here of all rows or, with many of them, of a drawn sample of rows
// whose diagonal is corrected (Byrd, Chin, Neveitt and Nocedal, SIAM J. Optim. 21, 2011); of several scores those at equal probabilities (Bohning, Annals
// of the Institute of Statistical Mathematics 44, 1992), or all of them: at every place where they are few, else now and then. What they lack the pairs of
// L-BFGS make up for. Where a sample has told them the search may also begin at the sample's optimum: then a handful of evaluations
// of all rows remain, each of which brings the gradient down by about the square root of columns / rows of the sample.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tessera/learn/linear_loss_pass.h"
#include "tessera/learn/minimize.h"
#include "tessera/tensor/tensor.h"

namespace tessera::learn::internal {

// scores [N, 1] or [N, classes]; y int64 [N] (float64 for kPoisson) -> [N].
Tensor losses(LossView view, const Tensor& scores, const Tensor& y);
// Their derivatives by the scores, of the scores' shape.
Tensor loss_slopes(LossView view, const Tensor& scores, const Tensor& y);

struct LinearLossSettings {
  LossView view = LossView::kBernoulli;
  bool intercept = true;
  double l2 = 0;
  std::int64_t classes = 2;
  Tensor weights;                  // [N, 1], of rows; undefined: all 1
  std::int64_t sample_rows = 100;  // for each column; 0: no sample
  Tensor prior = {};               // [F], what l2 is more for each feature; undefined: nothing
};

class LinearLoss : public SmoothFunction {
 public:
  LinearLoss(const Tensor& x, const Tensor& y, const LinearLossSettings& settings);

  std::int64_t outputs() const { return outputs_; }  // scores of a row
  std::int64_t columns() const { return columns_; }  // numbers for one score
  std::size_t size() const { return static_cast<std::size_t>(outputs_ * columns_); }
  bool is_intercept(std::size_t place) const;
  Tensor coef(const std::vector<double>& at) const;       // [outputs, F]
  Tensor intercept(const std::vector<double>& at) const;  // [outputs]; 0 where there is none

  // Where there are so many rows that second derivatives come from a sample of them: moves `at` to the sample's optimum (found likewise), to within
  // what the sample can say or the tolerance, unless the sample misleads.
  void start_from_sample(std::vector<double>& at, const MinimizeOptions& options);
  double evaluate(const std::vector<double>& at, std::vector<double>& gradient) override;
  bool look_around() override;
  void precondition(std::vector<double>& direction) const override;
  // All second derivatives [size, size] at the place that was evaluated last, from all rows.
  Tensor second_derivatives();

 private:
  // Bounds of the second derivatives; those at this place, which has to serve for others, too; those at every place; or what is there already.
  enum class Curvature : std::uint8_t { kBound, kHere, kEverywhere, kAsBefore };

  double row_count() const { return static_cast<double>(x_.size(0)); }
  bool by_margin() const;
  bool has_sample() const;  // second derivatives come from one, unless they are to be exact
  bool cheap_curvature() const;
  bool starts_from_sample() const;
  Curvature next_curvature(bool slow);
  void choose_rows(bool all);  // that second derivatives come from
  void learn_correction();
  Tensor sampled(const Tensor& of_rows) const;  // of a tensor [N, ...]
  // Of score k with those from k on: [sampled rows, outputs - k].
  Tensor curvatures(std::int64_t k) const;
  Tensor constant_curvatures() const;
  // [columns, m columns]: sample' curvature sample / rows, for each of m columns of curvatures.
  Tensor products(const Tensor& curvature) const;
  Tensor with_ones(const Tensor& x) const;  // for the intercept, if there is one
  Tensor ridge(std::int64_t size) const;    // [size]: what the penalty adds to the diagonal
  Tensor all_blocks() const;                // second derivatives from the sample
  Tensor along_all_scores() const;
  Tensor corrected(const Tensor& matrix, const Tensor& curvature) const;
  bool factor(const Tensor& matrix);
  void bound_diagonal();

  Tensor x_, y_;
  LinearLossSettings settings_;
  std::int64_t outputs_, columns_;
  std::optional<LinearLossPass> pass_;    // where it suits
  Tensor scores_;                         // [outputs, N], at the place that was evaluated last
  std::vector<double> place_, gradient_;  // that place, and what was found there
  double value_ = 0;
  Tensor sample_x_;    // features of the rows that second derivatives come from
  Tensor sample_;      // the numbers of these rows, if not all
  Tensor correction_;  // [columns]: square roots of what the sample's squares are short of, if not all
  Tensor absent_;      // [columns]: mean squares of features that are always 0 in the sample
  Tensor factor_;      // of Cholesky: for all scores, or one for each of them
  std::vector<double> diagonal_;  // instead of it, with very many features
  double steepest_ = 0, steepest_before_ = 0;
  bool near_ = false;                       // the start is the sample's optimum
  bool bound_only_ = false;                 // no other second derivatives are wanted
  std::int64_t looks_ = 0, next_look_ = 0;  // where many scores' second derivatives are taken again
};

}  // namespace tessera::learn::internal
