// For tests: the floating-point modes of a program that is not Tessera's, while one of these is alive.
#pragma once

#include <cfenv>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace tessera {

// Rounding down, subnormals flushed.
class ForeignModes {
 public:
  ForeignModes() {
    std::fesetround(FE_DOWNWARD);
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
  }
  ~ForeignModes() {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() & ~0x8040U);
#endif
    std::fesetround(FE_TONEAREST);
  }
};

}  // namespace tessera
