// What a compiler must do for the numerics contract to hold, checked or provided where it can be.
//
// The contract (docs/numerics.md): IEEE-754 binary32 and binary64, round to nearest even, subnormals kept;
// `+ - * /` and square root correctly rounded; fused multiply-add exactly where the source says fma. Programs
// that use Tessera must therefore be compiled without -ffast-math (refused here) and with -ffp-contract=off
// (the exported CMake target carries the flag; public headers contain no floating-point arithmetic, so that a
// program that drops it still gets the library's bits).
#pragma once

#include <limits>

// Some options of -ffast-math announce themselves alone, too; which ones depends on the compiler.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "Tessera's results are defined bit for bit: compile without -ffast-math, its parts, or -Ofast."
#endif
#if defined(__FLT_EVAL_METHOD__)
static_assert(__FLT_EVAL_METHOD__ == 0, "float arithmetic must be done in float: no x87 code");
#endif

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<float>::digits == 24);
static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<double>::digits == 53);

// TESSERA_INLINE: for the small functions that formulas are made of. They must disappear into their caller,
// so that they are compiled for the caller's instruction set.
#if defined(__CUDACC__)
#define TESSERA_INLINE inline __host__ __device__ __attribute__((always_inline))
#else
#define TESSERA_INLINE inline __attribute__((always_inline))
#endif

// TESSERA_FMA_CLONES, before a function definition, compiles the function twice: for the baseline, and with
// the FMA instructions; the loader picks. On baseline x86-64 std::fma is otherwise a call of the C library:
// correct, same bits, and ten times slower. It applies to non-template functions with or without internal
// linkage; what they call must be TESSERA_INLINE to profit. (ifunc resolvers run before a sanitizer's
// start-up: off there.)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TESSERA_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TESSERA_SANITIZED 1
#endif
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__FMA__) && !defined(TESSERA_SANITIZED) && \
    !defined(__CUDACC__)
#define TESSERA_FMA_CLONES __attribute__((target_clones("fma", "default")))
#else
#define TESSERA_FMA_CLONES
#endif
