// Nonlinear least squares on problems with known answers; NIST's are in nist_strd_nonlinear_test.cc.
#include "tessera/linalg/nonlinear_least_squares.h"

#include <limits>

#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/linalg_test.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg {
namespace {

Tensor vector_of(const std::vector<double>& values) {
  return Tensor::from<double>(values, Shape{static_cast<std::int64_t>(values.size())});
}

// NIST's DanWood (E. S. Keeping, 1962): y = b1 x^b2.
const std::vector<double> kX = {1.309, 1.471, 1.490, 1.565, 1.611, 1.680};
const std::vector<double> kY = {2.138, 3.421, 3.597, 4.340, 4.882, 5.660};
Tensor dan_wood(const Tensor& p) {
  std::vector<double> r;
  for (std::size_t i = 0; i < kX.size(); ++i)
    r.push_back(p.at<double>({0}) * numerics::pow(kX[i], p.at<double>({1})) - kY[i]);
  return vector_of(r);
}
Tensor dan_wood_jacobian(const Tensor& p) {
  std::vector<double> j;
  for (const double x : kX) {
    const double power = numerics::pow(x, p.at<double>({1}));
    j.push_back(power);
    j.push_back(p.at<double>({0}) * power * numerics::log(x));
  }
  return Tensor::from<double>(j, {static_cast<std::int64_t>(kX.size()), 2});
}

// Rosenbrock's valley, 10 (y - x^2) and 1 - x.
Tensor valley(const Tensor& p) {
  const double x = p.at<double>({0}), y = p.at<double>({1});
  return vector_of({10 * (y - x * x), 1 - x});
}

class NonlinearLeastSquaresTest : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
};

TEST_F(NonlinearLeastSquaresTest, CertifiedDanWood) {
  for (const bool exact : {true, false}) {
    const NonlinearLeastSquares fit = nonlinear_least_squares(
        dan_wood, exact ? dan_wood_jacobian : numerical_jacobian(dan_wood), vector_of({1, 5}));
    ASSERT_TRUE(fit.converged);
    EXPECT_EQ(fit.rank, 2);
    EXPECT_NEAR(fit.solution.at<double>({0}), 7.6886226176E-01, 5.1e-12);
    EXPECT_NEAR(fit.solution.at<double>({1}), 3.8604055871E+00, 5.1e-11);
    EXPECT_NEAR(fit.residual_squares, 4.3173084083E-03, 5.1e-14);
    EXPECT_NEAR(std::sqrt(fit.residual_squares / 4 * fit.covariance.at<double>({1, 1})), 5.1726610913E-02,
                5.1e-12);
    EXPECT_LT(fit.offset, 1e-8);
  }
}

// A linear problem is solved in one step, and its answer is that of least_squares; parameters of any scale.
TEST_F(NonlinearLeastSquaresTest, LinearProblemsAsLeastSquares) {
  const Tensor a = random_matrix(40, 5, 1) * vector_of({1e-9, 1, 1e3, 1e150, 1e-140}),
               b = random_matrix(40, 1, 2);
  const VectorFunction residuals = [&](const Tensor& p) {
    return reshape(matmul(a, reshape(p, {5, 1})) - b, {40});
  };
  const NonlinearLeastSquares fit = nonlinear_least_squares(
      residuals, [&](const Tensor&) { return a; }, zeros({5}, DType::kFloat64));
  const LeastSquares expected =
      least_squares(a, reshape(b, {40}), {.rank_tolerance = -1, .refine = true, .covariance = true});
  ASSERT_TRUE(fit.converged);
  EXPECT_LE(fit.steps, 3);
  EXPECT_LT(largest_element(fit.solution / expected.solution - 1.0), 1e-12);
  EXPECT_LT(largest_element(fit.covariance / expected.covariance - 1.0), 1e-11);
}

TEST_F(NonlinearLeastSquaresTest, ValleyToTheLastBitAndTheObserver) {
  struct Watch : StepObserver {
    std::vector<double> squares;
    std::size_t stop = 1000;
    bool on_step(const StepReport& report) override {
      EXPECT_EQ(report.step, squares.size() + 1);
      EXPECT_EQ(report.scalars[0].name, "residual_squares");
      squares.push_back(report.scalars[0].value);
      return squares.size() < stop;
    }
  } watch, brief;
  const Tensor start = vector_of({-1.2, 1});
  const NonlinearLeastSquares fit =
      nonlinear_least_squares(valley, numerical_jacobian(valley), start, {}, &watch);
  EXPECT_TRUE(fit.converged);
  EXPECT_EQ(fit.solution.to_vector<double>(), (std::vector<double>{1, 1}));
  EXPECT_EQ(watch.squares.size(), static_cast<std::size_t>(fit.steps));
  for (std::size_t i = 1; i < watch.squares.size(); ++i) EXPECT_LT(watch.squares[i], watch.squares[i - 1]);
  brief.stop = 3;
  const NonlinearLeastSquares stopped =
      nonlinear_least_squares(valley, numerical_jacobian(valley), start, {}, &brief);
  EXPECT_FALSE(stopped.converged);
  EXPECT_EQ(stopped.steps, 3);
  EXPECT_DOUBLE_EQ(stopped.residual_squares, watch.squares[2]);
  NonlinearLeastSquaresOptions two;
  two.most_steps = 2;
  EXPECT_FALSE(nonlinear_least_squares(valley, numerical_jacobian(valley), start, two).converged);
}

// log(p) is NaN for p < 0, where the first full step would go.
TEST_F(NonlinearLeastSquaresTest, StepsOutOfTheDomainAreShortened) {
  const VectorFunction residuals = [](const Tensor& p) { return log(p) + 3.0; };
  const NonlinearLeastSquares fit = nonlinear_least_squares(
      residuals,
      [](const Tensor& p) {
        return reshape(1 / p, {1, 1});
      },
      vector_of({2}));
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR(fit.solution.at<double>({0}), std::exp(-3), 1e-16);
}

// Two parameters of which only the sum matters: the rank says so, and there is no covariance.
TEST_F(NonlinearLeastSquaresTest, ParametersThatCannotBeToldApart) {
  const VectorFunction residuals = [](const Tensor& p) {
    const double sum = p.at<double>({0}) + p.at<double>({1});
    return vector_of({sum - 1, sum * sum - 4, sum});
  };
  const NonlinearLeastSquares fit =
      nonlinear_least_squares(residuals, numerical_jacobian(residuals), vector_of({3, 4}));
  EXPECT_TRUE(fit.converged);
  EXPECT_EQ(fit.rank, 1);
  EXPECT_FALSE(fit.covariance.defined());
  // d/ds of (s - 1)^2 + (s^2 - 4)^2 + s^2 is 4 s^3 - 12 s - 2
  const double s = fit.solution.at<double>({0}) + fit.solution.at<double>({1});
  EXPECT_NEAR(4 * s * s * s - 12 * s - 2, 0, 1e-6);
}

TEST_F(NonlinearLeastSquaresTest, Errors) {
  const auto message = [](const VectorFunction& residuals, const VectorFunction& jacobian,
                          const Tensor& start, const NonlinearLeastSquaresOptions& options = {}) {
    return message_of([&] { nonlinear_least_squares(residuals, jacobian, start, options); });
  };
  const Tensor start = vector_of({1, 5});
  EXPECT_EQ(message(dan_wood, dan_wood_jacobian, zeros({2}, DType::kFloat32)),
            "nonlinear_least_squares: the start is float32 [2], expected float64 [parameters]");
  EXPECT_EQ(message([](const Tensor&) { return vector_of({1}); }, dan_wood_jacobian, start),
            "nonlinear_least_squares: the residuals are [1], expected float64 [m] with m at least the 2 "
            "parameters");
  EXPECT_EQ(message(
                dan_wood, [](const Tensor& p) { return p; }, start),
            "nonlinear_least_squares: the Jacobian gave float64 [2], expected float64 [6, 2]");
  EXPECT_EQ(message(
                dan_wood,
                [](const Tensor&) {
                  return full({6, 2}, std::numeric_limits<double>::infinity(), DType::kFloat64);
                },
                start),
            "nonlinear_least_squares: the Jacobian has an element that is not finite");
  EXPECT_EQ(message(dan_wood, dan_wood_jacobian, vector_of({1, 1e6})),
            "nonlinear_least_squares: a parameter or a residual at the start is not finite (or the "
            "residuals' squares overflow)");
  NonlinearLeastSquaresOptions options;
  options.tolerance = 0;
  EXPECT_EQ(message(dan_wood, dan_wood_jacobian, start, options),
            "nonlinear_least_squares: tolerance is 0, expected a number in [2^-52, 1)");
}

}  // namespace
}  // namespace tessera::linalg
