// The cpu backend: SIMD kernels chosen at run time (simd_level.h) and the thread pool. Every result equals
// the reference backend's bit for bit; what has no fast kernel, by operation, dtype or processor, is run by
// the reference backend.
//
// Thread-safety: as Backend says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tessera/tensor/backend.h"

namespace tessera::backends {

class CpuBackend : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::string description() const override;  // "avx512, 2 threads"
  void run(const KernelCall& call) override;
  void* allocate(std::size_t bytes) override;
  void release(void* memory, std::size_t bytes) override;
};

}  // namespace tessera::backends
