// The linear SVM beside scikit-learn's, and the grid of maxima beside its definition.
#include "tessera/models/linear_svm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/models/dcgan.h"
#include "tessera/models/generative_facts_test.h"

namespace tessera::models {
namespace {

class LinearSvms : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

Tensor features() {
  return concatenate({pattern(5, {40, 3}), pattern(6, {40, 2}, 2)}, 1);
}

Tensor labels() {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < 40; ++i) values.push_back(i * 7 % 11 % 3);
  return Tensor::from(values, {40});
}

TEST_F(LinearSvms, FindsTheMinimumOfScikitLearn) {
  for (const double c : {1.0, 0.05}) {
    const LinearSvm svm = train_linear_svm(features(), labels(), 3, {.c = c, .iterations = 2000});
    expect_fact(fmt::format("svm {}", c), {svm.weight(), svm.bias()}, 1e-6);
  }
}

TEST_F(LinearSvms, FewIterationsAreNearlyEnough) {
  const double many = train_linear_svm(features(), labels(), 3, {.iterations = 2000}).objective();
  EXPECT_NEAR(train_linear_svm(features(), labels(), 3, {.iterations = 100}).objective(), many, 1e-6 * many);
}

TEST_F(LinearSvms, AConstantFeatureDoesNotCount) {
  const Tensor with = concatenate({features(), full({40, 1}, 0.1, DType::kFloat64)}, 1);
  const LinearSvm svm = train_linear_svm(with, labels(), 3);
  EXPECT_EQ(max(absolute(slice(svm.weight(), {Range::all(), Range(5, 6)}))).item<double>(), 0);
  EXPECT_EQ(svm.accuracy(with, labels()),
            train_linear_svm(features(), labels(), 3).accuracy(features(), labels()));
}

TEST_F(LinearSvms, WrongInputsAreNamed) {
  EXPECT_THROW(train_linear_svm(features(), labels(), 2), Error);
  EXPECT_THROW(train_linear_svm(features(), slice(labels(), {Range(0, 39)}), 3), Error);
  EXPECT_THROW(train_linear_svm(features(), labels(), 3, {.c = 0}), Error);
  const LinearSvm svm = train_linear_svm(features(), labels(), 3);
  EXPECT_THROW(svm.scores(zeros({2, 4}, DType::kFloat64)), Error);
}

TEST_F(LinearSvms, GridMaximaAreTheMaximaOfTheirParts) {
  const Tensor x = pattern(3, {2, 3, 7, 5});
  const Tensor found = grid_maxima(x, 4);
  ASSERT_EQ(found.shape(), (Shape{2, 3, 4, 4}));
  for (std::int64_t i = 0; i < 4; ++i)
    for (std::int64_t j = 0; j < 4; ++j) {
      double largest = -10;
      for (std::int64_t y = i * 7 / 4; y < ((i + 1) * 7 + 3) / 4; ++y)
        for (std::int64_t z = j * 5 / 4; z < ((j + 1) * 5 + 3) / 4; ++z)
          largest = std::max(largest, x.at<double>({1, 2, y, z}));
      EXPECT_EQ(found.at<double>({1, 2, i, j}), largest);
    }
  EXPECT_TRUE(same_bits(grid_maxima(x, 9), x));
}

}  // namespace
}  // namespace tessera::models
