// Memory that a kernel needs only while it runs: aligned, per thread, kept for the next kernel.
//
// A ScratchScope hands out pieces of the calling thread's scratch memory and takes them back at its end;
// scopes nest like stack frames. The memory is uninitialised. Pieces of more than 256 MB are not kept.
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
  void* allocate_bytes(std::size_t bytes);
  std::size_t block_;  // where the enclosing scope stood
  std::size_t offset_;
};

}  // namespace tessera::backends
