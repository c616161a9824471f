#include "tessera/backends/reference/reference_backend.h"

#include <stdlib.h>  // posix_memalign
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/backends/reference/kernels.h"
#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"

namespace tessera::backends {
namespace reference {
namespace {

constexpr std::array<Kernel, kOpCount> kKernels = {
#define TESSERA_ENTRY(Class, name) (TESSERA_IF_KERNEL_##Class(true ? &name##_kernel :) nullptr)
#define TESSERA_OP(Id, name, arity, Class, ...) TESSERA_ENTRY(Class, name),
#include "tessera/tensor/ops.def"
#undef TESSERA_OP
#undef TESSERA_ENTRY
};

}  // namespace

Kernel kernel_of(Op op) {
  return kKernels[static_cast<std::size_t>(op)];
}

}  // namespace reference

std::string ReferenceBackend::description() const {
  return fmt::format("plain loops in the contract's order, {} threads", thread_count());
}

void ReferenceBackend::run(const KernelCall& call) {
  const reference::Kernel kernel = reference::kernel_of(call.op);
  TESSERA_CHECK(kernel != nullptr, "{} is a view and has no kernel", op_info(call.op).name);
  FloatEnvironment contract;
  kernel(call);
}

// Large tensors begin at a large page and ask for such pages, where the system leaves the choice to programs: rows picked from a table
// of 50 MB come 20 % faster, it is filled 25 % faster. The end that does not fill a large page lies in small ones.
void* ReferenceBackend::allocate(std::size_t bytes) {
  constexpr std::size_t kAlignment = 64, kLargePage = std::size_t{2} << 20;
  const bool large = bytes >= 2 * kLargePage;
  void* memory = nullptr;
  if (bytes > SIZE_MAX - kLargePage) fail("out of memory: a tensor of {} bytes is too large", bytes);
  if (posix_memalign(&memory, large ? kLargePage : kAlignment, std::max(bytes, kAlignment)) != 0)
    fail("out of memory: could not get {} bytes for a tensor", bytes);
#ifdef MADV_HUGEPAGE
  if (large)
    (void)madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);  // a wish: nothing depends on it
#endif
  return memory;
}

void ReferenceBackend::release(void* memory, std::size_t) {
  std::free(memory);
}

Backend& reference_backend() {
  static ReferenceBackend backend;
  return backend;
}

}  // namespace tessera::backends
