// The rivals that are not PyTorch: libraries of matrix products, SLEEF, the C++ standard library.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace bench {

using Work = std::function<void()>;

// A product of bench/cases/product.cc by the library at `path` (cblas_sgemm and its kin, or oneDNN's dnnl_sgemm); an empty function for other
// cases and where the library lacks the call.
Work blas_case(const std::string& path, const std::string& name);

// exp, log, ... of SLEEF with at most 1 ULP, `avx2` with 8 lanes instead of 16; numbers of std::normal_distribution.
Work function_case(const std::string& library, bool avx2, const std::string& name);

// y[i] = function(x[i]); null for a name that SLEEF has not.
using ArrayFunction = void (*)(const float* x, float* y, std::size_t count);
ArrayFunction sleef_avx512(const std::string& name);
ArrayFunction sleef_avx2(const std::string& name);

}  // namespace bench
