// Bessel functions of the first kind and integer order, by Miller's backward recurrence: the same bits on every machine, like all of
// functions.h, because only + - * / are used, in a fixed order.
//
// J_{k-1}(x) = (2k / x) J_k(x) - J_{k+1}(x), taken downwards from an order so high that J is negligible there, gives every J_k up to one
// factor, which J_0 + 2 J_2 + 2 J_4 + ... = 1 determines. (Upwards the recurrence loses all digits once k > x.) J. C. P. Miller, in British Association
// Mathematical Tables, vol. X (1952); Numerical Recipes, 3rd edition, section 6.5. It takes about |x| + n steps. Below 2^-30 the first term of
// the power series is exact to the last digit.
//
// Domain: 0 <= n <= 10,000, |x| <= 10,000; outside of it, Error. NaN gives NaN. Largest absolute error seen against MPFR:
// 5e-16 (J itself is at most 1). Thread-safety: pure function, whatever rounding mode the caller has set.
//
// ```cpp
// assert(numerics::bessel_j(0, 0.0) == 1 && numerics::bessel_j(3, 0.0) == 0);
// assert(std::abs(numerics::bessel_j(1, 2.0) - 0.5767248077568734) < 1e-15);  // Abramowitz and Stegun, table 9.1
// assert(numerics::bessel_j(1, -2.0) == -numerics::bessel_j(1, 2.0));
// ```
#pragma once

#include <cstdint>

namespace tessera::numerics {

double bessel_j(std::int64_t n, double x);

}  // namespace tessera::numerics
