#include "tessera/metrics/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera {
namespace {

using testing::HasSubstr;

struct Curve {
  metrics::BinEdges edges;
  std::int64_t bins;
  std::vector<std::array<double, 2>> points;  // mean probability, share: of the bins that have rows
};
const std::vector<Curve> kCurves = {
#include "tessera/metrics/calibration_facts_test.inc"
};

// The rows of calibration_facts.py.
struct Rows {
  std::vector<double> p;
  std::vector<std::int64_t> hits, thirds;
  Rows() {
    for (std::int64_t i = 0; i < 200; ++i) {
      p.push_back((static_cast<double>((37 * i * i + 11 * i) % 211) + 0.5) / 211.5);
      hits.push_back(static_cast<double>((53 * i * i + 7 * i) % 101) / 101 < p.back() * p.back() ? 1 : 0);
      thirds.push_back(i % 3);
    }
  }
};

TEST(Calibration, CurvesAreThoseOfScikitLearn) {
  const Rows rows;
  for (const Curve& curve : kCurves) {
    std::size_t next = 0;
    for (const metrics::ReliabilityBin& bin :
         metrics::reliability(rows.p, rows.hits, {.bins = curve.bins, .edges = curve.edges})) {
      if (bin.rows == 0) continue;
      ASSERT_LT(next, curve.points.size());
      EXPECT_NEAR(bin.mean_probability, curve.points[next][0], 1e-12);
      EXPECT_NEAR(bin.share, curve.points[next][1], 1e-12);
      ++next;
    }
    EXPECT_EQ(next, curve.points.size());
  }
}

// brier_score_loss of the same rows; the second of three classes.
TEST(Calibration, BrierScoreIsThatOfScikitLearn) {
  use_default_backend();
  const Rows rows;
  EXPECT_NEAR(metrics::brier_score(rows.p, rows.hits), 0.172426157861498, 1e-14);
  std::vector<double> three;
  for (const double p : rows.p) three.insert(three.end(), {p * 0.75, 1 - p, p * 0.25});
  EXPECT_NEAR(metrics::brier_score(Tensor::from(three, {200, 3}), Tensor::from(rows.thirds, {200})),
              0.851841442695147, 1e-14);
}

TEST(Calibration, ErrorIsTheMeanDistanceOfBins) {
  const std::vector<metrics::ReliabilityBin> bins = metrics::reliability(
      std::vector<double>{0.25, 0.25, 0.25, 0.25, 1}, std::vector<std::int64_t>{1, 1, 0, 0, 1}, {.bins = 4});
  EXPECT_EQ(bins[0].rows, 4);  // an edge belongs to the bin below it
  EXPECT_EQ(metrics::expected_calibration_error(bins), 0.2);
  EXPECT_THAT(metrics::reliability_table(bins),
              HasSubstr("0.000 to 0.250     4   0.250   0.500  ++++++++++++\n"));
  EXPECT_THAT(metrics::reliability_table(bins), HasSubstr("0.250 to 0.500     0\n"));
}

TEST(Calibration, WhatIsNoProbabilityIsASentence) {
  const std::vector<double> p = {0.5, 1.5};
  const std::vector<std::int64_t> hits = {0, 1};
  const auto sentence = [](const auto& body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(sentence([&] { metrics::reliability(p, hits); }), HasSubstr("found the probability 1.5"));
  EXPECT_THAT(sentence([&] {
                metrics::brier_score(std::vector<double>{0.5, 0.5}, std::vector<std::int64_t>{0, 2});
              }),
              HasSubstr("found 2 among the hits"));
  EXPECT_THAT(sentence([&] { metrics::brier_score(std::vector<double>{}, std::vector<std::int64_t>{}); }),
              HasSubstr("at least one"));
}

}  // namespace
}  // namespace tessera
