// Encoders of categories beside scikit-learn's and category_encoders'; what each says of unseen and missing categories.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/base/message_test.h"
#include "tessera/data/folds.h"
#include "tessera/learn/embedding_encoder.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/hash_encoders.h"
#include "tessera/learn/one_hot_encoder.h"
#include "tessera/learn/ordered_target_encoders.h"
#include "tessera/learn/target_encoders.h"
#include "tessera/numerics/philox.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::unique_ptr<Transformer> encoder_of(const std::string& name, const nlohmann::json& settings) {
  std::unique_ptr<Estimator> estimator = make_estimator(name);
  set_parameters(*estimator, settings);
  return std::unique_ptr<Transformer>(dynamic_cast<Transformer*>(estimator.release()));
}

// ---- The table of encoder_facts.py ----

struct Fact {
  std::string name, settings, target;
  bool training;
  double tolerance;
  std::vector<double> values;
};
const std::vector<Fact> kFacts = {
#include "tessera/learn/encoder_facts_test.inc"
};

struct FactTable {
  static constexpr std::int64_t kRows = 90, kLearned = 60, kFeatures = 4;
  Tensor learned, others, target;
  explicit FactTable(const std::string& kind) {
    std::vector<double> x, y;
    for (std::int64_t i = 0; i < kRows; ++i) {
      for (std::int64_t f = 0; f < kFeatures; ++f)
        x.push_back(static_cast<double>((7 * i * i + 11 * f * i + 5 * f * f + 3 * i) % 13 % (3 + f)));
      double* const row = x.data() + i * kFeatures;
      if (i >= kLearned && i % 7 == 0) row[1] = 9;
      const double number = 0.5 * row[0] - row[2] + 0.25 * row[3] + static_cast<double>(5 * i * i % 7) / 8;
      const double classes = (number > -1 ? 1 : 0) + (number > 0.5 ? 1 : 0);
      y.push_back(kind == "numbers" ? number : kind == "binary" ? (number > -0.5 ? 1 : 0) : classes);
    }
    const Tensor all = Tensor::from(x, {kRows, kFeatures});
    learned = copy(all.slice({Range::to(kLearned)}));
    others = copy(all.slice({Range::from(kLearned)}));
    target = copy(Tensor::from(y, {kRows}).slice({Range::to(kLearned)}));
  }
};

TEST(Encoders, SayWhatScikitLearnAndCategoryEncodersSay) {
  use_default_backend();
  ASSERT_EQ(kFacts.size(), 51U);
  for (const Fact& fact : kFacts) {
    const FactTable table(fact.target);
    const auto encoder = encoder_of(fact.name, nlohmann::json::parse(fact.settings));
    Tensor found = encoder->fit_transform(table.learned, table.target);
    if (!fact.training) found = encoder->transform(table.others);
    const std::vector<double> values = found.to_vector<double>();
    ASSERT_EQ(values.size(), fact.values.size()) << fact.name << " " << fact.settings << " " << fact.target;
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      worst = std::max(worst, std::abs(values[i] - fact.values[i]) / (1 + std::abs(fact.values[i])));
    EXPECT_LE(worst, fact.tolerance) << fact.name << " " << fact.settings << " " << fact.target;
  }
}

// ---- category_encoders' answers on Titanic and Amazon access ----

class SharedAnswers : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const char* data = std::getenv("TESSERA_DATA");
    if (data == nullptr) GTEST_SKIP() << "TESSERA_DATA is not set";
    use_default_backend();
    answers_ = nlohmann::json::parse(
        read_file_maybe_gzip(std::string(data) + "/encoders/" + GetParam() + ".json.gz"));
    train_ = keys("X_train");
    test_ = keys("X_test");
    const auto y = answers_.at("y_train").get<std::vector<double>>();
    y_ = Tensor::from(y, {static_cast<std::int64_t>(y.size())});
  }

  // Texts numbered as they come.
  Tensor keys(const std::string& part) {
    std::vector<double> values;
    const auto& rows = answers_.at(part);
    for (const auto& row : rows)
      for (const auto& text : row)
        values.push_back(
            numbers_.emplace(text.get<std::string>(), static_cast<double>(numbers_.size())).first->second);
    return Tensor::from(
        values, {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.at(0).size())});
  }

  static nlohmann::json settings(const std::string& encoder, const nlohmann::json& parameters) {
    nlohmann::json known = nlohmann::json::object();
    if (encoder == "TargetEncoder") known["weighting"] = "sigmoid";
    for (const auto& [name, value] : parameters.items())
      if (!value.is_null()) known[name] = value;
    return known;
  }

  nlohmann::json answers_;
  std::map<std::string, double> numbers_;
  Tensor train_, test_, y_;
};

double largest_difference(const Tensor& found, const nlohmann::json& rows) {
  double worst = 0;
  const std::vector<double> values = found.to_vector<double>();
  std::size_t i = 0;
  for (const auto& row : rows)
    for (const auto& value : row) worst = std::max(worst, std::abs(values.at(i++) - value.get<double>()));
  EXPECT_EQ(i, values.size());
  return worst;
}

TEST_P(SharedAnswers, AreOurs) {
  const std::map<std::string, std::string> names = {{"TargetEncoder", "target_encoder"},
                                                    {"MEstimateEncoder", "m_estimate_encoder"},
                                                    {"LeaveOneOutEncoder", "leave_one_out_encoder"},
                                                    {"JamesSteinEncoder", "james_stein_encoder"},
                                                    {"CatBoostEncoder", "catboost_encoder"},
                                                    {"WOEEncoder", "woe_encoder"},
                                                    {"CountEncoder", "count_encoder"}};
  for (const auto& answer : answers_.at("encoders")) {
    const std::string theirs = answer.at("encoder");
    const auto encoder = encoder_of(names.at(theirs), settings(theirs, answer.at("params")));
    encoder->fit(train_, y_);
    EXPECT_LT(largest_difference(encoder->transform(test_), answer.at("test_encoded")), 1e-9)
        << answer.at("params");
    // Theirs encode training rows as new ones, but for two of them.
    if (theirs != "LeaveOneOutEncoder" && theirs != "CatBoostEncoder") {
      EXPECT_LT(largest_difference(encoder->transform(train_), answer.at("train_encoded")), 1e-9) << theirs;
    }
  }
}

// Where theirs take the mean with the row's own target, ours do not; what remains is the same.
TEST_P(SharedAnswers, AreOursForTrainingRowsButForTheMeanOfAll) {
  for (const auto& answer : answers_.at("encoders")) {
    const bool ordered = answer.at("encoder") == "CatBoostEncoder";
    if (!ordered && answer.at("encoder") != "LeaveOneOutEncoder") continue;
    const auto encoder = ordered ? encoder_of("catboost_encoder", {{"shuffle", false}})
                                 : encoder_of("leave_one_out_encoder", {});
    const Tensor found = encoder->fit_transform(train_, y_);
    const std::vector<double> y = y_.to_vector<double>();
    double all = 0;
    for (const double value : y) all += value;
    const auto rows = static_cast<double>(y.size());
    std::vector<std::map<double, double>> whole(3), counts(3);
    for (std::int64_t i = 0; i < y_.size(0); ++i)
      for (std::int64_t f = 0; f < 3; ++f) ++whole[static_cast<std::size_t>(f)][train_.at<double>({i, f})];
    double before = 0, worst = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t f = 0; f < 3; ++f) {
        const auto row = static_cast<std::int64_t>(i), column = static_cast<std::int64_t>(f);
        const double key = train_.at<double>({row, column}), earlier = counts[f][key]++;
        double expected = answer.at("train_encoded").at(i).at(f);
        if (ordered)
          expected += ((i == 0 ? 0 : before / static_cast<double>(i)) - all / rows) / (earlier + 1);
        else if (whole[f][key] == 1)
          expected = (all - y[i]) / (rows - 1);
        worst = std::max(worst, std::abs(expected - found.at<double>({row, column})));
      }
      before += y[i];
    }
    EXPECT_LT(worst, 1e-9) << answer.at("encoder");
  }
}

INSTANTIATE_TEST_SUITE_P(Encoders, SharedAnswers, testing::Values("titanic", "amazon3000"));

// ---- By definition ----

TEST(Encoders, LikelihoodOfHeights) {
  use_default_backend();
  const Tensor sex = Tensor::from<double>({1, 0, 1, 0, 1, 0}, {6, 1});  // 1: male
  const Tensor height = Tensor::from<double>({1.80, 1.55, 1.70, 1.65, 1.60, 1.60}, {6});
  TargetEncoder encoder({.smooth = 0});
  encoder.fit(sex, height);
  const std::vector<double> found =
      encoder.transform(Tensor::from<double>({1, 0}, {2, 1})).to_vector<double>();
  EXPECT_NEAR(found[0], 1.70, 1e-15);
  EXPECT_NEAR(found[1], 1.60, 1e-15);
}

struct Drawn {
  Tensor x, y;
  explicit Drawn(std::int64_t rows, std::int64_t categories = 7) {
    std::vector<double> keys, target;
    for (std::int64_t i = 0; i < rows; ++i) {
      keys.push_back(static_cast<double>((i * i + 3 * i) % 31 % categories));
      target.push_back(static_cast<double>((i * 37 + 11) % 101) / 64);
    }
    x = Tensor::from(keys, {rows, 1});
    y = Tensor::from(target, {rows});
  }
};

// Each held-out part encoded by an encoder that was fitted on the others: data::k_fold's parts.
TEST(Encoders, OneLevelIsAFitOnTheOtherFolds) {
  use_default_backend();
  const Drawn drawn(53);
  for (const bool shuffle : {true, false}) {
    TargetEncoder encoder({.smooth = 2, .folding = {.cv = 4, .shuffle = shuffle, .seed = 3}});
    const Tensor found = encoder.fit_transform(drawn.x, drawn.y);
    for (const data::Split& split : data::k_fold(53, {.folds = 4, .shuffle = shuffle, .seed = 3})) {
      const Tensor train = Tensor::from(split.train, {static_cast<std::int64_t>(split.train.size())});
      TargetEncoder of_part({.smooth = 2});
      of_part.fit(gather(drawn.x, train), gather(drawn.y, train));
      for (const std::int64_t row : split.held_out)
        EXPECT_NEAR(found.at<double>({row, 0}),
                    of_part.transform(drawn.x.slice({Range(row, row + 1)})).item<double>(), 1e-14);
    }
  }
}

TEST(Encoders, TwoLevelsAreTheMeanOfFitsOnInnerFolds) {
  use_default_backend();
  const Drawn drawn(61);
  TargetEncoder encoder({.folding = {.cv = 3, .inner_cv = 4, .seed = 8}});
  const Tensor found = encoder.fit_transform(drawn.x, drawn.y);
  const auto outer = data::k_fold(61, {.folds = 3, .seed = 8}),
             inner = data::k_fold(61, {.folds = 4, .seed = 8, .repeat = 1});
  for (const data::Split& out : outer) {
    std::map<std::int64_t, double> sums;
    for (const data::Split& in : inner) {
      std::vector<std::int64_t> rows;
      std::set_intersection(out.train.begin(), out.train.end(), in.train.begin(), in.train.end(),
                            std::back_inserter(rows));
      const Tensor part = Tensor::from(rows, {static_cast<std::int64_t>(rows.size())});
      TargetEncoder of_part;
      of_part.fit(gather(drawn.x, part), gather(drawn.y, part));
      for (const std::int64_t row : out.held_out)
        sums[row] += of_part.transform(drawn.x.slice({Range(row, row + 1)})).item<double>();
    }
    for (const std::int64_t row : out.held_out)
      EXPECT_NEAR(found.at<double>({row, 0}), sums.at(row) / 4, 1e-14) << row;
  }
}

TEST(Encoders, NoiseIsGaussianByCounterAndOfTrainingRowsOnly) {
  use_default_backend();
  const Drawn drawn(4000);
  TargetEncoder plain, noisy({.noise = 0.5}), other({.noise = 0.5, .folding = {.seed = 1}});
  const Tensor difference = noisy.fit_transform(drawn.x, drawn.y) - plain.fit_transform(drawn.x, drawn.y);
  EXPECT_NEAR(mean(difference).item<double>(), 0, 0.03);
  EXPECT_NEAR(std::sqrt(variance(difference, {0, 1}).item<double>()), 0.5, 0.02);
  EXPECT_TRUE(same_bits(noisy.transform(drawn.x), plain.transform(drawn.x)));
  EXPECT_FALSE(same_bits(noisy.fit_transform(drawn.x, drawn.y), other.fit_transform(drawn.x, drawn.y)));
  LeaveOneOutEncoder exact, spread({.sigma = 0.1});
  const Tensor ratio = spread.fit_transform(drawn.x, drawn.y) / exact.fit_transform(drawn.x, drawn.y);
  EXPECT_NEAR(mean(ratio).item<double>(), 1, 0.006);
  EXPECT_NEAR(std::sqrt(variance(ratio, {0, 1}).item<double>()), 0.1, 0.004);
}

// ---- Vectors ----

struct LastLoss : StepObserver {
  double loss = 0;
  bool on_step(const StepReport& report) override {
    loss = report.scalars[0].value;
    return true;
  }
};

// The least loss is known: the entropy of the target within each category, or half of what a category's mean leaves of the variance.
TEST(Encoders, VectorsAreTrainedToTheLeastLoss) {
  use_default_backend();
  std::vector<double> keys, coins, numbers;
  double entropy = 0, rest = 0;
  for (int category = 0; category < 4; ++category) {
    const double rate = 0.2 + 0.2 * category;
    entropy -= (rate * std::log(rate) + (1 - rate) * std::log(1 - rate)) / 4;
    for (int i = 0; i < 20; ++i) {
      keys.push_back(category);
      coins.push_back(i < 20 * rate - 0.5 ? 1 : 0);
      numbers.push_back(category * category + (i % 2 == 0 ? 1 : -1));
    }
  }
  const double between = (12.25 + 6.25 + 0.25 + 30.25) / 4;
  rest = 1 / (1 + between) / 2;
  const Tensor x = Tensor::from(keys, {80, 1});
  LastLoss found;
  EmbeddingEncoder encoder({.alpha = 0, .max_iter = 1500});
  encoder.fit(x, Tensor::from(coins, {80}), &found);
  EXPECT_NEAR(found.loss, entropy, 1e-6);
  encoder.fit(x, Tensor::from(numbers, {80}), &found);
  EXPECT_NEAR(found.loss, rest, 1e-6);
}

TEST(Encoders, CategoriesThatDoTheSameGetVectorsThatAreAlike) {
  use_default_backend();
  std::vector<double> keys, y;
  for (int i = 0; i < 600; ++i) {
    keys.push_back(i % 6);
    y.push_back(i % 6 % 2 == 0 ? 1 : 0);
  }
  EmbeddingEncoder encoder;
  encoder.fit(Tensor::from(keys, {600, 1}), Tensor::from(y, {600}));
  const Tensor vectors = encoder.values();
  const auto distance = [&](std::int64_t a, std::int64_t b) {
    return std::sqrt(sum_squares(vectors.slice({a}) - vectors.slice({b})).item<double>());
  };
  EXPECT_LT(distance(0, 2) * 3, distance(0, 1));
  EXPECT_LT(distance(1, 5) * 3, distance(2, 5));
  EXPECT_EQ(encoder.transform(Tensor::from<double>({77}, {1, 1})).to_vector<double>(),
            std::vector<double>(4));
}

// ---- Hashes ----

TEST(Encoders, FourHundredCategoriesArePairsOfTwentyBuckets) {
  use_default_backend();
  std::vector<double> keys;
  for (int i = 0; i < 400; ++i) keys.push_back(i * 7.5);
  const Tensor x = Tensor::from(keys, {400, 1});
  TwoHashEncoder encoder;
  const Tensor found = encoder.fit_transform(x);
  EXPECT_EQ(encoder.buckets(0), 20);
  ASSERT_EQ(found.shape(), Shape({400, 40}));
  std::set<std::pair<std::int64_t, std::int64_t>> pairs;
  const Tensor first = argmax(found.slice({Range::all(), Range::to(20)}), 1),
               second = argmax(found.slice({Range::all(), Range::from(20)}), 1);
  for (std::int64_t i = 0; i < 400; ++i) {
    EXPECT_TRUE(pairs.emplace(first.at<std::int64_t>({i}), second.at<std::int64_t>({i})).second);
    EXPECT_EQ(sum(found.slice({i})).item<double>(), 2);
  }
  EXPECT_NE(first.to_vector<std::int64_t>(), [] {
    std::vector<std::int64_t> in_order;
    for (int i = 0; i < 400; ++i) in_order.push_back(i / 20);
    return in_order;
  }());
  EXPECT_EQ(sum(encoder.transform(Tensor::from<double>({1}, {1, 1}))).item<double>(), 0);
  EXPECT_EQ(encoder.feature_names({"a"}).size(), 40U);
}

// The documented hash; numbers of Philox by the test of numerics, which has Random123's.
TEST(Encoders, AHashIsAWordOfPhilox) {
  use_default_backend();
  HashingEncoder encoder({.n_components = 11});
  encoder.fit(zeros({1, 3}, DType::kFloat64));
  const Tensor row = Tensor::from<double>({-0.0, kMissing, 0.1}, {1, 3});
  std::vector<double> expected(11);
  const auto key = numerics::stream_key(0, "hashing_encoder");
  const auto zero = numerics::philox(key, {0, 0, 0, 0});
  const auto tenth = numerics::philox(key, {0x9999999Au, 0x3FB99999u, 2, 0});
  ++expected[(zero[0] + (std::uint64_t{zero[1]} << 32)) % 11];
  ++expected[(tenth[0] + (std::uint64_t{tenth[1]} << 32)) % 11];
  EXPECT_EQ(encoder.transform(row).to_vector<double>(), expected);
  // Every bucket is used about equally often.
  std::vector<double> keys;
  for (int i = 0; i < 11'000; ++i) keys.push_back(i);
  HashingEncoder one({.n_components = 11});
  const Tensor counts = sum(one.fit_transform(Tensor::from(keys, {11'000, 1})), {0});
  EXPECT_GT(min(counts).item<double>(), 880);
  EXPECT_LT(max(counts).item<double>(), 1120);
}

// ---- Unseen and missing ----

TEST(Encoders, AMissingValueIsACategoryWhereTrainingHadOne) {
  use_default_backend();
  const Tensor with = Tensor::from<double>({1, kMissing, kMissing, 2}, {4, 1}),
               without = Tensor::from<double>({1, 1, 2, 2}, {4, 1});
  const Tensor asked = Tensor::from<double>({kMissing, 7}, {2, 1}),
               y = Tensor::from<double>({1, 0, 0, 1}, {4});
  CountEncoder counts;
  counts.fit(with);
  EXPECT_EQ(counts.transform(asked).to_vector<double>(), (std::vector<double>{2, 0}));
  counts.fit(without);
  EXPECT_EQ(counts.transform(asked).to_vector<double>(), (std::vector<double>{0, 0}));
  TargetEncoder target({.smooth = 0});
  target.fit(with, y);
  EXPECT_EQ(target.transform(asked).to_vector<double>(), (std::vector<double>{0, 0.5}));
  target.fit(without, y);
  EXPECT_EQ(target.transform(asked).to_vector<double>(), (std::vector<double>{0.5, 0.5}));
  OneHotEncoder one_hot;
  one_hot.fit(with);
  EXPECT_EQ(one_hot.transform(copy(asked.slice({Range::to(1)}))).to_vector<double>(),
            (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(message_of([&] { one_hot.transform(asked); }),
            "one_hot_encoder: column 0 has the category 7, which was not there to learn (handle_unknown is "
            "\"error\")");
  OrdinalEncoder ordinal;
  ordinal.fit(with);
  EXPECT_EQ(ordinal.transform(with).to_vector<double>(), (std::vector<double>{0, -2, -2, 1}));
  EXPECT_EQ(message_of([&] { ordinal.transform(asked); }),
            "ordinal_encoder: column 0 has the category 7, which was not there to learn (handle_unknown is "
            "\"error\")");
}

TEST(Encoders, AnyNumbersAreCategories) {
  use_default_backend();
  const std::vector<double> keys = {1e300, -1e-300, 0.5, -7, 1e15 + 0.5, 0};
  const Tensor x = Tensor::from(keys, {6, 1});
  OrdinalEncoder encoder;
  EXPECT_EQ(encoder.fit_transform(x).to_vector<double>(), (std::vector<double>{5, 1, 3, 0, 4, 2}));
  EXPECT_EQ(encoder.transform(Tensor::from<double>({-0.0}, {1, 1})).item<double>(), 2);
  // Few values among many categories, and many: both ways of looking up.
  std::vector<double> many;
  for (int i = 0; i < 5000; ++i) many.push_back(i * 0.1);
  OrdinalEncoder large({.handle_unknown = OrdinalEncoder::HandleUnknown::kUseEncodedValue});
  const Tensor column = Tensor::from(many, {5000, 1}), found = large.fit_transform(column);
  for (std::int64_t i = 0; i < 5000; i += 7) {
    EXPECT_EQ(found.at<double>({i, 0}), static_cast<double>(i));
    EXPECT_EQ(large.transform(column.slice({Range(i, i + 1)})).item<double>(), static_cast<double>(i));
  }
  EXPECT_EQ(large.transform(Tensor::from<double>({0.05, 1e9, -1}, {3, 1})).to_vector<double>(),
            (std::vector<double>{-1, -1, -1}));
}

TEST(Encoders, SayWhatTheyCannotLearnFrom) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, 2, 1, 2}, {4, 1});
  EXPECT_EQ(message_of([&] { TargetEncoder().fit(x); }),
            "target_encoder: it learns from a target, expected one value per row of features, found none");
  EXPECT_EQ(message_of([&] {
              TargetEncoder().fit_transform(x, Tensor::from<double>({1, 0, 1, 0}, {4}));
            }),
            "target_encoder: cv: expected at most the 4 rows, found 5");
  EXPECT_EQ(
      message_of([&] {
        TargetEncoder({.target_type = TargetType::kBinary}).fit(x, Tensor::from<double>({1, 0, 2, 0}, {4}));
      }),
      "target_encoder: target_type is binary, expected only 0 and 1 in the target");
  EXPECT_EQ(message_of([&] {
              WOEEncoder().fit(x, Tensor::from<double>({1, 0.5, 2, 0}, {4}));
            }),
            "woe_encoder: expected classes as the target, 0 and 1 or more of them, found other numbers");
  EXPECT_EQ(message_of([&] {
              LeaveOneOutEncoder().fit_transform(copy(x.slice({Range::to(1)})),
                                                 Tensor::from<double>({1}, {1}));
            }),
            "leave_one_out_encoder: expected at least two rows, so that one can be left out, found 1");
}

// Settings given as a structure have the same bounds as those given as text.
TEST(Encoders, HaveBoundsInStructures) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, 1, 2, 2}, {4, 1}), y = Tensor::from<double>({1, 0, 1, 0}, {4});
  EXPECT_EQ(message_of([&] { HashingEncoder({.n_components = 0}).fit(x); }),
            "hashing_encoder: n_components: expected a whole number, from 1 to 16777216, found 0");
  EXPECT_THAT(message_of([&] { TargetEncoder({.folding = {.cv = 1}}).fit(x, y); }),
              testing::StartsWith("target_encoder: cv: expected a whole number, from 2 to 1000, found 1"));
}

// Rows that fit() has not seen have no encoding as training rows.
TEST(Encoders, TransformAsTrainingRowsOnlyWhatWasLearnedFrom) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, 1, 2, 2, 1, 2}, {6, 1}),
               y = Tensor::from<double>({1, 0, 1, 0, 0, 1}, {6}),
               other = Tensor::from<double>({1, 1, 2, 7, 1, 2}, {6, 1}),
               classes = Tensor::from<double>({0, 1, 2, 0, 1, 2}, {6});
  for (const char* name : {"target_encoder", "m_estimate_encoder", "james_stein_encoder", "woe_encoder",
                           "leave_one_out_encoder", "catboost_encoder", "embedding_encoder"}) {
    const std::unique_ptr<Estimator> encoder = make_estimator(name);
    if (std::string_view(name) != "leave_one_out_encoder" && std::string_view(name) != "catboost_encoder")
      set_parameter(*encoder, "cv", "3");
    encoder->fit(x, y);
    const auto& transformer = dynamic_cast<const Transformer&>(*encoder);
    EXPECT_THAT(message_of([&] { transformer.transform_training(other, y); }),
                testing::HasSubstr("row 3, column 0 has a category that fit() has not seen"))
        << name;
    if (std::string_view(name) == "target_encoder") {
      EXPECT_THAT(message_of([&] { transformer.transform_training(x, classes); }),
                  testing::HasSubstr("gives 3 numbers per category, expected 1"));
    }
  }
}

// A column with as many categories as it may have features has a rarest one, too: the one that unseen categories count as.
TEST(Encoders, OneHotOfAsManyCategoriesAsFeatures) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({3, 1, 3, 2, 2, 3}, {6, 1});
  for (const std::int64_t most : {3, 4}) {
    OneHotEncoder encoder(
        {.handle_unknown = OneHotEncoder::HandleUnknown::kInfrequentIfExist, .max_categories = most});
    encoder.fit(x);
    const std::vector<double> found =
        encoder.transform(Tensor::from<double>({1, 2, 3, 7}, {4, 1})).to_vector<double>();
    const std::vector<double> rarest_shares = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};  // scikit-learn's
    const std::vector<double> room_for_all = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    EXPECT_EQ(found, most == 3 ? rarest_shares : room_for_all) << most;
  }
}

TEST(Encoders, OneHotNamesItsFeatures) {
  use_default_backend();
  OneHotEncoder encoder({.max_categories = 2});
  encoder.fit(Tensor::from<double>({3, 1, 3, 2, kMissing, 3}, {6, 1}));
  EXPECT_EQ(encoder.feature_names({"city"}), (std::vector<std::string>{"city_3", "city_infrequent"}));
  MEstimateEncoder classes;
  classes.fit(Tensor::from<double>({1, 1, 2}, {3, 1}), Tensor::from<double>({0, 1, 2}, {3}));
  EXPECT_EQ(classes.feature_names({"city"}), (std::vector<std::string>{"city#0", "city#1", "city#2"}));
}

}  // namespace
}  // namespace tessera::learn
