// The interface that a backend implements: memory and one entry that runs a kernel.
//
// The reference backend is the definition of every operation (plain loops); another backend must agree with it bit
// for bit. Backends are registered explicitly by the program (`backends/backends.h`); there are no static initialisers.
// A kernel gets views of checked inputs and an output that is contiguous, row-major and not aliased with any input.
//
// Thread-safety: `run` may be called from several threads at once.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tessera/tensor/op.h"

namespace tessera {

struct KernelCall {
  Op op;
  std::span<const TensorView> inputs;
  TensorView output;
  const Attributes& attributes;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;         // "reference", "cpu"
  virtual std::string description() const = 0;       // e.g. "AVX-512, 2 threads"
  virtual void run(const KernelCall& call) = 0;      // throws Error for bad values (division by zero, index)
  virtual void* allocate(std::size_t bytes) = 0;     // 64-byte aligned; throws Error naming the size
  virtual void release(void* memory, std::size_t bytes) = 0;
};

// Makes `backend` the one that serves a kind of device from now on. The backend must outlive its use.
void set_backend(DeviceKind device, Backend* backend);
// The backend of a device; throws Error that says how to register one.
Backend& backend_for(DeviceKind device);

}  // namespace tessera
