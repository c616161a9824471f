#include "tessera/learn/restored.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"

namespace tessera::learn {

void refuse_restored(std::string_view owner, std::string_view what) {
  fail("{}: the saved state cannot be its own: {}", owner, what);
}

void require_restored(std::string_view owner, std::string_view what, const Tensor& value, DType dtype,
                      std::initializer_list<std::int64_t> shape) {
  bool fits = value.defined() && value.dtype() == dtype && value.contiguous() &&
              value.rank() == static_cast<int>(shape.size());
  std::int64_t axis = 0;
  for (const std::int64_t length : shape) {
    fits = fits && (length < 0 ? value.size(axis) >= 1 : value.size(axis) == length);
    ++axis;
  }
  if (!fits)
    refuse_restored(owner, fmt::format("'{}' is {}", what,
                                       value.defined() ? fmt::format("{} {}", dtype_name(value.dtype()),
                                                                     value.shape().to_string())
                                                       : "not there"));
}

void require_finite(std::string_view owner, std::string_view what, const Tensor& value) {
  if (!std::ranges::all_of(value.values<double>(), [](double number) { return std::isfinite(number); }))
    refuse_restored(owner, fmt::format("'{}' is not finite", what));
}

void require_below(std::string_view owner, std::string_view what, const Tensor& value, std::int64_t end) {
  if (!std::ranges::all_of(value.values<std::int64_t>(),
                           [&](std::int64_t number) { return number >= 0 && number < end; }))
    refuse_restored(owner, fmt::format("'{}' has a number outside of 0 to {}", what, end - 1));
}

}  // namespace tessera::learn
