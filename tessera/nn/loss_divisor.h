// What the sum of a loss over samples is divided by. Internal to nn.
#pragma once

#include <cstdint>

namespace tessera::nn {

// `batch`, or the number of samples given when it is 0. Throws Error when the batch is smaller than what was given, or empty.
std::int64_t loss_divisor(const char* loss, std::int64_t samples, std::int64_t batch);

}  // namespace tessera::nn
