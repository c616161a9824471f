#include "tessera/backends/cpu/scratch.h"

#include <stdlib.h>  // posix_memalign
#include <sys/mman.h>

#include <cstdlib>
#include <vector>

#include "tessera/base/error.h"

namespace tessera::backends {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSlack = 256;  // vectors may run over the end of a piece
constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kLargestKept = std::size_t{256} << 20;
constexpr std::size_t kFirstBlock = std::size_t{1} << 20;

// Blocks are never moved, so that pieces stay where they are while the arena grows.
class Arena {
 public:
  ~Arena() {
    for (const Block& one : blocks_) std::free(one.memory);
  }

  void* allocate(std::size_t bytes) {
    const std::size_t wanted = (bytes + kSlack + kAlignment - 1) / kAlignment * kAlignment;
    while (block < blocks_.size() && offset + wanted > blocks_[block].size) {
      ++block;
      offset = 0;
    }
    if (block == blocks_.size()) add_block(wanted);
    void* piece = blocks_[block].memory + offset;
    offset += wanted;
    return piece;
  }

  // When no scope is open: what no ordinary kernel needs goes back to the system.
  void give_back_large_blocks() {
    while (!blocks_.empty() && blocks_.back().size > kLargestKept) {
      std::free(blocks_.back().memory);
      blocks_.pop_back();
    }
  }

  std::size_t block = 0;  // where the next piece starts
  std::size_t offset = 0;

 private:
  struct Block {
    char* memory;
    std::size_t size;
  };

  void add_block(std::size_t wanted) {
    std::size_t size = blocks_.empty() ? kFirstBlock : 2 * blocks_.back().size;
    if (size < wanted) size = wanted;
    blocks_.reserve(blocks_.size() + 1);
    // Large pages where the system leaves the choice to programs: sorting writes to hundreds of places in turn.
    const std::size_t alignment = size >= kLargePage ? kLargePage : kAlignment;
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, size) != 0) fail("out of memory: a kernel needs {} bytes of scratch memory", size);
#ifdef MADV_HUGEPAGE
    if (size >= kLargePage) (void)madvise(memory, size / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
    blocks_.push_back({static_cast<char*>(memory), size});
  }

  std::vector<Block> blocks_;
};

Arena& arena() {
  thread_local Arena instance;
  return instance;
}

}  // namespace

ScratchScope::ScratchScope() : block_(arena().block), offset_(arena().offset) {}

ScratchScope::~ScratchScope() {
  arena().block = block_;
  arena().offset = offset_;
  if (block_ == 0 && offset_ == 0) arena().give_back_large_blocks();
}

void* ScratchScope::allocate_bytes(std::size_t bytes) {
  return arena().allocate(bytes);
}

}  // namespace tessera::backends
