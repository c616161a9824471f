#include "bench/cases/tools.h"

namespace bench {

using tessera::Tensor;

std::vector<Case> reduction_cases() {
  return {unary_case("sum 1048576", {1048576}, [](const Tensor& x) { tessera::sum(x); }),
          unary_case("softmax 4096x1024", {4096, 1024}, [](const Tensor& x) { tessera::softmax(x); })};
}

}  // namespace bench
