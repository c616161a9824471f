// Sums of products in about twice float64's precision: an unevaluated sum of two doubles. Internal to the room.
//
// Error-free transformations of Knuth and of Dekker, with fma: Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26,
// 2005 (algorithm Dot2).
#pragma once

#include "tessera/numerics/contract.h"

namespace tessera::linalg::internal {

struct DoubleDouble {
  double high = 0, low = 0;

  TESSERA_INLINE void add(double x) {
    const double sum = high + x, part = sum - high;
    low = low + ((high - (sum - part)) + (x - part));
    high = sum;
  }
  TESSERA_INLINE void add_product(double a, double b) {
    const double product = a * b;
    const double error = __builtin_fma(a, b, -product);
    add(product);
    low = low + error;
  }
  TESSERA_INLINE double value() const { return high + low; }
};

}  // namespace tessera::linalg::internal
