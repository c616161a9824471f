// Fits whose categories become what an encoder makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tessera/base/message_test.h"
#include "tessera/tabular/tabular_test.h"

namespace tessera::tabular {
namespace {

using testing::HasSubstr;

// 200 requests: the city, a number, tells the answer; the manager is one of 90, of whom most are there twice.
std::string requests(int rows = 200, int first = 0) {
  std::string text = "city,manager,days,granted\n";
  for (int i = first; i < first + rows; ++i) {
    const int city = i * i % 17;
    text += fmt::format("{},{},{},{}\n", city, i % 13 == 0 ? "" : fmt::format("m{}", i * 7 % 90), i * 11 % 23,
                        city % 3 == 0 || i % 19 == 0 ? "yes" : "no");
  }
  return text;
}

class FitWithEncoder : public TabularTest {
 protected:
  FitWithEncoder() : TabularTest("requests.csv", requests()) {}

  FitConfig config(const std::vector<std::string>& settings) const {
    std::vector<std::string> all = {"evaluate.folds=3", "data.categories=city"};
    all.insert(all.end(), settings.begin(), settings.end());
    return FitConfig::of("gaussian_nb", path("requests.csv"), "granted", all);
  }
};

class EncodedFit : public FitWithEncoder, public testing::WithParamInterface<std::string> {};

TEST_P(EncodedFit, IsOneSealVerifiedAndAnswersWhatItHasNotSeen) {
  const FitConfig settings = config({"features.categories=" + GetParam(), "features.scale=true"});
  set_thread_count(1);
  const FitResult result = fit(settings, options("a"));
  set_thread_count(3);
  use_backend("reference");
  EXPECT_EQ(fit(settings, options("b")).seal, result.seal);
  use_default_backend();
  EXPECT_EQ(verify_fit(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
  const FittedModel model(result.folder);
  write_file_atomically(path("new.csv"), "manager,city,days\nm1,4,7\nnobody,99,3\n,,\n");
  const std::string found = model.predictions_csv(model.read(path("new.csv")));
  EXPECT_THAT(found, HasSubstr("\n3,"));
  EXPECT_THAT(found, testing::Not(HasSubstr("nan")));
  // By itself a row says the same.
  write_file_atomically(path("one.csv"), "manager,city,days\nnobody,99,3\n");
  const std::string one = model.predictions_csv(model.read(path("one.csv")));
  EXPECT_THAT(found, HasSubstr(one.substr(one.find("\n1,") + 2)));
  EXPECT_THAT(model.evaluate(path("requests.csv")).text, HasSubstr("AUC"));
}

INSTANTIATE_TEST_SUITE_P(Encoders, EncodedFit,
                         testing::Values("one_hot", "ordinal", "count", "hashing", "two_hash", "target",
                                         "m_estimate", "james_stein", "woe", "leave_one_out", "catboost",
                                         "embedding"));

TEST_F(FitWithEncoder, LearnsWhatACategorySays) {
  const auto score = [&](const std::string& name, const std::vector<std::string>& settings) {
    return fit(config(settings), options(name)).final_scores.at(1).second;  // mean of the folds
  };
  EXPECT_GT(score("target", {"features.categories=target", "data.ignore=manager"}), 0.9);
  EXPECT_LT(score("numbers", {"data.categories=manager", "data.ignore=manager"}),
            0.75);  // the city as an amount
}

TEST_F(FitWithEncoder, TakesParametersOfTheEncoder) {
  const FitResult plain = fit(config({"features.categories=target"}), options("a"));
  const FitResult set =
      fit(config({"features.categories=target", "features.encoder=cv=4,smooth=3"}), options("b"));
  EXPECT_NE(plain.seal, set.seal);
  EXPECT_EQ(verify_fit(set.folder, {.quiet = true}).code, ExitCode::kSuccess);
  const FitResult every = fit(config({"features.categories=count", "data.categories=*"}), options("c"));
  EXPECT_EQ(every.features, 3);
}

TEST_F(FitWithEncoder, SaysWhatIsWrong) {
  const auto message = [&](const std::vector<std::string>& settings) {
    return message_of([&] { fit(config(settings), options("x")); });
  };
  EXPECT_THAT(message({"features.categories=target", "features.encoder=cv"}),
              HasSubstr("features.encoder has 'cv', expected NAME=VALUE"));
  EXPECT_THAT(message({"features.categories=target", "features.encoder=cv=3,cv=4"}),
              HasSubstr("has 'cv' twice"));
  EXPECT_THAT(message({"features.categories=target", "features.encoder=folds=3"}),
              HasSubstr("target_encoder: there is no parameter 'folds'"));
  EXPECT_THAT(message({"features.categories=target", "features.encoder=cv=1"}),
              HasSubstr("target_encoder: "));
  EXPECT_THAT(message({"features.encoder=cv=3"}), HasSubstr("have no parameters, found 'cv'"));
  EXPECT_THAT(message({"data.categories=town"}), HasSubstr("town"));
}

// A column that names every row.
TEST_F(FitWithEncoder, AHundredThousandCategories) {
  std::string text = "id,x,y\n";
  for (int i = 0; i < 100'000; ++i) text += fmt::format("id{},{},{}\n", i, i % 7, i % 7 < 3 ? "a" : "b");
  write_file_atomically(path("large.csv"), text);
  for (const std::string encoding : {"target", "count", "hashing"}) {
    const FitConfig large = FitConfig::of("gaussian_nb", path("large.csv"), "y",
                                          {"features.categories=" + encoding, "evaluate.folds=0"});
    EXPECT_GT(fit(large, options(encoding)).final_scores.back().second, 0) << encoding;
  }
  EXPECT_THAT(
      message_of([&] { fit(FitConfig::of("gaussian_nb", path("large.csv"), "y"), options("one-hot")); }),
      HasSubstr("different values, expected at most 1000"));
}

}  // namespace
}  // namespace tessera::tabular
