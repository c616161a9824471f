// Support vector machines, kernel ridge, calibration and voting: what can be known without another library.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/calibrated_classifier.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/learn/isotonic_regression.h"
#include "tessera/learn/kernel_ridge.h"
#include "tessera/learn/linear_svc.h"
#include "tessera/learn/pipeline.h"
#include "tessera/learn/scalers.h"
#include "tessera/learn/smo.h"
#include "tessera/learn/svc.h"
#include "tessera/learn/voting.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

using testing::HasSubstr;

class MarginMethods : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
};

std::string sentence_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Two clouds on either side of the line 0.6 a + 0.8 b = 2, at least 1.5 away from it, with one row of each class at exactly that distance.
struct Planted {
  Tensor x, y;
  Planted() {
    RandomSource random(3);
    const std::vector<double> draws = random.uniform("planted", {80, 2}, DType::kFloat64).to_vector<double>();
    std::vector<double> rows;
    std::vector<std::int64_t> classes;
    for (std::size_t i = 0; i < 80; ++i) {
      const double side = i % 2 == 0 ? 1 : -1, along = i < 2 ? 0 : 20 * draws[2 * i] - 10;
      const double away = 2 + side * (i < 2 ? 1.5 : 1.5 + 0.01 + 4 * draws[2 * i + 1]);
      rows.insert(rows.end(), {0.6 * away - 0.8 * along, 0.8 * away + 0.6 * along});
      classes.push_back(i % 2 == 0 ? 1 : 0);
    }
    x = Tensor::from(rows, {80, 2});
    y = Tensor::from(classes, {80});
  }
};

TEST_F(MarginMethods, ALinearSvcFindsThePlantedBorderAndItsMargin) {
  const Planted planted;
  SVC model({.C = 1e6, .kernel = {.kernel = Kernel::kLinear}, .tol = 1e-10});
  model.fit(planted.x, planted.y);
  EXPECT_TRUE(model.converged());
  const Tensor w = matmul(model.dual_coef(), model.support_vectors());
  const double length = std::sqrt(sum_squares(w).item<double>());
  EXPECT_NEAR(1 / length, 1.5, 1e-9);
  EXPECT_NEAR(w.at<double>({0, 0}) / length, 0.6, 1e-8);
  EXPECT_NEAR(w.at<double>({0, 1}) / length, 0.8, 1e-8);
  EXPECT_NEAR(model.intercept().item<double>() / length, -2, 1e-8);
  EXPECT_EQ(model.support().to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(model.score(planted.x, planted.y), 1);
}

// Moved so that the border goes through the origin, for here the intercept costs something, too.
TEST_F(MarginMethods, TheHingeLossOfLinearSvcFindsItToo) {
  const Planted planted;
  const Tensor x = planted.x - Tensor::from<double>({1.2, 1.6}, {2});
  LinearSVC model({.loss = LinearSVC::Loss::kHinge, .tol = 1e-10, .C = 10, .fit_intercept = false});
  model.fit(x, planted.y);
  EXPECT_TRUE(model.converged());
  const double length = std::sqrt(sum_squares(model.coef()).item<double>());
  EXPECT_NEAR(1 / length, 1.5, 1e-8);
  EXPECT_NEAR(model.coef().at<double>({0, 0}) / length, 0.6, 1e-8);
}

// Every multiplier: at 0 where the row is beyond the margin, at C where it is within it, between where it is on it.
TEST_F(MarginMethods, EveryMultiplierOfSvcKeepsTheConditionsOfOptimality) {
  const GeneratedTable table = generated_table(300);
  const Tensor y = cast(greater(table.numbers, 0.2), DType::kInt64);
  constexpr double kC = 2, kTolerance = 1e-9;
  SVC model({.C = kC, .tol = kTolerance});
  model.fit(table.features, y);
  ASSERT_TRUE(model.converged());
  std::vector<double> alpha(300, 0.0);
  const auto rows = model.support().to_vector<std::int64_t>();
  const auto dual = model.dual_coef().to_vector<double>();
  double balance = 0;
  for (std::size_t s = 0; s < rows.size(); ++s) {
    alpha[static_cast<std::size_t>(rows[s])] = std::abs(dual[s]);
    balance += dual[s];
    EXPECT_EQ(dual[s] > 0, y.at<std::int64_t>({rows[s]}) == 1);
  }
  EXPECT_NEAR(balance, 0, 1e-12);
  const std::vector<double> f = model.decision_function(table.features).to_vector<double>();
  int between = 0, full = 0;
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    const double margin = f[i] * (y.at<std::int64_t>({static_cast<std::int64_t>(i)}) == 1 ? 1 : -1);
    EXPECT_LE(alpha[i], kC);
    if (alpha[i] < kC) {
      EXPECT_GE(margin, 1 - 2 * kTolerance) << i;
    }
    if (alpha[i] > 0) {
      EXPECT_LE(margin, 1 + 2 * kTolerance) << i;
    }
    between += alpha[i] > 0 && alpha[i] < kC ? 1 : 0;
    full += alpha[i] == kC ? 1 : 0;
  }
  EXPECT_GT(between, 3);
  EXPECT_GT(full, 3);
}

TEST_F(MarginMethods, ErrorsOfSvrKeepTheConditionsOfOptimality) {
  const GeneratedTable table = generated_table(200);
  SVR model({.C = 0.5, .epsilon = 0.2, .tol = 1e-9});
  model.fit(table.features, table.numbers);
  std::vector<double> beta(200, 0.0);
  const auto rows = model.support().to_vector<std::int64_t>();
  for (std::size_t s = 0; s < rows.size(); ++s)
    beta[static_cast<std::size_t>(rows[s])] = model.dual_coef().at<double>({static_cast<std::int64_t>(s)});
  const std::vector<double> error = (table.numbers - model.predict(table.features)).to_vector<double>();
  for (std::size_t i = 0; i < beta.size(); ++i) {
    if (std::abs(beta[i]) < 0.5) {
      EXPECT_LE(std::abs(error[i]), 0.2 + 2e-9) << i;
    }
    if (beta[i] != 0) {
      EXPECT_GE(error[i] * (beta[i] > 0 ? 1 : -1), 0.2 - 2e-9) << i;
    }
  }
}

// The gradient of what LinearSVC minimises, written once more.
TEST_F(MarginMethods, TheGradientOfTheSquaredHingeVanishes) {
  const GeneratedTable table = generated_table(400);
  const Tensor y = cast(greater(table.numbers, 0.2), DType::kInt64);
  LinearSVC model({.tol = 1e-10, .C = 3});
  model.fit(table.features, y);
  const Tensor t = cast(y, DType::kFloat64) * 2 - 1;
  const Tensor inside = relu(1 - t * model.decision_function(table.features)) * t;
  const Tensor gradient = reshape(model.coef(), {-1}) - matmul(inside, table.features) * 6;
  EXPECT_LT(max(absolute(gradient)).item<double>(), 1e-7);
  EXPECT_NEAR(model.intercept().item<double>(), 6 * sum(inside).item<double>(), 1e-7);
  EXPECT_LT(model.iterations(), 30);
}

TEST_F(MarginMethods, TheCacheChangesNothing) {
  const GeneratedTable table = generated_table(300);
  SVC small({.cache_size = 0}), large;
  small.fit(table.features, table.classes);
  large.fit(table.features, table.classes);
  EXPECT_TRUE(same_bits(small.dual_coef(), large.dual_coef()));
  EXPECT_TRUE(same_bits(small.intercept(), large.intercept()));
}

// Vectors, tails and plain C++ give the same; of equals the last.
TEST_F(MarginMethods, AStepOfOptimisationIsWhatItSays) {
  const FloatEnvironment contract;
  for (std::int64_t count = 1; count < 40; ++count) {
    std::vector<double> slope, grow, shrink, first, second, diagonal;
    for (std::int64_t i = 0; i < count; ++i) {
      slope.push_back(static_cast<double>(i * 7 % 5));
      grow.push_back(i % 3 == 0 ? -std::numeric_limits<double>::infinity() : 0);
      shrink.push_back(i % 4 == 1 ? std::numeric_limits<double>::infinity() : 0);
      first.push_back(static_cast<double>(i % 6));
      second.push_back(static_cast<double>(i % 2));
      diagonal.push_back(i % 7 == 3 ? 5 : 9);
    }
    double most = -1e300, least = 1e300;
    std::int64_t at = -1;
    std::vector<double> expected = slope;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      expected[i] = slope[i] - 0.5 * (first[i] - second[i]);
      if (grow[i] == 0 && expected[i] >= most) {
        most = expected[i];
        at = static_cast<std::int64_t>(i);
      }
      if (shrink[i] == 0) least = std::min(least, expected[i]);
    }
    const SmoExtremes found =
        smo_advance(slope.data(), grow.data(), shrink.data(), first.data(), second.data(), 0.5, count);
    EXPECT_EQ(slope, expected);
    EXPECT_EQ(found.at, at) << count;
    if (at >= 0) {
      EXPECT_EQ(found.most, most);
    }
    if (std::ranges::count(shrink, 0.0) > 0) {
      EXPECT_EQ(found.least, least);
    }
    double gain = -1;
    std::int64_t partner = -1;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      const double rise = 3 - slope[i], bent = 9 + diagonal[i] - 2 * first[i];
      if (shrink[i] == 0 && rise > 0 && rise * rise / bent >= gain) {
        gain = rise * rise / bent;
        partner = static_cast<std::int64_t>(i);
      }
    }
    EXPECT_EQ(smo_partner(slope.data(), shrink.data(), first.data(), diagonal.data(), 3, 9, count).at,
              partner)
        << count;
  }
}

TEST_F(MarginMethods, AClassWithoutRowsIsNeverPredicted) {
  const GeneratedTable table = generated_table(90);
  const Tensor gaps = select(equal(table.classes, 1), 4, table.classes);  // 0, 2, 4 of 5 classes
  for (const std::string name : {"svc", "linear_svc", "calibrated_classifier", "voting_classifier"}) {
    const std::unique_ptr<Estimator> model = make_estimator(name);
    model->fit(table.features, gaps);
    for (const std::int64_t c : model->predict(table.features).to_vector<std::int64_t>())
      EXPECT_EQ(c % 2, 0) << name;
    EXPECT_GT(model->score(table.features, gaps), 0.5) << name;
  }
  const Tensor two = select(equal(table.classes, 1), 0, table.classes);  // 0 and 2 of 3
  SVC model;
  model.fit(table.features, two);
  EXPECT_EQ(model.decision_function(table.features).shape(), (Shape{90, 3}));
  EXPECT_TRUE(same_bits(argmax(model.decision_function(table.features), 1), model.predict(table.features)));
}

TEST_F(MarginMethods, WhatCannotBeIsASentence) {
  const GeneratedTable table = generated_table(60);
  SVC model;
  EXPECT_THAT(sentence_of([&] { set_parameter(model, "gamma", "wide"); }),
              HasSubstr("svc: gamma: expected a number above 0, \"scale\" or \"auto\", found 'wide'"));
  model.fit(table.features, table.classes);
  EXPECT_THAT(sentence_of([&] { model.predict_proba(table.features); }), HasSubstr("calibrated_classifier"));
  SVC steep({.kernel = {.kernel = Kernel::kPoly, .degree = 100, .gamma = "1e10"}});
  EXPECT_THAT(sentence_of([&] { steep.fit(table.features, table.classes); }), HasSubstr("overflow"));
  CalibratedClassifier pairs({.estimator = "svc"});
  set_parameter(pairs, "estimator__decision_function_shape", "ovo");
  EXPECT_THAT(sentence_of([&] { pairs.fit(table.features, table.classes); }), HasSubstr("expected \"ovr\""));
  CalibratedClassifier calibrated({.cv = 40});
  EXPECT_THAT(sentence_of([&] { calibrated.fit(table.features, table.classes); }),
              HasSubstr("expected one for each of the 40 folds"));
  VotingClassifier voting({.estimators = "svc, gaussian_nb", .voting = VotingClassifier::Voting::kSoft});
  EXPECT_THAT(sentence_of([&] { voting.fit(table.features, table.classes); }),
              HasSubstr("voting is \"soft\" but svc"));
  EXPECT_THAT(sentence_of([&] { set_parameter(voting, "estimators", "svr"); }),
              HasSubstr("svr is for regression"));
  EXPECT_THAT(sentence_of([&] { set_parameter(voting, "weights", "1, x"); }), HasSubstr("found 'x'"));
  set_parameter(voting, "voting", "hard");
  set_parameter(voting, "weights", "1, 2, 3");
  EXPECT_THAT(sentence_of([&] { voting.fit(table.features, table.classes); }),
              HasSubstr("found 3, expected one for each of the 2"));
  IsotonicRegression isotonic({.out_of_bounds = IsotonicRegression::OutOfBounds::kRaise, .feature = 9});
  EXPECT_THAT(sentence_of([&] { isotonic.fit(table.features, table.numbers); }),
              HasSubstr("from 0 to 6, found 9"));
  set_parameter(isotonic, "feature", "0");
  isotonic.fit(table.features, table.numbers);
  EXPECT_THAT(sentence_of([&] { isotonic.predict(table.features + 9); }), HasSubstr("as it has learned"));
}

// With (almost) nothing that holds the weights, a kernel that tells rows apart goes through all of them.
TEST_F(MarginMethods, KernelRidgeGoesThroughItsRows) {
  RandomSource random(4);
  const Tensor x = random.uniform("x", {40, 2}, DType::kFloat64),
               y = random.normal("y", {40}, DType::kFloat64);
  KernelRidge model({.alpha = 0, .kernel = {.kernel = Kernel::kRbf, .gamma = "200"}});
  model.fit(x, y);
  EXPECT_LT(max(absolute(model.predict(x) - y)).item<double>(), 1e-9);
}

// Rows drawn with a known probability: the calibrated one comes near it, whatever the scale of the decision function.
TEST_F(MarginMethods, CalibrationFindsThePlantedProbability) {
  RandomSource random(5);
  const Tensor x = random.normal("x", {4000, 1}, DType::kFloat64);
  const Tensor truth = sigmoid(x * 2 - 0.5);
  const Tensor y = cast(less(random.uniform("y", {4000, 1}, DType::kFloat64), truth), DType::kInt64);
  for (const auto method : {CalibrationMethod::kSigmoid, CalibrationMethod::kIsotonic}) {
    CalibratedClassifier model({.method = method});
    model.fit(x, reshape(y, {-1}));
    const Tensor p = model.predict_proba(x).slice({Range::all(), 1});
    const double error = mean(absolute(p - reshape(truth, {-1}))).item<double>();
    EXPECT_LT(error, method == CalibrationMethod::kSigmoid ? 0.01 : 0.03);
  }
}

TEST_F(MarginMethods, PipelinesHandTheDecisionFunctionOn) {
  const GeneratedTable table = generated_table(150);
  PipelineClassifier pipeline("standard_scaler, svc");
  pipeline.fit(table.features, table.classes);
  EXPECT_FALSE(pipeline.has_probabilities());
  StandardScaler scaler;
  SVC svc;
  const Tensor scaled = scaler.fit_transform(table.features);
  svc.fit(scaled, table.classes);
  EXPECT_TRUE(same_bits(pipeline.decision_function(table.features), svc.decision_function(scaled)));
  EXPECT_TRUE(same_bits(pipeline.predict(table.features), svc.predict(scaled)));
  CalibratedClassifier calibrated({.estimator = "pipeline_classifier", .cv = 3});
  set_parameter(calibrated, "estimator__steps", "standard_scaler, linear_svc");
  calibrated.fit(table.features, table.classes);
  EXPECT_GT(calibrated.score(table.features, table.classes), 0.5);
}

// Majority, ties to the first class, and weights that turn a vote.
// Also just below a knot, where the line's rounding could pass it.
TEST_F(MarginMethods, AnIsotonicCurveNeverFalls) {
  IsotonicCurve curve;
  for (int i = 0; i <= 300; ++i) {
    curve.x.push_back(i / 7.);
    curve.y.push_back(std::sqrt(i) / 11);
  }
  for (std::size_t i = 1; i < curve.x.size(); ++i) {
    const double below = std::nextafter(curve.x[i], 0);
    EXPECT_LE(curve.value(below), curve.y[i]) << i;
    EXPECT_GE(curve.value(below), curve.y[i - 1]) << i;
  }
}

TEST_F(MarginMethods, VotesAreCounted) {
  const GeneratedTable table = generated_table(200);
  VotingClassifier voting(
      {.estimators = "gaussian_nb, decision_tree_classifier, linear_svc", .weights = "1, 1, 1"});
  voting.fit(table.features, table.classes);
  const auto said = voting.predict(table.features).to_vector<std::int64_t>();
  for (std::size_t i = 0; i < said.size(); ++i) {
    const Tensor row =
        table.features.slice({Range(static_cast<std::int64_t>(i), static_cast<std::int64_t>(i) + 1)});
    std::vector<int> votes(3, 0);
    for (std::int64_t m = 0; m < 3; ++m)
      ++votes[static_cast<std::size_t>(voting.member(m).predict(row).item<std::int64_t>())];
    EXPECT_EQ(said[i], std::ranges::max_element(votes) - votes.begin());
  }
  set_parameter(voting, "weights", "1, 0, 0");
  EXPECT_TRUE(same_bits(voting.predict(table.features), voting.member(0).predict(table.features)));
}

}  // namespace
}  // namespace tessera::learn
