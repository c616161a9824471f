// The middle of many numbers, without sorting them as stats::median does. Internal to this room.
//
// `median`: of an odd number the one in the middle of the sorted list; of an even number low + (high - low) / 2, of the two in the middle (low / 2 + high / 2 where the difference is too large). The same bits as of a list that
// std::stable_sort has sorted, also of zeros with different signs. Its time grows like the number of values: a sample says between which two of them the middle
// lies, one pass without branches takes those out, and only they are partitioned.
//
// Preconditions: at least one value, none of them NaN. Thread-safety: a pure function.
//
// ```cpp
// assert(learn::median(std::vector<double>{3, 9, 1}) == 3 && learn::median(std::vector<double>{3, 9, 1, 4}) == 3.5);
// ```
#pragma once

#include <span>

namespace tessera::learn {

double median(std::span<const double> values);

}  // namespace tessera::learn
