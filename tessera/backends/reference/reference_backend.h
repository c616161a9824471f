// The reference backend: the definition of every operation, as plain loops in the contract's order. A
// newcomer reads a kernel here to learn what its operation means; every other backend must give the same
// bits. Speed comes only from dividing outputs over threads and from letting the compiler use fused
// multiply-add instructions, neither of which a result can see.
//
// One file per class of operations. `kernels.h` declares one function per row of ops.def that has a kernel,
// so a row without its kernel fails the link.
//
// Thread-safety: as Backend says; the object has no state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tessera/tensor/backend.h"

namespace tessera::backends {

class ReferenceBackend : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string description() const override;
  void run(const KernelCall& call) override;
  void* allocate(std::size_t bytes) override;
  void release(void* memory, std::size_t bytes) override;
};

}  // namespace tessera::backends
