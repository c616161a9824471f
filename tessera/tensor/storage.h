// Storage: the bytes behind tensors, from a pool of reused blocks.
//
// A training loop makes and drops the same tensors in every step, and its kernels need the same large scratch memory, which comes from
// here, too. The pool keeps dropped blocks, sorted by backend and size
// class (four classes per power of two, so at most a quarter of a block is unused), and hands them out again: after its first step
// a loop asks the system for nothing. A block goes back to the backend that made it, and only when new memory is needed
// and the pool holds more than was ever in use at once, when memory has run out, or through `release_cached_memory`.
//
// The pool is never destroyed, so tensors in static variables may outlive `main`. Where a block comes from cannot be seen in
// a result: kernels write every element of their output. Builds without NDEBUG fill blocks with 0xff (a NaN, or -1) to
// show a kernel that does not; builds with AddressSanitizer poison the blocks that lie in the pool.
//
// Thread-safety: everything here may be used from several threads at once, and in the child of a fork.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "tessera/tensor/tensor.h"

namespace tessera {

class Backend;

struct MemoryStatistics {
  std::size_t
      in_use_bytes;        // in live tensors and large scratch of running kernels, rounded up to size classes
  std::size_t peak_bytes;  // largest in_use_bytes so far, or since reset_peak_memory
  std::size_t cached_bytes;          // kept for reuse
  std::uint64_t system_allocations;  // blocks that the backends were asked for
};
MemoryStatistics memory_statistics();
void reset_peak_memory();
// Gives every kept block back to the backend that made it.
void release_cached_memory();

namespace internal {

// Bytes of the block that serves a request.
std::size_t size_class(std::size_t bytes);

// A block without an owner, of a size that size_class returned. It goes back with the backend and the size with which it was taken.
void* take_block(Backend& backend, std::size_t bytes);
void give_block(Backend& backend, std::size_t bytes, void* memory);

// Owns one block, or keeps the owner of memory that is somebody else's (Tensor::borrow).
class Storage {
 public:
  Storage(std::size_t bytes, Device device);
  Storage(void* memory, std::shared_ptr<const void> owner);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(memory_); }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }
  bool borrowed() const { return backend_ == nullptr; }

 private:
  std::size_t bytes_ = 0;  // of the block; 0 when borrowed
  Device device_;
  Backend* backend_ = nullptr;  // none when borrowed
  void* memory_;
  std::shared_ptr<const void> owner_;
};

struct TensorData {
  std::shared_ptr<Storage> storage;
  std::int64_t offset = 0;  // of the element at position 0, 0, ..., in elements
  DType dtype = DType::kFloat32;
  Shape shape;
  Strides strides;
};

}  // namespace internal
}  // namespace tessera
