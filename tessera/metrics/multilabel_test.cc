#include "tessera/metrics/multilabel.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera::metrics {
namespace {

using testing::ElementsAre;

// 12 samples of 4 labels with many ties; label 3 has no positive. The expected numbers are those of scikit-learn 1.9.1 (f1_score,
// precision_score and recall_score with zero_division=0, roc_auc_score, precision_recall_curve).
Tensor scores() {
  std::vector<double> eighths = {1, 6, 4, 6, 8, 4, 4, 1, 2, 4, 5, 6, 3, 1, 2, 7, 2, 4, 7, 0, 5, 8, 2, 4,
                                 7, 1, 4, 6, 5, 4, 2, 4, 3, 4, 3, 7, 6, 3, 5, 2, 4, 3, 5, 3, 4, 6, 3, 7};
  for (double& value : eighths) value /= 8;
  return Tensor::from<double>(eighths, {12, 4});
}
Tensor targets() {
  return Tensor::from<double>({1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                               1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
                              {12, 4});
}
const std::vector<double> kThresholds = {0.5, 0.375, 0.75, 0.9};

TEST(Multilabel, CountsAsScikitLearn) {
  use_default_backend();
  const MultilabelCounts counts(scores(), targets(), kThresholds);
  EXPECT_DOUBLE_EQ(counts.micro_f1(), 0.2962962962962963);
  EXPECT_DOUBLE_EQ(counts.micro_precision(), 0.2222222222222222);
  EXPECT_DOUBLE_EQ(counts.micro_recall(), 0.4444444444444444);
  EXPECT_DOUBLE_EQ(counts.macro_f1(), 0.16083916083916083);
  EXPECT_DOUBLE_EQ(counts.f1(0), 0.46153846153846156);
  EXPECT_DOUBLE_EQ(counts.f1(1), 0.18181818181818182);
  EXPECT_EQ(counts.f1(2), 0);
  EXPECT_EQ(counts.f1(3), 0);  // nobody has or says it
  EXPECT_DOUBLE_EQ(counts.macro_f1_of_present(), 0.16083916083916083 * 4 / 3);
  EXPECT_DOUBLE_EQ(counts.exact_matches(), 1.0 / 12);
  EXPECT_EQ(counts.samples(), 12);
}

// The two that are often confused: F1 of each label averaged is not F1 of averaged precision and recall.
TEST(Multilabel, MacroF1IsComputedPerLabelAndThenAveraged) {
  use_default_backend();
  const MultilabelCounts counts(scores(), targets(), kThresholds);
  const double precision = 0.13214285714285715, recall = 0.375;  // macro, scikit-learn
  EXPECT_GT(std::abs(2 * precision * recall / (precision + recall) - counts.macro_f1()), 0.03);
}

TEST(Multilabel, AreaUnderTheCurveWithTies) {
  use_default_backend();
  EXPECT_DOUBLE_EQ(micro_auc(scores(), targets()), 0.4017094017094017);
  EXPECT_DOUBLE_EQ(macro_auc(scores(), targets()), 0.4021885521885522);
  EXPECT_DOUBLE_EQ(*auc_of_label(scores(), targets(), 0), 0.36111111111111116);
  EXPECT_DOUBLE_EQ(*auc_of_label(scores(), targets(), 1), 0.5454545454545454);
  EXPECT_DOUBLE_EQ(*auc_of_label(scores(), targets(), 2), 0.3);
  EXPECT_FALSE(auc_of_label(scores(), targets(), 3).has_value());
}

TEST(Multilabel, AreaIsTheShareOfPairsWon) {
  use_default_backend();
  const double values[] = {0.1, 0.4, 0.35, 0.8, 0.4};
  const bool positive[] = {false, false, true, true, true};
  double won = 0;
  for (int p = 0; p < 5; ++p)
    for (int n = 0; n < 5; ++n)
      if (positive[p] && !positive[n]) won += values[p] > values[n] ? 1 : values[p] == values[n] ? 0.5 : 0;
  EXPECT_EQ(*auc(values, positive), won / 6);
}

// Beside scikit-learn's average_precision_score; equal scores are one step.
TEST(Multilabel, AveragePrecision) {
  const auto found = [](std::vector<double> scores, std::initializer_list<bool> positive) {
    return average_precision(scores, std::span<const bool>(positive.begin(), positive.size()));
  };
  EXPECT_DOUBLE_EQ(*found({0.1, 0.4, 0.35, 0.8}, {false, false, true, true}), 0.8333333333333333);
  EXPECT_DOUBLE_EQ(*found({2, 1, 1, 1, 0, 0, -3}, {false, true, true, false, false, true, true}),
                   0.5178571428571428);
  EXPECT_EQ(*found({1, 1, 1}, {true, false, false}), 1.0 / 3);
  EXPECT_EQ(*found({3, 2}, {true, true}), 1);
  EXPECT_FALSE(found({1, 2}, {false, false}).has_value());
  EXPECT_FALSE(found({}, {}).has_value());
  EXPECT_THROW(found({1, NAN}, {true, false}), Error);
  EXPECT_THROW(found({1}, {true, false}), Error);
}

TEST(Multilabel, PrecisionAtKTakesTheLowerLabelOfEqualScores) {
  use_default_backend();
  const Tensor s = Tensor::from<float>({0.5F, 0.9F, 0.5F, 0.1F, 0.2F, 0.2F}, {2, 3});
  const Tensor t = Tensor::from<float>({1, 0, 0, 0, 1, 0}, {2, 3});
  EXPECT_EQ(precision_at(s, t, 1), 0.5);  // ranks: 1 0 2 and 1 2 0
  EXPECT_EQ(precision_at(s, t, 2), 0.5);
  EXPECT_EQ(precision_at(s, t, 4), 2.0 / 8);  // there are three labels; four were asked for
  EXPECT_THAT(ranked_labels(std::vector<double>{0.5, 0.9, 0.5}), ElementsAre(1, 0, 2));
}

TEST(Multilabel, ThresholdsAreTheBestOnTheGivenSamples) {
  use_default_backend();
  EXPECT_EQ(best_shared_threshold(scores(), targets()), 0.125);
  EXPECT_THAT(best_thresholds(scores(), targets(), 0.7), ElementsAre(0.125, 0.5, 0.25, 0.7));
  // Nothing that occurs does better than the found one.
  for (int eighth = 0; eighth <= 9; ++eighth) {
    const std::vector<double> other(4, eighth / 8.0), best(4, 0.125);
    EXPECT_LE(MultilabelCounts(scores(), targets(), other).micro_f1(),
              MultilabelCounts(scores(), targets(), best).micro_f1());
  }
}

TEST(Multilabel, WrongInputsAreNamed) {
  use_default_backend();
  const Tensor s = Tensor::from<double>({0.5, 0.5}, {1, 2});
  EXPECT_THROW(MultilabelCounts(s, Tensor::from<double>({1, 0.5}, {1, 2}), {0, 0}), Error);
  EXPECT_THROW(MultilabelCounts(s, Tensor::from<double>({1, 0}, {2, 1}), {0, 0}), Error);
  EXPECT_THROW(MultilabelCounts(s, Tensor::from<double>({1, 0}, {1, 2}), {0}), Error);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(micro_auc(Tensor::from<double>({nan, 0.5}, {1, 2}), Tensor::from<double>({1, 0}, {1, 2})),
               Error);
  EXPECT_TRUE(std::isnan(micro_auc(s, Tensor::from<double>({1, 1}, {1, 2}))));
  EXPECT_THROW(precision_at(s, Tensor::from<double>({1, 0}, {1, 2}), 0), Error);
}

}  // namespace
}  // namespace tessera::metrics
