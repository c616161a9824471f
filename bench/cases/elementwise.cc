#include "bench/cases/tools.h"

namespace bench {

using tessera::Tensor;

std::vector<Case> elementwise_cases() {
  return {unary_case("exp 1048576", {1048576}, [](const Tensor& x) { tessera::exp(x); }),
          unary_case("add 1048576", {1048576}, [](const Tensor& x) { tessera::add(x, x); })};
}

}  // namespace bench
