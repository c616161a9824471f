// Tables of whole weights: the rules of probability as identities, and independences that are known.
#include "tessera/stats/count_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "tessera/stats/errors_test.h"

namespace tessera::stats {
namespace {

// The running sums of three dice: X1, X2 = X1 + D2, X3 = X2 + D3.
CountTable sums_of_dice() {
  CountTable table({"x1", "x2", "x3"}, {7, 13, 19});
  for (std::int64_t a = 1; a <= 6; ++a)
    for (std::int64_t b = 1; b <= 6; ++b)
      for (std::int64_t c = 1; c <= 6; ++c) table.add({a, a + b, a + b + c});
  return table;
}

TEST(CountTable, SumsOfDiceAreAMarkovChain) {
  const CountTable table = sums_of_dice();
  EXPECT_EQ(table.total(), 216);
  EXPECT_TRUE(table.independent({"x3"}, {"x1"}, {"x2"}));  // X_{n+1} and X_{n-1}, given X_n
  EXPECT_FALSE(table.independent({"x3"}, {"x1"}));
  EXPECT_FALSE(table.independent({"x3"}, {"x2"}, {"x1"}));
  EXPECT_EQ(table.weight({{"x3", 10}}), 27);  // the most probable sums of three dice are 10 and 11
  EXPECT_EQ(table.weight({{"x3", 11}}), 27);
  EXPECT_EQ(table.probability({{"x3", 18}}), 1.0 / 216);
  EXPECT_EQ(table.probability({{"x2", 12}}, {{"x1", 6}}), 1.0 / 6);
  EXPECT_EQ(table.probability({{"x1", 5}}, {{"x1", 6}}), 0);
}

// One weight more and the independence is gone: exact means exact.
TEST(CountTable, OneWeightIsSeen) {
  CountTable table({"a", "b"}, {2, 2});
  const std::int64_t large = 1000000007;
  for (const auto& [a, b, weight] :
       {std::tuple(0, 0, large * 3), {0, 1, large * 6}, {1, 0, large * 5}, {1, 1, large * 10}})
    table.add({a, b}, weight);
  EXPECT_TRUE(table.independent({"a"}, {"b"}));
  table.add({1, 1});
  EXPECT_FALSE(table.independent({"a"}, {"b"}));
}

CountTable drawn_table() {
  CountTable table({"a", "b", "c"}, {2, 3, 4});
  for (std::int64_t a = 0; a < 2; ++a)
    for (std::int64_t b = 0; b < 3; ++b)
      for (std::int64_t c = 0; c < 4; ++c) table.add({a, b, c}, *rc::gen::inRange(1, 100));
  return table;
}

RC_GTEST_PROP(CountTable, MultiplicationAndTotalProbability, ()) {
  const CountTable table = drawn_table();
  const auto near = [](double x, double y) { return std::abs(x - y) <= 1e-15; };
  for (std::int64_t a = 0; a < 2; ++a) {
    double total = 0;
    for (std::int64_t b = 0; b < 3; ++b) {
      const double both = table.probability({{"a", a}, {"b", b}});
      RC_ASSERT(near(both, table.probability({{"a", a}}, {{"b", b}}) * table.probability({{"b", b}})));
      // Bayes's theorem.
      RC_ASSERT(near(table.probability({{"b", b}}, {{"a", a}}), table.probability({{"a", a}}, {{"b", b}}) *
                                                                    table.probability({{"b", b}}) /
                                                                    table.probability({{"a", a}})));
      total += table.probability({{"a", a}}, {{"b", b}}) * table.probability({{"b", b}});
    }
    RC_ASSERT(near(total, table.probability({{"a", a}})));
  }
  RC_ASSERT(table.marginal({"c", "a"}).weight({{"a", 1}, {"c", 2}}) == table.weight({{"a", 1}, {"c", 2}}));
  RC_ASSERT(table.given({{"b", 1}}).weight({{"a", 1}}) == table.weight({{"a", 1}, {"b", 1}}));
  // The order of groups and of names within them is no matter.
  RC_ASSERT(table.independent({"a"}, {"b", "c"}) == table.independent({"c", "b"}, {"a"}));
}

// A table made of factors p(c) p(a|c) p(b|c) has the independence that they say.
RC_GTEST_PROP(CountTable, FactorsMakeIndependence, ()) {
  CountTable table({"a", "b", "c"}, {3, 4, 2});
  for (std::int64_t c = 0; c < 2; ++c) {
    const std::vector<int> of_a = *rc::gen::container<std::vector<int>>(3, rc::gen::inRange(0, 1000)),
                           of_b = *rc::gen::container<std::vector<int>>(4, rc::gen::inRange(0, 1000));
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t b = 0; b < 4; ++b)
        table.add({static_cast<std::int64_t>(a), static_cast<std::int64_t>(b), c},
                  std::int64_t{of_a[a]} * of_b[b] * (c + 1));
  }
  RC_ASSERT(table.independent({"a"}, {"b"}, {"c"}));
}

TEST(CountTable, WrongInputsAreSentences) {
  CountTable table({"a", "b"}, {2, 2});
  expect_error(
      [] {
        CountTable({"a"}, {2, 2});
      },
      "CountTable: 1 names and 2 sizes, expected one size for each variable");
  expect_error(
      [] {
        CountTable({"a", "a"}, {2, 2});
      },
      "CountTable: variable 'a' is there twice, expected different names");
  expect_error(
      [] {
        CountTable({"a", "b"}, {4000, 4000});
      },
      "CountTable: variable 'a' has 4000 values, expected at least 1 and at most 10000000 cells in all");
  expect_error([&] { table.add({0, 2}); }, "CountTable: the value of 'b' is 2, expected 0 to 1");
  expect_error([&] { table.add({0, 0}, -1); }, "CountTable: a weight is -1, expected 0 or more");
  expect_error([&] { table.probability({{"a", 0}}); }, "CountTable: the table is empty, expected weights");
  table.add({0, 1});
  expect_error(
      [&] {
        table.probability({{"c", 0}});
      },
      "CountTable: there is no variable 'c', expected one of a, b");
  expect_error(
      [&] {
        table.probability({{"a", 0}}, {{"b", 0}});
      },
      "CountTable: the condition never happens, expected one of positive weight");
  expect_error([&] { table.independent({"a"}, {"a"}); },
               "CountTable: variable 'a' is there twice, expected different names");
}

}  // namespace
}  // namespace tessera::stats
