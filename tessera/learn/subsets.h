// All subsets of a set, as bit masks.
//
// subsets(n) is the range of the masks 0, 1, ..., 2^n - 1 in their order; element i is in the subset whose mask has bit i. So the empty set comes first, the whole set last,
// and those without the last element before those with it. Nothing is stored.
//
// Errors: n outside of 0 to 62. Thread-safety: pure.
//
// ```cpp
// std::string text;
// for (const std::uint64_t mask : learn::subsets(3)) {  // of {1, 2, 3}
//   text += "{";
//   for (const std::int64_t element : learn::elements_of(mask)) text += std::to_string(element + 1);
//   text += "}";
// }
// assert(text == "{}{1}{2}{12}{3}{13}{23}{123}");
// ```
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "tessera/base/error.h"

namespace tessera::learn {

class Subsets {
 public:
  class Iterator {
   public:
    explicit Iterator(std::uint64_t mask) : mask_(mask) {}
    std::uint64_t operator*() const { return mask_; }
    Iterator& operator++() {
      ++mask_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    std::uint64_t mask_;
  };
  explicit Subsets(std::uint64_t count) : count_(count) {}
  Iterator begin() const { return Iterator(0); }
  Iterator end() const { return Iterator(count_); }
  std::uint64_t size() const { return count_; }

 private:
  std::uint64_t count_;
};

inline Subsets subsets(std::int64_t elements) {
  if (elements < 0 || elements > 62) fail("subsets of {} elements, expected 0 to 62", elements);
  return Subsets(std::uint64_t{1} << elements);
}

// Ascending, from 0.
inline std::vector<std::int64_t> elements_of(std::uint64_t mask) {
  std::vector<std::int64_t> elements;
  for (; mask != 0; mask &= mask - 1) elements.push_back(std::countr_zero(mask));
  return elements;
}

}  // namespace tessera::learn
