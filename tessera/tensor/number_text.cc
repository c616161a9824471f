#include "tessera/tensor/number_text.h"

#include <cmath>

#include "tessera/base/error.h"

namespace tessera {

std::string number_text(float value) {
  return std::isnan(value) ? "nan" : fmt::format("{}", value);
}
std::string number_text(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{}", value);
}

}  // namespace tessera
