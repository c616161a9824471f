// The vector width that the cpu backend's kernels use: chosen at run time among those compiled for this
// processor.
//
// Every level gives the same bits; the choice exists for tests and for reproducing a timing. The names and
// the public functions are declared in backends/backends.h. Thread-safety: reading from any thread; changing
// only while no kernel runs.
#pragma once

#include <cstdint>
#include <string_view>

namespace tessera::backends {

enum class SimdLevel : std::uint8_t { kNone, kNeon, kAvx2, kAvx512 };

SimdLevel simd_level();  // kNone: this processor has no fused vector arithmetic that this build knows
std::string_view simd_level_name(SimdLevel level);  // "avx512"; "" for kNone

}  // namespace tessera::backends
