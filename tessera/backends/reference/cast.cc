// Conversions between dtypes; convert.h has the rules.
#include "tessera/backends/reference/common.h"
#include "tessera/backends/reference/convert.h"
#include "tessera/backends/reference/kernels.h"

namespace tessera::backends::reference {

void cast_kernel(const KernelCall& call) {
  dispatch_storage(call.inputs[0].dtype, [&](auto from_zero) {
    dispatch_storage(call.output.dtype, [&](auto to_zero) {
      using From = decltype(from_zero);
      using To = decltype(to_zero);
      const Dense<From> x(call.inputs[0]);
      To* out = call.output.as<To>();
      for_each_output(x.size(), kElementsPerTask, [&](std::int64_t i) { out[i] = convert<To>(x[i]); });
    });
  });
}

}  // namespace tessera::backends::reference
