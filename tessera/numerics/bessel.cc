#include "tessera/numerics/bessel.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"

namespace tessera::numerics {
namespace {

constexpr std::int64_t kLargestOrder = 10000;
constexpr double kLargestArgument = 10000;

// Beyond the order `turn`, J falls like exp(-0.94 d^1.5 / turn^0.5) with the distance d: 14 cube roots are below 2^-64.
std::int64_t negligible_order(std::int64_t turn) {
  std::int64_t root = 1;
  while (root * root * root < turn) ++root;
  const std::int64_t order = turn + 14 * root + 20;
  return order + order % 2;  // even, so that the sum begins with a term
}

// The first term of the power series, (x / 2)^n / n!; the next one is smaller by x^2 / 4.
double of_small_argument(std::int64_t n, double x) {
  double value = 1;
  for (std::int64_t k = 1; k <= n && value != 0; ++k) value = value * (x / 2 / static_cast<double>(k));
  return value;
}

}  // namespace

double bessel_j(std::int64_t n, double x) {
  const FloatEnvironment contract;
  if (n < 0 || n > kLargestOrder) fail("bessel_j: the order is {}, expected 0 to {}", n, kLargestOrder);
  if (x != x) return x;
  const double magnitude = std::abs(x);
  if (magnitude > kLargestArgument)
    fail("bessel_j: the argument is {}, expected at most {}", x, kLargestArgument);
  constexpr double kSmall = 0x1p-30;  // there the recurrence's factors would overflow, and are not needed
  if (magnitude < kSmall) return of_small_argument(n, x);

  constexpr double kLarge = 0x1p500, kSmaller = 0x1p-500;  // a power of two: scaling loses nothing
  double above = 0, here = kSmaller, wanted = 0,
         sum = 0;  // J_{k+1}, J_k, J_n and the sum, all times one factor
  for (std::int64_t k = negligible_order(std::max(n, static_cast<std::int64_t>(magnitude) + 1)); k > 0; --k) {
    if (k == n) wanted = here;
    if (k % 2 == 0) sum = sum + here;
    const double below = (2 * static_cast<double>(k) / magnitude) * here - above;
    above = here;
    here = below;
    if (std::abs(here) > kLarge) {
      above = above * kSmaller;
      here = here * kSmaller;
      wanted = wanted * kSmaller;
      sum = sum * kSmaller;
    }
  }
  if (n == 0) wanted = here;
  const double value = wanted / (here + 2 * sum);
  return x < 0 && n % 2 == 1 ? -value : value;
}

}  // namespace tessera::numerics
