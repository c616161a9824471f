// Registration and choice of backends. A program calls `use_default_backend()` once at its start (the
// command-line tool and the Python package do); tests choose.
//
//   reference  the definition: plain loops in the contract's order, any CPU
//   cpu        SIMD through Highway with run-time dispatch (AVX2, AVX-512) and the thread pool;
//              falls back to the reference kernel where no faster one exists; on a processor without fused
//              multiply-add it is the reference
//
// All give the same bits. Environment: TESSERA_BACKEND=reference|cpu, TESSERA_SIMD=avx2|avx512 (a
// ceiling), TESSERA_THREADS.
//
// ```cpp
// use_backend("reference");
// Tensor a = exp(Tensor::from<float>({1, 2, 3}, {3}));
// use_backend("cpu");
// assert(same_bits(a, exp(Tensor::from<float>({1, 2, 3}, {3}))));
// ```
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/backend.h"

namespace tessera {

void use_default_backend();               // cpu, or what TESSERA_BACKEND and TESSERA_SIMD say
void use_backend(std::string_view name);  // throws Error with a suggestion
std::string active_backend_name();
std::vector<std::string> backend_names();

// SIMD levels of the cpu backend that this processor and build have, best first: "avx512", "avx2"; none on Arm.
std::vector<std::string> available_simd_levels();
// Caps the level ("avx2" on an AVX-512 machine); "" restores the best. Throws Error that lists what is
// available.
void use_simd_level(std::string_view level);
std::string active_simd_level();  // "" for the reference backend

namespace backends {
Backend& reference_backend();
Backend& cpu_backend();
}  // namespace backends

}  // namespace tessera
