#include <fmt/core.h>

#include "bench/cases/tools.h"

namespace bench {

using tessera::Tensor;

std::vector<Case> growth_cases() {
  std::vector<Case> cases;
  for (const std::int64_t n : {32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048})
    cases.push_back(lazy(fmt::format("matmul {0}x{0}x{0}", n), [=] {
      return [a = normal({n, n}), b = normal({n, n})] { tessera::matmul(a, b); };
    }));
  for (std::int64_t n = 1024; n <= 1 << 24; n *= 4) {
    cases.push_back(unary_case(fmt::format("exp {}", n), {n}, [](const Tensor& x) { tessera::exp(x); }));
    cases.push_back(unary_case(fmt::format("sum {}", n), {n}, [](const Tensor& x) { tessera::sum(x); }));
  }
  return cases;
}

}  // namespace bench
