// For loops that take most of a decomposition's time: compiled once more for vectors of 64 bytes, where the compiler makes clones at all.
// Internal to the room.
#pragma once

#include "tessera/numerics/contract.h"

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__FMA__) && !defined(TESSERA_SANITIZED)
#define TESSERA_WIDE_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define TESSERA_WIDE_CLONES TESSERA_FMA_CLONES
#endif
