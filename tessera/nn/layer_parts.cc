#include "tessera/nn/layer_parts.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/nn/initialisers.h"
#include "tessera/numerics/functions.h"

namespace tessera::nn::parts {

std::int64_t positive(const char* layer, const char* what, std::int64_t value) {
  if (value < 1) fail("{}: {} is {}, expected at least 1", layer, what, value);
  return value;
}

void fail_dtype(const std::string& where, const Tensor& x, const Parameter& weight) {
  fail("{}: the input is {} {}, but the parameter {} is {} {}", where, dtype_name(x.dtype()),
       x.shape().to_string(), weight.name, dtype_name(weight.value.dtype()),
       weight.value.shape().to_string());
}

void initialize_as_pytorch(RandomSource& random, Parameter& weight, Parameter* bias) {
  const double bound =
      1 / numerics::sqrt(static_cast<double>(std::max<std::int64_t>(1, fans(weight.value.shape()).in)));
  for (Parameter* parameter : {&weight, bias})
    if (parameter != nullptr)
      parameter->value =
          uniform_init(random, parameter->name, parameter->value.shape(), bound, parameter->value.dtype());
}

std::string sizes_text(std::span<const std::int64_t> values) {
  const bool equal =
      std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == values[0]; });
  return equal ? fmt::format("{}", values[0]) : fmt::format("({})", fmt::join(values, ", "));
}

std::string image_text(std::int64_t channels, int spatial_axes) {
  static constexpr const char* kNames[] = {"L", "H, W", "D, H, W"};
  return fmt::format("[N, {}, {}]", channels, kNames[spatial_axes - 1]);
}

}  // namespace tessera::nn::parts
