#include "tessera/metrics/regression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::metrics {
namespace {

class RegressionErrorsTest : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
};

// The examples of scikit-learn's documentation (mean_squared_error, mean_absolute_error, r2_score).
TEST_F(RegressionErrorsTest, AreThoseOfScikitLearn) {
  const RegressionErrors errors = regression_errors(Tensor::from<double>({2.5, 0, 2, 8}, {4}),
                                                    Tensor::from<double>({3, -0.5, 2, 7}, {4}));
  EXPECT_EQ(errors.count, 4);
  EXPECT_EQ(errors.rmse, std::sqrt(0.375));
  EXPECT_EQ(errors.mae, 0.5);
  EXPECT_NEAR(errors.r2, 0.9486081370449679, 1e-15);
  EXPECT_EQ(regression_errors(Tensor::from<float>({3, 2, 1}, {3}), Tensor::from<float>({1, 2, 3}, {3})).r2,
            -3);
  EXPECT_EQ(regression_errors(Tensor::from<float>({2, 2, 2}, {3}), Tensor::from<float>({1, 2, 3}, {3})).r2,
            0);
}

TEST_F(RegressionErrorsTest, OfNumbersThatAreAllTheSame) {
  const Tensor same = Tensor::from<double>({-2, -2, -2}, {3});
  EXPECT_EQ(regression_errors(same, same).r2, 1);
  EXPECT_EQ(regression_errors(Tensor::from<double>({-2, -2, -2.00000001}, {3}), same).r2, 0);
}

TEST_F(RegressionErrorsTest, NeedNumbersOfOneShape) {
  EXPECT_THROW(regression_errors(Tensor::from<float>({1}, {1}), Tensor::from<float>({1, 2}, {2})), Error);
  EXPECT_THROW(regression_errors(zeros({0}), zeros({0})), Error);
}

}  // namespace
}  // namespace tessera::metrics
