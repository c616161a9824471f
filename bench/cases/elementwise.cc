#include <fmt/core.h>

#include "bench/cases/tools.h"

namespace bench {

using tessera::Tensor;

namespace {

struct Named {
  const char* name;
  Tensor (*function)(const Tensor&);
  bool positive;  // needs arguments above 0
};

#define TESSERA_BENCH_FUNCTION(name, positive)                        \
  {                                                                   \
#name, [](const Tensor& x) { return tessera::name(x); }, positive \
  }
constexpr Named kFunctions[] = {TESSERA_BENCH_FUNCTION(exp, false),     TESSERA_BENCH_FUNCTION(log, true),
                                TESSERA_BENCH_FUNCTION(erf, false),     TESSERA_BENCH_FUNCTION(tanh, false),
                                TESSERA_BENCH_FUNCTION(sigmoid, false), TESSERA_BENCH_FUNCTION(expm1, false),
                                TESSERA_BENCH_FUNCTION(log1p, true),    TESSERA_BENCH_FUNCTION(sin, false),
                                TESSERA_BENCH_FUNCTION(cos, false),     TESSERA_BENCH_FUNCTION(sqrt, true),
                                TESSERA_BENCH_FUNCTION(relu, false)};
#undef TESSERA_BENCH_FUNCTION

Tensor argument(std::int64_t count, bool positive) {
  const Tensor x = normal({count});
  return positive ? tessera::absolute(x) + 0.01 : x;
}

template <typename Function>
Case pair_case(const char* name, std::int64_t count, Function function) {
  return lazy(fmt::format("{} {}", name, count), [=] {
    return [a = argument(count, false), b = argument(count, true), function] { function(a, b); };
  });
}

}  // namespace

// In the first-level cache, and from the last one.
std::vector<Case> elementwise_cases() {
  std::vector<Case> cases;
  for (const std::int64_t count : {10000, 1048576}) {
    for (const Named& each : kFunctions)
      cases.push_back(lazy(fmt::format("{} {}", each.name, count), [=] {
        return [x = argument(count, each.positive), f = each.function] { f(x); };
      }));
    cases.push_back(pair_case("add", count, [](const Tensor& a, const Tensor& b) { tessera::add(a, b); }));
    cases.push_back(
        pair_case("multiply", count, [](const Tensor& a, const Tensor& b) { tessera::multiply(a, b); }));
    cases.push_back(
        pair_case("divide", count, [](const Tensor& a, const Tensor& b) { tessera::divide(a, b); }));
  }
  return cases;
}

}  // namespace bench
