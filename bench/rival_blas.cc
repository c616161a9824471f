#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

#include "bench/rival.h"

namespace bench {
namespace {

struct Product {
  bool left_transposed = false, right_transposed = false, is_double = false;
  int batch = 1, m = 0, k = 0, n = 0;
};

// "matmul nt f64 batch 16x64x64x64": every word between the first and the last may be missing.
std::optional<Product> parse(const std::string& name) {
  std::istringstream words(name);
  std::string word;
  if (!(words >> word) || word != "matmul") return std::nullopt;
  Product product;
  bool batched = false;
  while (words >> word) {
    if (word == "nt" || word == "tn" || word == "tt") {
      product.left_transposed = word[0] == 't';
      product.right_transposed = word[1] == 't';
    } else if (word == "f64") {
      product.is_double = true;
    } else if (word == "batch") {
      batched = true;
    } else {
      const int found = batched ? std::sscanf(word.c_str(), "%dx%dx%dx%d", &product.batch, &product.m,
                                              &product.k, &product.n)
                                : std::sscanf(word.c_str(), "%dx%dx%d", &product.m, &product.k, &product.n);
      if (found != (batched ? 4 : 3)) return std::nullopt;
    }
  }
  return product.m > 0 ? std::optional(product) : std::nullopt;
}

// The standard's values of CBLAS.
constexpr int kRowMajor = 101, kNoTranspose = 111, kTranspose = 112;

template <typename T>
struct Functions {
  void (*gemm)(int, int, int, int, int, int, T, const T*, int, const T*, int, T, T*, int) = nullptr;
  void (*gemv)(int, int, int, int, T, const T*, int, const T*, int, T, T*, int) = nullptr;
  int (*dnnl)(char, char, std::int64_t, std::int64_t, std::int64_t, T, const T*, std::int64_t, const T*,
              std::int64_t, T, T*, std::int64_t) = nullptr;
};

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

template <typename T>
Functions<T> functions_of(void* library) {
  constexpr bool kDouble = sizeof(T) == 8;
  Functions<T> functions;
  find(library, kDouble ? "cblas_dgemm" : "cblas_sgemm", functions.gemm);
  if (functions.gemm == nullptr)
    find(library, kDouble ? "scipy_cblas_dgemm" : "scipy_cblas_sgemm", functions.gemm);
  find(library, kDouble ? "cblas_dgemv" : "cblas_sgemv", functions.gemv);
  if (functions.gemv == nullptr)
    find(library, kDouble ? "scipy_cblas_dgemv" : "scipy_cblas_sgemv", functions.gemv);
  if (!kDouble) find(library, "dnnl_sgemm", functions.dnnl);
  return functions;
}

template <typename T>
struct Operands {
  std::vector<T> a, b, c;
};

template <typename T>
std::shared_ptr<Operands<T>> make_operands(const Product& p) {
  const auto size = [&](int rows, int columns) {
    return std::size_t(p.batch) * std::size_t(rows) * std::size_t(columns);
  };
  auto operands = std::make_shared<Operands<T>>();
  operands->a.resize(size(p.m, p.k));
  operands->b.resize(size(p.k, p.n));
  operands->c.resize(size(p.m, p.n));
  std::uint32_t state = 1;
  for (auto* values : {&operands->a, &operands->b})
    for (T& value : *values) value = T((state = state * 1664525U + 1013904223U) >> 8) / T(1 << 24) - T(0.5);
  return operands;
}

template <typename T>
Work product_case(void* library, const Product& p) {
  const Functions<T> f = functions_of<T>(library);
  const auto operands = make_operands<T>(p);
  const T *a = operands->a.data(), *b = operands->b.data();
  T* const c = operands->c.data();
  const int a_step = p.left_transposed ? p.m : p.k, b_step = p.right_transposed ? p.k : p.n;
  const auto transposed = [](bool is) { return is ? kTranspose : kNoTranspose; };
  if (f.dnnl != nullptr && p.batch == 1)
    return [=] {
      (void)operands;
      f.dnnl(p.left_transposed ? 'T' : 'N', p.right_transposed ? 'T' : 'N', p.m, p.n, p.k, T(1), a, a_step, b,
             b_step, T(0), c, p.n);
    };
  if (f.gemv != nullptr && p.batch == 1 && p.m == 1)
    return [=] {
      (void)operands;
      f.gemv(kRowMajor, transposed(!p.right_transposed), p.right_transposed ? p.n : p.k,
             p.right_transposed ? p.k : p.n, T(1), b, b_step, a, 1, T(0), c, 1);
    };
  if (f.gemv != nullptr && p.batch == 1 && p.n == 1)
    return [=] {
      (void)operands;
      f.gemv(kRowMajor, transposed(p.left_transposed), p.left_transposed ? p.k : p.m,
             p.left_transposed ? p.m : p.k, T(1), a, a_step, b, 1, T(0), c, 1);
    };
  if (f.gemm == nullptr) return {};
  return [=] {
    (void)operands;
    const std::int64_t m = p.m, n = p.n, k = p.k;
    for (std::int64_t i = 0; i < p.batch; ++i)
      f.gemm(kRowMajor, transposed(p.left_transposed), transposed(p.right_transposed), p.m, p.n, p.k, T(1),
             a + i * m * k, a_step, b + i * k * n, b_step, T(0), c + i * m * n, p.n);
  };
}

}  // namespace

Work blas_case(const std::string& path, const std::string& name) {
  const std::optional<Product> product = parse(name);
  void* const library = product ? dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) : nullptr;
  if (library == nullptr) {
    if (product) std::fprintf(stderr, "%s\n", dlerror());
    return {};
  }
  return product->is_double ? product_case<double>(library, *product)
                            : product_case<float>(library, *product);
}

}  // namespace bench
