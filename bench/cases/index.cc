#include "bench/cases/tools.h"

namespace bench {

std::vector<Case> index_cases() {
  return {};
}

}  // namespace bench
