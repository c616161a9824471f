#include "tessera/backends/reference/reference_backend.h"

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

void* ReferenceBackend::allocate(std::size_t bytes) {
  constexpr std::size_t kAlignment = 64;
  if (bytes > SIZE_MAX - kAlignment) fail("out of memory: a tensor of {} bytes is too large", bytes);
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded);
  if (memory == nullptr) fail("out of memory: could not get {} bytes for a tensor", bytes);
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
