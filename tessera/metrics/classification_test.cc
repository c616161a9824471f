#include "tessera/metrics/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/metrics/streaming_mean.h"

namespace tessera::metrics {
namespace {

using testing::HasSubstr;

// The example of scikit-learn's manual, "Classification report": y_true = [0, 1, 2, 2, 0], y_pred = [0, 0, 2, 1, 0].
TEST(ConfusionMatrix, GivesThePublishedReport) {
  ConfusionMatrix matrix(3);
  matrix.add({0, 1, 2, 2, 0}, {0, 0, 2, 1, 0});
  EXPECT_NEAR(matrix.precision(0), 0.67, 0.005);
  EXPECT_EQ(matrix.recall(0), 1.0);
  EXPECT_EQ(matrix.f1(0), 0.8);
  EXPECT_EQ(matrix.f1(1), 0.0);
  EXPECT_EQ(matrix.precision(2), 1.0);
  EXPECT_EQ(matrix.recall(2), 0.5);
  EXPECT_NEAR(matrix.f1(2), 0.67, 0.005);
  EXPECT_EQ(matrix.accuracy(), 0.6);
  EXPECT_NEAR(matrix.macro_f1(), 0.49, 0.005);
  EXPECT_EQ(matrix.micro_f1(), 0.6);
}

// scikit-learn 1.9: jaccard_score([0, 1, 2, 2, 0], [0, 0, 2, 1, 0], average=None) is 0.66666667, 0, 0.5, with average="macro" 0.38888888888888884.
TEST(ConfusionMatrix, IntersectionOverUnionIsThatOfScikitLearn) {
  ConfusionMatrix matrix(3);
  matrix.add({0, 1, 2, 2, 0}, {0, 0, 2, 1, 0});
  EXPECT_EQ(matrix.iou(0), 2.0 / 3);
  EXPECT_EQ(matrix.iou(1), 0);
  EXPECT_EQ(matrix.iou(2), 0.5);
  EXPECT_NEAR(matrix.mean_iou(), 0.38888888888888884, 1e-15);
  EXPECT_EQ(ConfusionMatrix(2).mean_iou(), 0);
}

TEST(ConfusionMatrix, EmptyClassesCountAsZero) {
  const ConfusionMatrix matrix(2);
  EXPECT_EQ(matrix.accuracy(), 0);
  EXPECT_EQ(matrix.f1(1), 0);
}

TEST(ConfusionMatrix, TablePutsTheHardestClassFirst) {
  ConfusionMatrix matrix(3);
  matrix.add({0, 0, 1, 1, 1, 2}, {0, 0, 2, 2, 1, 2});
  const std::string table = matrix.per_class_table({"shirt", "coat", "boot"});
  EXPECT_LT(table.find("coat"), table.find("boot"));
  EXPECT_LT(table.find("boot"), table.find("shirt"));
  EXPECT_THAT(table, HasSubstr("boot (2 times)"));
  EXPECT_THAT(matrix.to_string({"shirt", "coat", "boot"}), HasSubstr("coat       0      1      2"));
}

TEST(ConfusionMatrix, MergesAndRefusesStrangeLabels) {
  ConfusionMatrix a(2), b(2);
  a.add(0, 1);
  b.add(0, 1);
  a.merge(b);
  EXPECT_EQ(a.count(0, 1), 2);
  EXPECT_THROW(a.add(0, 2), Error);
  EXPECT_THROW(a.add(-1, 0), Error);
  EXPECT_THROW(a.merge(ConfusionMatrix(3)), Error);
  EXPECT_THROW(a.add({0}, {0, 1}), Error);
}

TEST(Predictions, TakeTheFirstOfEqualsAndNanAsGreatest) {
  use_default_backend();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor scores = Tensor::from<float>({1, 3, 3, 0, nan, 9}, {2, 3});
  EXPECT_EQ(predicted_classes(scores), (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(correct_predictions(scores, Tensor::from<std::int64_t>({1, 2}, {2})), 1);
  EXPECT_THROW(predicted_classes(Tensor::from<float>({1}, {1})), Error);
}

TEST(StreamingMean, WeighsItsValues) {
  StreamingMean mean;
  EXPECT_EQ(mean.value(), 0);
  mean.add(2, 3);
  mean.add(6);
  EXPECT_EQ(mean.value(), 3);
}

}  // namespace
}  // namespace tessera::metrics
