#include <fmt/core.h>

#include "bench/cases/tools.h"
#include "tessera/tensor/dtype.h"

namespace bench {

using tessera::DType;
using tessera::Tensor;

namespace {

constexpr std::int64_t kCount = 1048576;

// Numbers that every dtype holds: of 0 to 255 for bytes, of both signs for the others.
Tensor numbers(DType dtype, bool bytes) {
  const Tensor x = normal({kCount}, bytes ? 20 : 100);
  return tessera::cast(bytes ? tessera::absolute(x) : x, dtype);
}

void add_casts(std::vector<Case>& cases) {
  struct Pair {
    DType from, to;
  };
  for (const Pair pair : {Pair{DType::kFloat32, DType::kUInt8}, Pair{DType::kFloat32, DType::kInt64},
                          Pair{DType::kFloat32, DType::kBool}, Pair{DType::kFloat32, DType::kBFloat16},
                          Pair{DType::kUInt8, DType::kFloat32}, Pair{DType::kInt64, DType::kFloat32},
                          Pair{DType::kBool, DType::kFloat32}, Pair{DType::kBFloat16, DType::kFloat32}}) {
    const std::string name =
        fmt::format("cast {} to {} {}", tessera::dtype_name(pair.from), tessera::dtype_name(pair.to), kCount);
    cases.push_back(lazy(name, [=] {
      return [=, x = numbers(pair.from, pair.to == DType::kUInt8)] { tessera::cast(x, pair.to); };
    }));
  }
}

void add_integers(std::vector<Case>& cases) {
  for (const DType dtype : {DType::kInt64, DType::kFloat32})
    cases.push_back({fmt::format("arange {} {}", tessera::dtype_name(dtype), kCount),
                     [=] { tessera::arange(kCount, dtype); }});
  const auto add = [&](const char* name, DType dtype, const tessera::Shape& shape, auto function) {
    cases.push_back(lazy(fmt::format("{} {}", name, kCount),
                         [=] { return [=, x = numbers(dtype, false).reshape(shape)] { function(x); }; }));
  };
  const tessera::Shape row = {kCount}, square = {1024, 1024};
  add("int64 sum", DType::kInt64, row, [](const Tensor& x) { tessera::sum(x); });
  add("int64 sum outer", DType::kInt64, square, [](const Tensor& x) { tessera::sum(x, {0}); });
  add("int64 max", DType::kInt64, row, [](const Tensor& x) { tessera::max(x); });
  add("bool sum", DType::kBool, row, [](const Tensor& x) { tessera::sum(x); });
}

void add_bfloat16(std::vector<Case>& cases) {
  cases.push_back(lazy(fmt::format("bfloat16 add {}", kCount), [] {
    return
        [a = numbers(DType::kBFloat16, false), b = numbers(DType::kBFloat16, false)] { tessera::add(a, b); };
  }));
  cases.push_back(lazy(fmt::format("bfloat16 relu {}", kCount),
                       [] { return [x = numbers(DType::kBFloat16, false)] { tessera::relu(x); }; }));
  for (const std::int64_t rows : {512, 1}) {
    const std::int64_t size = rows == 1 ? 1024 : 512;
    cases.push_back(lazy(fmt::format("bfloat16 matmul {}x{}x{}", rows, size, size), [=] {
      return [a = normal({rows, size}).to(DType::kBFloat16), b = normal({size, size}).to(DType::kBFloat16)] {
        tessera::matmul(a, b);
      };
    }));
  }
}

}  // namespace

std::vector<Case> type_cases() {
  std::vector<Case> cases;
  add_casts(cases);
  add_integers(cases);
  add_bfloat16(cases);
  return cases;
}

}  // namespace bench
