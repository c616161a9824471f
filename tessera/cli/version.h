#pragma once

#include <string_view>

namespace tessera::cli {

std::string_view version();  // "0.1.0"

}  // namespace tessera::cli
