#include "tessera/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace tessera::internal {

void contract_violation(const char* file, int line, const char* condition, const std::string& message) {
  std::fprintf(stderr, "%s:%d: contract violation: %s (%s)\n", file, line, message.c_str(), condition);
  std::abort();
}

}  // namespace tessera::internal
