// A backend that runs another one's kernels on memory whose neighbours are watched, for tests.
//
// Every input of a call is copied to where an inaccessible page begins right behind its last element (Side::kEnd) or ends right
// before its first one (Side::kBeginning), under the same strides. So a kernel that reads one byte too far or too early ends the
// program by SIGSEGV, whatever lies there otherwise; a line on stderr says which operation it was. An output lies against such a page
// as far as its alignment of 64 bytes allows, between canaries. Writing these, or an input, is an Error; what a kernel
// leaves unwritten, or reads of its output before it wrote it, is a pattern that no other backend gives.
//
// Thread-safety: one call at a time; the kernel may use threads. It must outlive its tensors: make it static.
//
// ```
// static GuardedBackend guarded(backends::cpu_backend());
// guarded.set_side(GuardedBackend::Side::kEnd);
// set_backend(DeviceKind::kCpu, &guarded);
// ```
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/backend.h"

namespace tessera {

// Pages between two inaccessible ones. Grows; never shrinks.
class GuardedPages {
 public:
  GuardedPages() = default;
  ~GuardedPages();
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  // All of it, at least `bytes`, filled with the canary near `bytes` at both ends.
  std::span<std::byte> reserve(std::size_t bytes);

 private:
  void unmap();
  std::byte* mapped_ = nullptr;
  std::size_t size_ = 0;  // without the inaccessible pages
};

class GuardedBackend : public Backend {
 public:
  enum class Side { kEnd, kBeginning };

  explicit GuardedBackend(Backend& guarded);
  void set_side(Side side) { side_ = side; }

  std::string_view name() const override { return guarded_.name(); }
  std::string description() const override { return guarded_.description() + ", between guard pages"; }
  void run(const KernelCall& call) override;
  void* allocate(std::size_t bytes) override { return guarded_.allocate(bytes); }
  void release(void* memory, std::size_t bytes) override { guarded_.release(memory, bytes); }

 private:
  TensorView copy_input(const TensorView& input, std::size_t position);
  void check_inputs(const KernelCall& call) const;
  std::string describe(const KernelCall& call) const;

  Backend& guarded_;
  Side side_ = Side::kEnd;
  std::mutex pages_in_use_;  // operations on bfloat16 run their blocks on several threads
  std::vector<std::unique_ptr<GuardedPages>> input_pages_;
  std::vector<std::byte*> input_copies_;
  GuardedPages output_pages_;
};

}  // namespace tessera
