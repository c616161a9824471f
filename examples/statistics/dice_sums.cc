// Probability by counting: the running sums of three dice. Total probability, the multiplication rule and Bayes's theorem on a table of whole weights, and an independence that
// is exact: who knows the sum of two dice learns nothing more of the sum of three from the first die.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  stats::CountTable dice({"x1", "x2", "x3"}, {7, 13, 19});  // sums after one, two and three dice
  for (std::int64_t a = 1; a <= 6; ++a)
    for (std::int64_t b = 1; b <= 6; ++b)
      for (std::int64_t c = 1; c <= 6; ++c) dice.add({a, a + b, a + b + c});

  std::printf("P(x3 = 10)               %lld/%lld\n", static_cast<long long>(dice.weight({{"x3", 10}})),
              static_cast<long long>(dice.total()));
  double total = 0;
  for (std::int64_t sum = 2; sum <= 12; ++sum)
    total += dice.probability({{"x3", 10}}, {{"x2", sum}}) * dice.probability({{"x2", sum}});
  std::printf("sum of P(x3=10|x2) P(x2) %.6f = %.6f\n", total, dice.probability({{"x3", 10}}));
  std::printf("P(x1=6, x3=10)           %.6f = P(x3=10|x1=6) P(x1=6) = %.6f\n",
              dice.probability({{"x1", 6}, {"x3", 10}}),
              dice.probability({{"x3", 10}}, {{"x1", 6}}) * dice.probability({{"x1", 6}}));
  std::printf("P(x1=6 | x3=10)          %.6f = P(x3=10|x1=6) P(x1=6) / P(x3=10) = %.6f\n\n",
              dice.probability({{"x1", 6}}, {{"x3", 10}}),
              dice.probability({{"x3", 10}}, {{"x1", 6}}) * dice.probability({{"x1", 6}}) /
                  dice.probability({{"x3", 10}}));

  const auto say = [](bool yes) { return yes ? "independent" : "dependent"; };
  std::printf("x3 and x1            %s\n", say(dice.independent({"x3"}, {"x1"})));
  std::printf("x3 and x1, given x2  %s\n", say(dice.independent({"x3"}, {"x1"}, {"x2"})));
  std::printf("x2 and x3, given x1  %s\n", say(dice.independent({"x2"}, {"x3"}, {"x1"})));
}
