// Special functions against mpmath's answers (special_facts.py), with the errors that the header states, and by identities.
#include "tessera/numerics/special_functions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/foreign_modes_test.h"
#include "tessera/numerics/functions.h"

namespace tessera::numerics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Fact {
  const char* function;
  double a, b, c, value;
};
constexpr Fact kFacts[] = {
#include "tessera/numerics/special_facts_test.inc"
};

double computed(const Fact& fact) {
  const std::string name = fact.function;
  const double a = fact.a, b = fact.b, c = fact.c;
  if (name == "erfc") return erfc(a);
  if (name == "log_gamma") return log_gamma(a);
  if (name == "digamma") return digamma(a);
  if (name == "stirling_error") return stirling_error(a);
  if (name == "normal_quantile") return normal_quantile(a);
  if (name == "log_beta") return log_beta(a, b);
  if (name == "gamma_p") return gamma_p(a, b);
  if (name == "gamma_q") return gamma_q(a, b);
  if (name == "deviance_part") return deviance_part(a, b);
  if (name == "beta_p") return beta_p(a, b, c);
  if (name == "beta_q") return beta_q(a, b, c);
  throw Error("no function " + name);
}

// Relative, or absolute where the header says so.
double error_of(const Fact& fact) {
  const std::string name = fact.function;
  const double difference = std::abs(computed(fact) - fact.value), size = std::abs(fact.value);
  const bool absolute = (name == "digamma" && std::abs(fact.a - 1.4616) < 0.5) ||
                        (name == "log_beta" && size < 1) || (name == "normal_quantile" && size < 1);
  return absolute || size == 0 ? difference : difference / size;
}

TEST(SpecialFunctions, TheStatedErrorsHoldAgainstMpmath) {
  const std::map<std::string, double> limits = {
      {"erfc", 3e-16},          {"log_gamma", 3e-16},     {"digamma", 7e-16},
      {"gamma_p", 4e-14},       {"gamma_q", 4e-14},       {"beta_p", 3e-14},
      {"beta_q", 3e-14},        {"log_beta", 2e-15},      {"normal_quantile", 4e-16},
      {"deviance_part", 3e-15}, {"stirling_error", 3e-15}};
  const std::map<std::string, double> tail_limits = {
      {"gamma_p", 4e-13}, {"gamma_q", 4e-13}, {"beta_p", 1e-13}, {"beta_q", 1e-13}};
  std::map<std::string, double> largest;
  for (const Fact& fact : kFacts) {
    const double error = error_of(fact);
    const std::string name = fact.function;
    const bool tail = std::abs(fact.value) < 1e-30 && tail_limits.count(name) > 0;
    EXPECT_LE(error, (tail ? tail_limits : limits).at(name))
        << name << "(" << fact.a << ", " << fact.b << ", " << fact.c << ") = " << fact.value;
    double& most = largest[tail ? name + "_tail" : name];
    most = std::max(most, error);
  }
  for (const auto& [name, error] : largest) RecordProperty(name, std::to_string(error * 1e16) + "e-16");
}

TEST(SpecialFunctions, Edges) {
  EXPECT_EQ(erfc(-kInfinity), 2);
  EXPECT_EQ(erfc(0), 1);
  EXPECT_EQ(erfc(kInfinity), 0);
  EXPECT_EQ(log_gamma(0), kInfinity);
  EXPECT_EQ(log_gamma(kInfinity), kInfinity);
  EXPECT_EQ(log_gamma(1), 0);
  EXPECT_EQ(log_gamma(2), 0);
  EXPECT_EQ(gamma_p(3, 0), 0);
  EXPECT_EQ(gamma_q(3, 0), 1);
  EXPECT_EQ(gamma_p(3, kInfinity), 1);
  EXPECT_EQ(gamma_q(3, kInfinity), 0);
  EXPECT_EQ(beta_p(2, 3, 0), 0);
  EXPECT_EQ(beta_p(2, 3, 1), 1);
  EXPECT_EQ(normal_quantile(0), -kInfinity);
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_EQ(normal_quantile(1), kInfinity);
  for (const double value : {erfc(kNaN), log_gamma(kNaN), digamma(kNaN), gamma_p(kNaN, 1), gamma_q(1, kNaN),
                             beta_p(1, kNaN, 0.5), normal_quantile(kNaN)})
    EXPECT_TRUE(std::isnan(value));
}

TEST(SpecialFunctions, OutsideOfADomainTheySaySo) {
  const std::vector<std::pair<std::string, std::function<void()>>> cases = {
      {"log_gamma: x is -1, expected 0 or more", [] { log_gamma(-1); }},
      {"digamma: x is 0, expected a positive number", [] { digamma(0); }},
      {"gamma_p: a is 0, expected above 0 and at most 1e8", [] { gamma_p(0, 1); }},
      {"gamma_q: x is -2, expected 0 or more", [] { gamma_q(1, -2); }},
      {"beta_p: x is 1.5, expected 0 to 1", [] { beta_p(1, 1, 1.5); }},
      {"beta_q: a and b are 1 and -1, expected above 0 and at most 1e8", [] { beta_q(1, -1, 0.5); }},
      {"log_beta: b is 0, expected a positive number", [] { log_beta(1, 0); }},
      {"normal_quantile: p is 1.25, expected 0 to 1", [] { normal_quantile(1.25); }}};
  for (const auto& [message, call] : cases) {
    try {
      call();
      ADD_FAILURE() << "no error: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), message);
    }
  }
}

RC_GTEST_PROP(SpecialFunctions, SharesAddToOneAndMirror, ()) {
  const double a = *rc::gen::inRange(1, 4000) / 16.0, b = *rc::gen::inRange(1, 4000) / 16.0;
  const double x = *rc::gen::inRange(1, 256) / 256.0;
  RC_ASSERT(std::abs(gamma_p(a, x * 2 * a) + gamma_q(a, x * 2 * a) - 1) <= 4e-16);
  RC_ASSERT(beta_p(a, b, x) == beta_q(b, a, 1 - x));  // 1 - x is exact
  RC_ASSERT(std::abs(beta_p(a, b, x) + beta_q(a, b, x) - 1) <= 4e-16);
}

// Gamma(x + 1) = x Gamma(x), P(a, x) - P(a + 1, x) = x^a e^-x / Gamma(a + 1), and the quantile is the inverse of the share.
RC_GTEST_PROP(SpecialFunctions, Recurrences, ()) {
  const double x = *rc::gen::inRange(1, 20000) / 128.0, a = *rc::gen::inRange(1, 20000) / 128.0;
  RC_ASSERT(std::abs(log_gamma(x + 1) - log_gamma(x) - log(x)) <= 1e-15 * (2 + std::abs(log_gamma(x + 1))));
  RC_ASSERT(std::abs(digamma(x + 1) - digamma(x) - 1 / x) <= 1e-15 * (8 + 1 / x));
  const double step = exp(a * log(x) - x - log_gamma(a + 1));
  RC_ASSERT(std::abs(gamma_p(a, x) - gamma_p(a + 1, x) - step) <= 1e-13);
  const double p = *rc::gen::inRange(1, 1 << 20) / double{1 << 20};
  RC_ASSERT(std::abs(erfc(-normal_quantile(p) * 0.7071067811865475244) / 2 / p - 1) <= 1e-14);
}

// The library's answers do not depend on the modes that a program has set.
TEST(SpecialFunctions, ForeignFloatingPointModes) {
  const auto all = [] {
    std::vector<double> values;
    for (std::size_t i = 0; i < std::size(kFacts); i += 7) values.push_back(computed(kFacts[i]));
    return values;
  };
  const std::vector<double> expected = all();
  std::vector<double> found;
  {
    const ForeignModes modes;
    found = all();
  }
  EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * sizeof(double)), 0);
}

}  // namespace
}  // namespace tessera::numerics
