#include <fmt/core.h>

#include "bench/cases/tools.h"

namespace bench {
namespace {

Case matmul_case(std::int64_t m, std::int64_t k, std::int64_t n) {
  return lazy(fmt::format("matmul {}x{}x{}", m, k, n), [=] {
    return [a = normal({m, k}), b = normal({k, n})] { tessera::matmul(a, b); };
  });
}

}  // namespace

std::vector<Case> product_cases() {
  std::vector<Case> cases;
  for (const std::int64_t n : {64, 128, 256, 512, 1024}) cases.push_back(matmul_case(n, n, n));
  cases.push_back(matmul_case(1, 1024, 1024));
  cases.push_back(matmul_case(32, 1024, 4096));
  cases.push_back(matmul_case(32, 4096, 1024));
  cases.push_back(matmul_case(4096, 64, 64));
  cases.push_back(matmul_case(128, 2048, 128));
  return cases;
}

}  // namespace bench
