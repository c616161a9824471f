#include "tessera/runs/record_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::runs {
namespace {

using testing::ElementsAre;

RecordLine line(std::uint64_t step, std::map<std::string, double> scalars = {},
                std::map<std::string, std::string> state = {}, bool closing = false) {
  ChainLine result;
  result.step = step;
  result.scalars = std::move(scalars);
  result.state = std::move(state);
  result.closing = closing;
  return {result, {}};
}

TEST(CompareChains, TheFirstDifferenceAndTheLastAgreement) {
  const std::vector<RecordLine> a = {line(0, {}, {{"w", "1"}}), line(1, {{"loss", 3}}),
                                     line(2, {{"loss", 2}}, {{"w", "2"}}), line(3, {{"loss", 1}}),
                                     line(4, {{"loss", 0.5}}, {{"w", "3"}}, true)};
  std::vector<RecordLine> b = a;
  b[4].line.state["w"] = "4";
  ChainComparison result = compare_chains(a, b);
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->step, 4U);
  EXPECT_EQ(result.difference->what, "tensor 'w'");
  EXPECT_EQ(result.state_agreed, 2U);
  EXPECT_EQ(result.common_steps, 3U);
  b[3].line.scalars["loss"] = 1.5;
  result = compare_chains(a, b);
  EXPECT_EQ(result.difference->step, 3U);
  EXPECT_EQ(result.difference->a, "1 (0x1p+0)");
  EXPECT_EQ(result.difference->b, "1.5 (0x1.8p+0)");
  EXPECT_FALSE(compare_chains(a, a).difference);
}

// One run took digests more often than the other: only what both have is compared.
TEST(CompareChains, IntervalsMayDiffer) {
  const std::vector<RecordLine> a = {line(0, {}, {{"w", "1"}}), line(1, {{"l", 1}}),
                                     line(2, {{"l", 1}}, {{"w", "2"}}, true)};
  const std::vector<RecordLine> b = {line(0, {}, {{"w", "1"}}), line(1, {{"l", 1}}, {{"w", "7"}}),
                                     line(2, {{"l", 1}}, {{"w", "2"}}, true)};
  const ChainComparison result = compare_chains(a, b);
  EXPECT_FALSE(result.difference);
  EXPECT_EQ(result.state_agreed, 2U);
}

TEST(CompareChains, AShorterOneEndsEarlier) {
  const std::vector<RecordLine> a = {line(0), line(1, {{"l", 1}}), line(2, {{"l", 1}}, {}, true)};
  const std::vector<RecordLine> b = {line(0), line(1, {{"l", 1}})};
  const ChainComparison result = compare_chains(a, b);
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->what, "the end of the run");
  EXPECT_EQ(result.difference->a, "step 2, complete");
  EXPECT_EQ(result.difference->b, "step 1, not complete");
}

TEST(CompareChains, WhatOnlyOneHasComesAfterWhatDiffers) {
  const std::vector<RecordLine> a = {line(0, {{"accuracy", 1}, {"loss", 1}})},
                                b = {line(0, {{"best", 1}, {"loss", 2}})};
  const ChainComparison result = compare_chains(a, b);
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->what, "scalar 'loss'");
  EXPECT_THAT(result.difference->others, ElementsAre("scalar 'accuracy'", "scalar 'best'"));
}

Session session(std::map<std::string, std::string> environment) {
  Session result;
  result.environment = std::move(environment);
  result.program_digest = "p";
  return result;
}

TEST(CompareCircumstances, GroupsAndPlaces) {
  Claim claim_a, claim_b;
  claim_a.configuration = {{"lr", "0.1"}, {"width", "6"}};
  claim_b.configuration = {{"lr", "0.2"}, {"width", "6"}};
  claim_a.inputs = claim_b.inputs = {{"features", "aa"}};
  claim_b.seed = 3;
  Circumstances a, b;
  a.configuration = {{"lr", "0.1", "a.toml:3"}};
  b.configuration = {{"lr", "0.2", "--set"}};
  a.sessions = {session({{"threads", "1"}, {"compiler", "12"}}),
                session({{"threads", "2"}, {"compiler", "12"}})};
  b.sessions = {session({{"threads", "1"}, {"compiler", "14"}})};
  const RecordDifferences result = compare_circumstances(claim_a, a, claim_b, b);
  ASSERT_EQ(result.configuration.size(), 2U);
  EXPECT_EQ(result.configuration[0].name, "lr");
  EXPECT_EQ(result.configuration[0].place_a, "a.toml:3");
  EXPECT_EQ(result.configuration[0].place_b, "--set");
  EXPECT_EQ(result.configuration[1].name, "seed");
  EXPECT_TRUE(result.data.empty());
  ASSERT_EQ(result.code.size(), 1U);
  EXPECT_EQ(result.code[0].name, "compiler");
  EXPECT_EQ(result.code[0].a, "12");  // once, though two sessions had it
  ASSERT_EQ(result.environment.size(), 2U);
  EXPECT_EQ(result.environment[0].name, "sessions");
  EXPECT_EQ(result.environment[1].a, "1, then 2");
  EXPECT_FALSE(result.claims_equal());
}

}  // namespace
}  // namespace tessera::runs
