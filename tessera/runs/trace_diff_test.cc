#include "tessera/runs/trace_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/trace_recorder.h"
#include "tessera/tensor/ops.h"

namespace tessera::runs {
namespace {

using testing::ElementsAre;

// ---- Elements ----

TEST(UlpDistance, CountsTheValuesBetween) {
  const auto distance = [](float a, float b) {
    return ulp_distance(Tensor::scalar(a), Tensor::scalar(b), 0);
  };
  EXPECT_EQ(distance(1, 1), 0U);
  EXPECT_EQ(distance(1, std::nextafter(1.0F, 2.0F)), 1U);
  EXPECT_EQ(distance(std::nextafter(1.0F, 0.0F), std::nextafter(1.0F, 2.0F)), 2U);  // over a power of two
  EXPECT_EQ(distance(0.0F, -0.0F), 1U);
  const float least = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(distance(least, -least), 3U);  // +0 and -0 lie between
  EXPECT_EQ(distance(std::numeric_limits<float>::max(), std::numeric_limits<float>::infinity()), 1U);
  EXPECT_EQ(distance(1, std::numeric_limits<float>::quiet_NaN()), std::nullopt);
  EXPECT_EQ(ulp_distance(Tensor::scalar(1.0), Tensor::scalar(std::nextafter(1.0, 2.0)), 0), 1U);
  EXPECT_EQ(ulp_distance(Tensor::scalar(-1.0), Tensor::scalar(1.0), 0), 2 * 0x3ff0000000000000U + 1);
  EXPECT_EQ(ulp_distance(Tensor::scalar<std::int64_t>(1), Tensor::scalar<std::int64_t>(2), 0), std::nullopt);
}

TEST(FirstDifferingElement, IsFoundByPositionWithBothValues) {
  const Tensor a = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  const Tensor b = Tensor::from<float>({0, 1, 2, 3, std::nextafter(4.0F, 5.0F), 7}, {2, 3});
  const auto found = first_differing_element(a, b);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->element, 4);
  EXPECT_THAT(found->position, ElementsAre(1, 1));
  EXPECT_EQ(found->a, "4 (0x40800000)");
  EXPECT_EQ(found->b, "4.0000005 (0x40800001)");
  EXPECT_EQ(found->ulp, 1U);
  EXPECT_EQ(found->bit, 0);
  EXPECT_EQ(found->differing, 2);
  EXPECT_FALSE(first_differing_element(a, a));
}

TEST(FirstDifferingElement, NanHasNoPayloadAndZeroHasASign) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(first_differing_element(Tensor::scalar(nan), Tensor::scalar(-nan)));
  const auto zeros = first_differing_element(Tensor::scalar(0.0F), Tensor::scalar(-0.0F));
  ASSERT_TRUE(zeros);
  EXPECT_EQ(zeros->bit, 31);
  EXPECT_EQ(first_differing_element(Tensor::scalar<std::int64_t>(-1), Tensor::scalar<std::int64_t>(-3))->a,
            "-1 (0xffffffffffffffff)");
  EXPECT_EQ(first_differing_element(Tensor::scalar(true), Tensor::scalar(false))->b, "0 (0x00)");
}

// ---- Traces of a small loop, recorded twice with one thing changed ----

struct Change {
  double by = 1;
  std::uint64_t in_step = 0;  // 0: never
  enum class What { kNothing, kMemoryOfState, kHostValue, kOperation, kExtra, kScalar } what = What::kNothing;
};

std::string record_loop(const std::string& folder, bool values, const Change& change) {
  TraceRecorder recorder(
      folder,
      {.claim = std::string(64, '0'), .name = "loop", .contract = "0", .from = 1, .to = 4, .values = values});
  Tensor weight = full({2, 1500}, 1.5F);
  for (std::uint64_t step = 1; step <= 4; ++step) {
    const auto now = [&](Change::What what) { return change.in_step == step && change.what == what; };
    if (now(Change::What::kMemoryOfState)) static_cast<float*>(weight.view().data)[1600] = 7;
    recorder.begin_step(step, {{"weight", weight}});
    const Tensor host = Tensor::from<float>({now(Change::What::kHostValue) ? 3.0F : 2.0F}, {1});
    weight = now(Change::What::kOperation) ? weight - host : weight + host;
    weight = weight * 0.5;
    if (now(Change::What::kExtra)) (void)negate(weight);
    recorder.end_step({{"loss", now(Change::What::kScalar) ? 1.0 : 2.0}});
  }
  return folder;
}

class TwoTraces : public testing::Test {
 protected:
  TraceComparison compare(const Change& change, bool values = true) {
    return compare_traces(record_loop(folder_ / "a", values, {}), record_loop(folder_ / "b", values, change));
  }
  TestFolder folder_;
};

TEST_F(TwoTraces, EqualOnesAgree) {
  const TraceComparison result = compare({});
  EXPECT_FALSE(result.difference);
  EXPECT_EQ(result.events, 4U * 5U);
  EXPECT_EQ(result.from, 1U);
  EXPECT_EQ(result.to, 4U);
}

TEST_F(TwoTraces, AStateThatChangedInMemoryIsToldFromOneThatWasComputed) {
  const TraceComparison result = compare({.in_step = 3, .what = Change::What::kMemoryOfState});
  ASSERT_TRUE(result.difference);
  const TraceDifference& found = *result.difference;
  EXPECT_EQ(found.parting, TraceParting::kValue);
  EXPECT_EQ(found.step, 3U);
  EXPECT_EQ(found.event, 0U);
  EXPECT_EQ(found.a->name, "weight");
  ASSERT_TRUE(found.element);
  EXPECT_EQ(found.element->element, 1600);
  EXPECT_THAT(found.element->position, ElementsAre(1, 100));
  EXPECT_EQ(found.element->differing, 1);
  EXPECT_EQ(found.leaf_first, 1024);
  EXPECT_EQ(found.leaf_last, 2047);
  ASSERT_TRUE(found.origin);
  EXPECT_EQ(found.origin->step, 2U);
  EXPECT_EQ(found.origin->made_by.name, "multiply");
  EXPECT_FALSE(found.origin->changed_in_a);
}

TEST_F(TwoTraces, WithoutValuesTheLeafIsKnown) {
  const TraceComparison result = compare({.in_step = 3, .what = Change::What::kMemoryOfState}, false);
  ASSERT_TRUE(result.difference);
  EXPECT_FALSE(result.difference->element);
  EXPECT_EQ(result.difference->leaf_first, 1024);
  EXPECT_EQ(result.difference->leaf_last, 2047);
}

TEST_F(TwoTraces, AValueFromTheProgramIsNamedBeforeWhatIsComputedFromIt) {
  const TraceComparison result = compare({.in_step = 2, .what = Change::What::kHostValue});
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->step, 2U);
  EXPECT_EQ(result.difference->a->kind, TraceEventKind::kHost);
  EXPECT_THAT(result.difference->a->where, testing::HasSubstr("trace_diff_test.cc:"));
  EXPECT_EQ(result.difference->element->b, "3 (0x40400000)");
}

TEST_F(TwoTraces, AnotherOperationIsNoDifferenceOfValues) {
  const TraceComparison result = compare({.in_step = 4, .what = Change::What::kOperation});
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->parting, TraceParting::kProgram);
  EXPECT_EQ(result.difference->a->name, "add");
  EXPECT_EQ(result.difference->b->name, "subtract");
  EXPECT_FALSE(result.difference->element);
}

TEST_F(TwoTraces, AnOperationMoreIsTheEndOfTheOther) {
  const TraceComparison result = compare({.in_step = 1, .what = Change::What::kExtra});
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->parting, TraceParting::kEnd);
  EXPECT_FALSE(result.difference->a);
  EXPECT_EQ(result.difference->b->name, "negate");
}

TEST_F(TwoTraces, AScalarMayDifferAlone) {
  const TraceComparison result = compare({.in_step = 4, .what = Change::What::kScalar});
  ASSERT_TRUE(result.difference);
  EXPECT_EQ(result.difference->parting, TraceParting::kScalar);
  EXPECT_EQ(result.difference->scalar, "loss");
  EXPECT_EQ(result.difference->scalar_a, "2 (0x1p+1)");
  EXPECT_EQ(result.difference->scalar_b, "1 (0x1p+0)");
}

// (x + 1) * (y - 2) with the operands of the product computed in either order, as compilers do.
std::string record_expression(const std::string& folder, bool left_first, float added) {
  TraceRecorder recorder(
      folder,
      {.claim = std::string(64, '0'), .name = "e", .contract = "0", .from = 1, .to = 1, .values = true});
  const Tensor x = full({3}, 5.0F), y = full({3}, 7.0F);
  recorder.begin_step(1, {{"x", x}, {"y", y}});
  Tensor left, right;
  for (const bool is_left : {left_first, !left_first}) {
    if (is_left)
      left = x + Tensor::from<float>({added}, {1});
    else
      right = y - Tensor::from<float>({2}, {1});
  }
  const Tensor product = left * right;
  (void)negate(product);
  recorder.end_step({});
  return folder;
}

TEST_F(TwoTraces, TheOrderOfArgumentsIsTheCompilersChoice) {
  const std::string a = record_expression(folder_ / "a", true, 1),
                    b = record_expression(folder_ / "b", false, 1);
  const TraceComparison same = compare_traces(a, b);
  EXPECT_FALSE(same.difference);
  EXPECT_EQ(same.events, 8U);
  const TraceComparison other = compare_traces(a, record_expression(folder_ / "c", false, 1.5F));
  ASSERT_TRUE(other.difference);
  EXPECT_EQ(other.difference->parting, TraceParting::kValue);
  EXPECT_EQ(other.difference->event,
            2U);  // the number that was added; in the other trace the third from memory
  EXPECT_EQ(other.difference->event_b, 4U);
  EXPECT_EQ(other.difference->element->b, "1.5 (0x3fc00000)");
}

// x + first + second, two numbers of the program alike in all but value.
std::string record_two_numbers(const std::string& folder, float first, float second) {
  TraceRecorder recorder(
      folder,
      {.claim = std::string(64, '0'), .name = "n", .contract = "0", .from = 1, .to = 1, .values = true});
  const Tensor x = full({3}, 5.0F);
  recorder.begin_step(1, {{"x", x}});
  const Tensor sum = x + Tensor::from<float>({first}, {1});
  (void)(sum + Tensor::from<float>({second}, {1}));
  recorder.end_step({});
  return folder;
}

TEST_F(TwoTraces, AWrongNumberIsNotTakenForAnEqualOneOfAnotherPlace) {
  const std::string alike = record_two_numbers(folder_ / "alike", 2, 2),
                    first = record_two_numbers(folder_ / "first", 2.5F, 2);
  const std::string apart = record_two_numbers(folder_ / "apart", 2, 3),
                    became_equal = record_two_numbers(folder_ / "became", 3, 3);
  for (const auto& [a, b] : {std::pair(alike, first), std::pair(apart, became_equal)}) {
    const TraceComparison result = compare_traces(a, b);
    ASSERT_TRUE(result.difference);
    EXPECT_EQ(result.difference->parting, TraceParting::kValue);
    EXPECT_EQ(result.difference->event, 1U);
    EXPECT_EQ(result.difference->event_b, 1U);
  }
}

TEST_F(TwoTraces, OnlyCommonStepsAreCompared) {
  record_loop(folder_ / "a", false, {});
  TraceRecorder later(folder_ / "later",
                      {.claim = std::string(64, '0'), .name = "l", .contract = "0", .from = 5, .to = 5});
  later.begin_step(5, {});
  later.end_step({});
  EXPECT_THROW(compare_traces(folder_ / "a", folder_ / "later"), Error);
}

}  // namespace
}  // namespace tessera::runs
