// Linear losses: one pass beside operations on whole tensors, and starts from samples that say little or mislead.
#include "tessera/learn/linear_loss.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/linalg/lu.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn::internal {
namespace {

constexpr LossView kViews[] = {LossView::kBernoulli, LossView::kMargin, LossView::kCategorical,
                               LossView::kCategoricalMargin, LossView::kPoisson};

bool has_classes(LossView view) {
  return view == LossView::kCategorical || view == LossView::kCategoricalMargin;
}

std::vector<double> numbers(const Tensor& x) {
  return copy(x).to_vector<double>();
}

void expect_the_bits_of_whole_products(LossView view, std::int64_t rows, const Tensor& row_weights) {
  const std::int64_t outputs = has_classes(view) ? 19 : 1, targets = has_classes(view) ? 19 : 2;
  RandomSource random(5);
  const Tensor x = random.normal("x", {rows, 7}, DType::kFloat64),
               coef = random.normal("coef", {outputs, 7}, DType::kFloat64) * 3.0,
               intercept = random.normal("intercept", {outputs}, DType::kFloat64);
  Tensor y = cast(random.uniform("y", {rows}, DType::kFloat64) * static_cast<double>(targets), DType::kInt64);
  if (view == LossView::kPoisson) y = cast(y, DType::kFloat64);
  const Tensor scores = linear(x, coef, intercept);
  Tensor each = losses(view, scores, y), slopes = loss_slopes(view, scores, y);
  if (row_weights.defined()) {
    each = each * reshape(row_weights, {-1});
    slopes = slopes * row_weights;
  }
  LinearLossPass pass(x, y, view, outputs, row_weights, true);
  EXPECT_FALSE(pass.column_squares().defined());
  for (int again = 0; again < 2; ++again) {
    pass.run(coef, intercept);
    EXPECT_EQ(numbers(pass.column_squares()), numbers(sum_squares(x, {0})));
  }
  EXPECT_EQ(numbers(pass.scores()), numbers(transpose(scores)));
  EXPECT_EQ(pass.mean_loss(), mean(each).item<double>());
  EXPECT_EQ(numbers(pass.slope_sums()), numbers(matmul(transpose(slopes), x)));
  EXPECT_EQ(numbers(pass.slope_means()), numbers(mean(slopes, {0})));
}

TEST(LinearLossPass, HasTheBitsOfWholeProducts) {
  use_default_backend();
  const int threads = thread_count();
  for (const int count : {1, 2, 3, 7}) {
    set_thread_count(count);
    for (const LossView view : kViews)
      for (const std::int64_t rows : {1, 13, 1'024, 4'500, 70'000}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(view) << " of " << rows << " rows");
        expect_the_bits_of_whole_products(view, rows, {});
        expect_the_bits_of_whole_products(view, rows,
                                          RandomSource(6).uniform("weights", {rows, 1}, DType::kFloat64));
      }
  }
  set_thread_count(threads);
}

// ---- Starts from samples ----

constexpr std::int64_t kRows = 20'000;

// Margins have bounds of second derivatives, and begin at 0.
constexpr LossView kStarting[] = {LossView::kBernoulli, LossView::kCategorical, LossView::kPoisson};

struct Rows {
  Tensor x, classes;  // 0, 1, 2
};

Rows noisy_rows() {
  RandomSource random(5);
  const Tensor x = random.normal("x", {kRows, 3}, DType::kFloat64);
  const Tensor score = x.slice({Range::all(), 0}) * 2.0 - x.slice({Range::all(), 1}) +
                       random.normal("e", {kRows}, DType::kFloat64) * 2.0;
  return {x, cast(greater(score, 0.0), DType::kInt64) + cast(greater(score, 2.0), DType::kInt64)};
}

// Ones and zeros become numbers that are the same in all rows but three.
Tensor all_but_three(double usual, double unusual) {
  std::vector<double> values(kRows, usual);
  values[50] = values[7'000] = values[12'345] = unusual;
  return Tensor::from(values, {kRows});
}

// Of a loss no more than its value and its gradient: neither second derivatives nor a sample.
class PlainLoss : public SmoothFunction {
 public:
  explicit PlainLoss(LinearLoss& loss) : loss_(loss) {}
  double evaluate(const std::vector<double>& at, std::vector<double>& gradient) override {
    return loss_.evaluate(at, gradient);
  }

 private:
  LinearLoss& loss_;
};

// What is added to the intercepts of all classes alike changes nothing; curvature along it makes Newton's steps unique.
Tensor exact_step(LinearLoss& loss, const std::vector<double>& gradient) {
  const auto size = static_cast<std::int64_t>(gradient.size());
  std::vector<double> intercepts(gradient.size());
  for (std::size_t i = 0; i < intercepts.size(); ++i)
    intercepts[i] = loss.outputs() > 1 && loss.is_intercept(i) ? 1 : 0;
  const Tensor along = Tensor::from(intercepts, {size});
  return linalg::solve(loss.second_derivatives() + reshape(along, {-1, 1}) * along,
                       Tensor::from(gradient, {size}));
}

Tensor centred(const LinearLoss& loss, const std::vector<double>& at) {
  const Tensor intercepts = loss.intercept(at);
  return concatenate(
      {reshape(loss.coef(at), {-1}), loss.outputs() > 1 ? intercepts - mean(intercepts) : intercepts}, 0);
}

// Found by L-BFGS from 0 with all rows, then by Newton's method.
Tensor optimum_of_all_rows(LinearLoss& loss) {
  PlainLoss plain(loss);
  std::vector<double> at(loss.size()), gradient;
  minimize(plain, at, {.tolerance = 1e-9, .max_iterations = 2000});
  for (int i = 0; i < 3; ++i) {
    loss.evaluate(at, gradient);
    const std::vector<double> step = exact_step(loss, gradient).to_vector<double>();
    for (std::size_t j = 0; j < at.size(); ++j) at[j] -= step[j];
  }
  return centred(loss, at);
}

void expect_the_optimum_of_all_rows(LossView view, const Tensor& x, const Tensor& y,
                                    const Tensor& row_weights = {}, double within = 1e-9) {
  SCOPED_TRACE(testing::Message() << static_cast<int>(view));
  const LinearLossSettings settings{view, true, 1e-3, has_classes(view) ? 3 : 2, row_weights};
  const Tensor target = view == LossView::kPoisson ? cast(y, DType::kFloat64) : y;
  LinearLoss loss(x, target, settings), other(x, target, settings);
  const MinimizeOptions options{.tolerance = 1e-12, .max_iterations = 2000};
  std::vector<double> at(loss.size());
  loss.start_from_sample(at, options);
  const Minimum found = minimize(loss, at, options);
  EXPECT_TRUE(found.converged);
  EXPECT_LT(found.gradient, within / 100);
  EXPECT_LT(found.iterations, 40);
  EXPECT_LT(max(absolute(centred(loss, at) - optimum_of_all_rows(other))).item<double>(), within);
}

TEST(LinearLoss, HasTheSameOptimumFromASample) {
  use_default_backend();
  const Rows rows = noisy_rows();
  const Tensor two = minimum(rows.classes, 1),
               weights = RandomSource(6).uniform("weights", {kRows, 1}, DType::kFloat64);
  for (const LossView view : kStarting) {
    const Tensor& y = view == LossView::kBernoulli ? two : rows.classes;
    expect_the_optimum_of_all_rows(view, rows.x, y);
    expect_the_optimum_of_all_rows(view, rows.x, y, weights);
  }
}

// Where three rows of 20,000 decide a coefficient, the last steps are below what rounding leaves of the loss.
constexpr double kFlat = 1e-7;

TEST(LinearLoss, HasTheSameOptimumFromASampleOfSortedRowsWithAFeatureThatIsConstantThere) {
  use_default_backend();
  const Rows rows = noisy_rows();
  const Tensor order = argsort(rows.classes), y = gather(rows.classes, order);
  for (const double usual : {0.0, 1.0}) {
    const Tensor x = concatenate({gather(rows.x, order), reshape(all_but_three(usual, 3), {-1, 1})}, 1);
    for (const LossView view : kStarting)
      expect_the_optimum_of_all_rows(view, x, view == LossView::kBernoulli ? minimum(y, 1) : y, {}, kFlat);
  }
}

TEST(LinearLoss, HasTheSameOptimumFromASampleWithoutOneOfTheClasses) {
  use_default_backend();
  const Rows rows = noisy_rows();
  const Tensor rare = cast(all_but_three(0, 1), DType::kInt64);
  for (const LossView view : kStarting)
    expect_the_optimum_of_all_rows(
        view, rows.x, has_classes(view) ? maximum(minimum(rows.classes, 1), rare * 2) : rare, {}, kFlat);
}

}  // namespace
}  // namespace tessera::learn::internal
