// Which Highway targets are compiled, to be included before any Highway header by every file that uses
// foreach_target.
//
// Only targets whose MulAdd is one fused operation may hold kernels: AVX2 and AVX-512 (as Highway's AVX3).
// Highway insists on one more, the baseline; a file guards its kernels with TESSERA_SIMD_TARGET, which is 0
// there.
//
// Arm NEON is left out, although it has a fused MulAdd: it has no masked memory access, and Highway's
// MaskedLoad and BlendedStore touch the whole vector there. At the end of a row they would read beyond the
// storage and write back a neighbour's elements, which another thread may be computing. Arm processors run the
// reference kernels until the ends of rows are written for NEON and run on it.
#pragma once

// Evaluated by Highway after it has defined the names of its targets.
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_EMU128 | HWY_SCALAR))
#define TESSERA_SIMD_TARGET (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2)

// In the part of a file that is compiled once (HWY_ONCE): TESSERA_SIMD_SWITCH(call) returns `call` evaluated
// in the namespace of the active level, or null when the build or the processor has none.
#define TESSERA_SIMD_SWITCH(call)                                             \
  switch (::tessera::backends::simd_level()) {                                \
    TESSERA_CASE_AVX3(call) TESSERA_CASE_AVX2(call) default : return nullptr; \
  }

#include <hwy/detect_targets.h>

#if HWY_TARGETS & HWY_AVX3
#define TESSERA_CASE_AVX3(call)                 \
  case ::tessera::backends::SimdLevel::kAvx512: \
    return N_AVX3::call;
#else
#define TESSERA_CASE_AVX3(call)
#endif
#if HWY_TARGETS & HWY_AVX2
#define TESSERA_CASE_AVX2(call)               \
  case ::tessera::backends::SimdLevel::kAvx2: \
    return N_AVX2::call;
#else
#define TESSERA_CASE_AVX2(call)
#endif
