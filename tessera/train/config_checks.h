// What settings must be together, and no row of the table of keys can say of itself. Internal to this room.
#pragma once

#include <string>

#include "tessera/train/config.h"

namespace tessera::train {

// Throws Error (kUsage) that names the line. `source`: the configuration, where a key is missing from it.
void check_together(const Config& config, const std::string& source);

}  // namespace tessera::train
