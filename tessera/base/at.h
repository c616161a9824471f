// Positions are signed everywhere (shapes, rows, columns); the standard containers count with std::size_t.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tessera {

// `position`, which is not negative, as the index of a container: values[at(row)].
constexpr std::size_t at(std::int64_t position) {
  return static_cast<std::size_t>(position);
}

}  // namespace tessera
