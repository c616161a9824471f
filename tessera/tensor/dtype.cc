#include "tessera/tensor/dtype.h"

#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/suggest.h"

namespace tessera {
namespace {

constexpr DType kDTypes[] = {DType::kFloat32, DType::kFloat64, DType::kInt64,
                             DType::kUInt8,   DType::kBool,    DType::kBFloat16};

}  // namespace

std::string_view dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kFloat64:
      return "float64";
    case DType::kInt64:
      return "int64";
    case DType::kUInt8:
      return "uint8";
    case DType::kBool:
      return "bool";
    case DType::kBFloat16:
      return "bfloat16";
  }
  return "unknown";
}

DType dtype_from_name(std::string_view name) {
  std::vector<std::string> names;
  for (const DType dtype : kDTypes) {
    if (dtype_name(dtype) == name) return dtype;
    names.emplace_back(dtype_name(dtype));
  }
  fail("dtype: found '{}', expected float32, float64, int64, uint8, bool or bfloat16{}", name,
       did_you_mean(name, names));
}

}  // namespace tessera
