#include "tessera/backends/cpu/scratch.h"

#include <stdlib.h>  // posix_memalign
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/storage.h"

namespace tessera::backends {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr int kPlantedPattern =
    0x3f;  // what a planted fault leaves where a task did not write (tensor/fault.h)
constexpr std::size_t kSlack = 256;  // vectors may run over the end of a piece
constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kThreadBlock = kLargePage;

// A thread's own block, from which pieces are cut without a lock. What one task needs fits (kernels cut their work to the second-level
// cache), so that how many tasks run at once does not say how much memory the pool is asked for.
struct ThreadBlock {
  ~ThreadBlock() { std::free(memory); }

  // Null if there is no room.
  void* cut(std::size_t bytes) {
    if (bytes > kThreadBlock - offset) return nullptr;
    if (memory == nullptr) memory = make();
    void* piece = memory + offset;
    offset += bytes;
    return piece;
  }

  static char* make() {
    void* made = nullptr;
    if (posix_memalign(&made, kLargePage, kThreadBlock) != 0)
      fail("out of memory: a kernel needs {} bytes of scratch memory", kThreadBlock);
#ifdef MADV_HUGEPAGE
    (void)madvise(made, kThreadBlock, MADV_HUGEPAGE);  // a wish: nothing depends on it
#endif
    return static_cast<char*>(made);
  }

  char* memory = nullptr;
  std::size_t offset = 0;  // where the next piece starts
};

ThreadBlock& thread_block() {
  thread_local ThreadBlock instance;
  return instance;
}

}  // namespace

struct alignas(kAlignment) ScratchScope::LargePiece {
  LargePiece* previous;
  std::size_t block_bytes;
};

ScratchScope::ScratchScope() : offset_(thread_block().offset) {}

ScratchScope::~ScratchScope() {
  thread_block().offset = offset_;
  while (large_ != nullptr) {
    const LargePiece piece = *large_;
    internal::give_block(cpu_backend(), piece.block_bytes, large_);
    large_ = piece.previous;
  }
}

void* ScratchScope::allocate_bytes(std::size_t bytes) {
  const std::size_t wanted = (bytes + kSlack + kAlignment - 1) / kAlignment * kAlignment;
  void* piece = thread_block().cut(wanted);
  if (piece == nullptr) piece = allocate_large(wanted);
  if (tessera::internal::leaves_out_task()) std::memset(piece, kPlantedPattern, wanted);
  return piece;
}

void* ScratchScope::allocate_large(std::size_t bytes) {
  const std::size_t block_bytes = internal::size_class(bytes + sizeof(LargePiece));
  void* block = nullptr;
  try {
    block = internal::take_block(cpu_backend(), block_bytes);
  } catch (const Error&) {
    fail("out of memory: a kernel needs {} bytes of scratch memory", bytes);
  }
  large_ = new (block) LargePiece{large_, block_bytes};
  return large_ + 1;
}

}  // namespace tessera::backends
