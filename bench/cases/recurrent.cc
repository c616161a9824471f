#include "bench/cases/tools.h"

namespace bench {

std::vector<Case> recurrent_cases() {
  return {};
}

}  // namespace bench
