// Memory that a kernel needs only while it runs: aligned, uninitialised, kept for the next kernel.
//
// A ScratchScope hands out pieces and takes them back at its end; scopes of a thread nest like stack frames. Small pieces come from one
// block of 2 MB that each thread keeps until it ends. What does not fit there is a block of the memory pool (tensor/storage.h): it counts in
// memory_statistics() like a tensor, the next kernel or tensor of its size gets it again, and release_cached_memory() gives it back.
//
// Errors: one that names the size, where the system has no more memory. Thread-safety: a scope belongs to its thread; pieces may
// be used by all.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tessera::backends {

class ScratchScope {
 public:
  ScratchScope();
  ~ScratchScope();
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

  // `count` elements, 64-byte aligned, and at least 256 bytes behind them that may be read and written.
  template <typename T>
  T* allocate(std::int64_t count) {
    return static_cast<T*>(allocate_bytes(static_cast<std::size_t>(count) * sizeof(T)));
  }

 private:
  struct LargePiece;  // at the beginning of its block, before the memory that is handed out
  void* allocate_bytes(std::size_t bytes);
  void* allocate_large(std::size_t bytes);

  std::size_t offset_;  // where the enclosing scope stood in the thread's block
  LargePiece* large_ = nullptr;
};

}  // namespace tessera::backends
