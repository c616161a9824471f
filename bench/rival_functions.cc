#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "bench/rival.h"

namespace bench {
namespace {

// Numbers in about the range of the standard normal ones that the other sides take.
std::shared_ptr<std::vector<float>> inputs(std::size_t count, bool positive) {
  auto values = std::make_shared<std::vector<float>>(count);
  std::uint32_t state = 1;
  for (float& value : *values) {
    state = state * 1664525U + 1013904223U;
    value = float(state >> 8) / float(1 << 24) * 4.0F - 2.0F;
    if (positive) value = std::fabs(value);
  }
  return values;
}

#if defined(BENCH_HAS_SLEEF)
Work sleef_case(const std::string& name, std::size_t count, bool avx2) {
  const ArrayFunction function = avx2 ? sleef_avx2(name) : sleef_avx512(name);
  if (function == nullptr) return {};
  const auto x = inputs(count, name.starts_with("log"));
  const auto y = std::make_shared<std::vector<float>>(count);
  return [=] { function(x->data(), y->data(), x->size()); };
}
#else
Work sleef_case(const std::string&, std::size_t, bool) {
  return {};
}
#endif

Work std_normal_case(std::size_t count) {
  const auto y = std::make_shared<std::vector<float>>(count);
  const auto engine = std::make_shared<std::mt19937>(1);
  return [=] {
    std::normal_distribution<float> normal;
    for (float& value : *y) value = normal(*engine);
  };
}

}  // namespace

// Names are "exp 1048576": a function and a number of elements.
Work function_case(const std::string& library, bool avx2, const std::string& name) {
  char function[32] = "", rest[2] = "";
  unsigned long count = 0;
  if (std::sscanf(name.c_str(), "%31s %lu%1s", function, &count, rest) != 2) return {};
  if (library == "sleef") return sleef_case(function, count, avx2);
  if (library == "std" && std::string(function) == "random_normal") return std_normal_case(count);
  return {};
}

}  // namespace bench
