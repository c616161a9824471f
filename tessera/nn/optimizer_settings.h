// Checks of the settings of optimisers. Internal to nn.
#pragma once

namespace tessera::nn {

inline constexpr double kUnboundedSetting = 1e300;

// Throws Error unless low <= value < high.
void require_setting(const char* name, double value, double low, double high);

}  // namespace tessera::nn
