#include "tessera/cli/version.h"

namespace tessera::cli {

std::string_view version() {
  return TESSERA_VERSION;
}

}  // namespace tessera::cli
