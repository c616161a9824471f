#include "tessera/learn/score_intervals.h"

#include <gmock/gmock.h>

#include "tessera/backends/backends.h"
#include "tessera/base/message_test.h"
#include "tessera/learn/hard_classes.h"
#include "tessera/learn/selection_facts_test.h"
#include "tessera/numerics/functions.h"

namespace tessera::learn {
namespace {

using namespace selection;

using testing::HasSubstr;

TEST(ScoreIntervals, AreaOfTheRocCurveByItsDefinition) {
  std::vector<double> scores;
  for (std::size_t row = 0; row < 80; ++row)
    scores.push_back(std::nearbyint(fact("x")[row * 6] * 10) / 10);  // some are equal
  const ScoreInterval found = auc_interval(scores, fact_integers("two"));
  expect_fact({found.score, found.low, found.high}, "auc_interval", 1e-12);
  const std::vector<double> apart = {1, 2, 3, 4};
  const std::vector<std::int64_t> labels = {0, 0, 1, 1};
  const ScoreInterval sure = auc_interval(apart, labels);
  EXPECT_EQ(sure.score, 1);
  EXPECT_EQ(sure.low, 1);
}

// Of a share the bootstrap and Wilson's formula agree when there are many rows; the draws are the seed's.
TEST(ScoreIntervals, BootstrapOfAShareIsNearWilsons) {
  use_default_backend();
  const auto share = [](std::span<const std::int64_t> rows) {
    double ones = 0;
    for (const std::int64_t row : rows) ones += row % 5 < 4 ? 1 : 0;
    return ones / static_cast<double>(rows.size());
  };
  const ScoreInterval wilson = accuracy_interval(800, 1000);
  const ScoreInterval found = bootstrap_score(1000, share, {.resamples = 2000, .seed = 3});
  EXPECT_EQ(found.score, 0.8);
  EXPECT_NEAR(found.low, wilson.low, 0.004);
  EXPECT_NEAR(found.high, wilson.high, 0.004);
  const ScoreInterval again = bootstrap_score(1000, share, {.resamples = 2000, .seed = 3});
  EXPECT_EQ(again.low, found.low);
  const ScoreInterval other = bootstrap_score(1000, share, {.resamples = 2000, .seed = 4, .confidence = 0.5});
  EXPECT_GT(other.low, found.low);
}

TEST(ScoreIntervals, WrongInputsGetASentence) {
  const std::vector<double> scores = {1, 2, 3};
  const std::vector<std::int64_t> labels = {0, 1, 1}, two = {0, 1};
  EXPECT_THAT(message_of([&] { auc_interval(scores, labels); }), HasSubstr("found 1 and 2"));
  EXPECT_THAT(message_of([&] { auc_interval(scores, two); }), HasSubstr("each of 3 scores, found 2"));
  EXPECT_THAT(message_of([&] { auc_interval(scores, labels, 1); }), HasSubstr("the confidence is 1"));
  EXPECT_THAT(message_of([&] { bootstrap_score(0, [](auto) { return 0.0; }); }),
              HasSubstr("at least one row"));
}

TEST(HardClasses, TheHardestFirstAndThePairThatIsConfusedMost) {
  metrics::ConfusionMatrix confusion(4);  // the last one has no rows
  for (int i = 0; i < 20; ++i) confusion.add(0, i < 18 ? 0 : 1);
  for (int i = 0; i < 30; ++i) confusion.add(1, i < 15 ? 1 : i < 27 ? 2 : 0);
  for (int i = 0; i < 10; ++i) confusion.add(2, 2);
  const std::vector<HardClass> classes = hard_classes(confusion);
  EXPECT_EQ(classes[0].label, 3);
  EXPECT_EQ(classes[0].times, 0);
  EXPECT_EQ(classes[1].label, 2);  // all found, but 12 of 22 that are said are none
  EXPECT_EQ(classes[2].label, 1);
  EXPECT_EQ(classes[2].taken_for, 2);
  EXPECT_EQ(classes[2].times, 12);
  EXPECT_EQ(classes[2].recall.score, 0.5);
  EXPECT_NEAR(classes[2].recall.low, 0.3315,
              1e-4);  // scipy.stats.binomtest(15, 30).proportion_ci(method="wilson")
  const auto pair = most_confused(confusion);
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->actual, 1);
  EXPECT_EQ(pair->said, 2);
  const std::string text = hard_classes_text(confusion, {"a", "b", "c", "d"});
  EXPECT_THAT(text, HasSubstr("most confused: b taken for c, 12 of 30 rows"));
  EXPECT_FALSE(most_confused(metrics::ConfusionMatrix(2)).has_value());
  EXPECT_THAT(message_of([&] { hard_classes_text(confusion, {"a"}); }),
              HasSubstr("each of 4 classes, found 1"));
}

}  // namespace
}  // namespace tessera::learn
