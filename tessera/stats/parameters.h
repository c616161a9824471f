// Checks of parameters that distributions share; every message names the distribution and the parameter.
#pragma once

#include <cmath>

#include "tessera/base/error.h"

namespace tessera::stats {

inline double finite(const char* distribution, const char* parameter, double value) {
  if (!std::isfinite(value)) fail("{}: {} is {}, expected a finite number", distribution, parameter, value);
  return value;
}

inline double positive(const char* distribution, const char* parameter, double value) {
  if (!(value > 0) || !std::isfinite(value))
    fail("{}: {} is {}, expected a positive number", distribution, parameter, value);
  return value;
}

inline double shape_parameter(const char* distribution, const char* parameter, double value) {
  if (!(value > 0 && value <= 1e8))
    fail("{}: {} is {}, expected above 0 and at most 1e8", distribution, parameter, value);
  return value;
}

inline double probability(const char* distribution, const char* parameter, double value) {
  if (!(value >= 0 && value <= 1))
    fail("{}: {} is {}, expected a probability, 0 to 1", distribution, parameter, value);
  return value;
}

}  // namespace tessera::stats
