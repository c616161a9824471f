// The cases of the selftest. Internal to the selftest and the tests of the backends.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/numerics/philox.h"
#include "tessera/tensor/op.h"
#include "tessera/tensor/tensor.h"

namespace tessera::selftest {

struct Case {
  std::string op;
  std::string name;
  std::function<Tensor()> compute;
};

// All cases of one row of ops.def, at least one.
std::vector<Case> cases_of(Op op);
// The functions and random streams of the numerics room, under names such as "numerics.exp".
std::vector<Case> numerics_cases();
// The linalg room, under names such as "linalg.svd".
std::vector<Case> linalg_cases();

// ---- Inputs: exact functions of a key, without floating-point rounding ----

enum class Values {
  kOrdinary,  // signs and exponents vary (2^-8 to 2^7), so that every order of additions gives other bits
  kSmall,     // the same from 2^-12 to 2^3: for functions that would overflow
  kAwkward,   // ordinary ones with NaN, infinities, zeros, subnormals and extremes strewn in
  // For the random bit tests; of integers, these mean any number (kAnyBits) or ordinary ones.
  kAnyBits,  // every bit pattern alike: NaN of any payload, subnormals, all exponents
  kTiny,     // subnormals and the numbers just above them
  kHuge,     // the largest exponents: sums and products overflow
};
enum class Layout { kContiguous, kTransposed, kReversed, kSliced, kBroadcast };
inline constexpr Layout kLayouts[] = {Layout::kContiguous, Layout::kTransposed, Layout::kReversed,
                                      Layout::kSliced, Layout::kBroadcast};
std::string_view layout_name(Layout layout);

// A tensor of this logical shape whose memory has this layout. Scalars are always contiguous.
Tensor make_input(numerics::PhiloxKey key, const Shape& shape, DType dtype, Values values = Values::kOrdinary,
                  Layout layout = Layout::kContiguous);
// int64 in [0, bound).
Tensor make_indices(numerics::PhiloxKey key, std::int64_t count, std::int64_t bound);
// The special values of a dtype, [n]: zeros, ones, extremes, subnormals, infinities, NaN, ties, bounds of the
// integers.
Tensor special_values(DType dtype);

}  // namespace tessera::selftest
