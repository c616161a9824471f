// What nodes of trees ask of the values of one feature, several rows at a time. All answers are exact, so that neither the width of vectors nor
// their order can show. Internal to the growing of trees.
//
// Memory must be readable up to kReadBehind numbers behind the last one, whatever it holds.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>

namespace tessera::learn::internal {

inline constexpr std::int64_t kReadBehind = 8;

struct ValueRange {
  double least, most;  // least > most where every value is missing
  bool any_missing;
};
ValueRange range_of(const double* values, std::int64_t count);

// Of the rows with value <= threshold (or with a missing value): how many, and the sum of their words modulo 2^64.
struct PartSum {
  std::uint64_t sum;
  std::int64_t count;
};
PartSum sum_up_to(double threshold, const double* values, const std::int64_t* words, std::int64_t count);
PartSum sum_of_missing(const double* values, const std::int64_t* words, std::int64_t count);

struct WordRange {
  std::int64_t sum, least, most;
};
WordRange range_of(const std::int64_t* words, std::int64_t count);

}  // namespace tessera::learn::internal
