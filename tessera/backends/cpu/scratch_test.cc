#include "tessera/backends/cpu/scratch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"
#include "tessera/tensor/storage.h"

namespace tessera::backends {
namespace {

constexpr std::int64_t kLarge = std::int64_t{5} << 20;

class Scratch : public ::testing::Test {
 protected:
  void SetUp() override {
    use_backend("cpu");
    release_cached_memory();
    reset_peak_memory();
    before_ = memory_statistics();
  }
  MemoryStatistics before_;
};

TEST_F(Scratch, PiecesLieApartAndAreAligned) {
  ScratchScope outer;
  char* pieces[6];
  const std::int64_t sizes[] = {1, 100, 1000000, kLarge, 900000, kLarge + 1};
  for (int i = 0; i < 6; ++i) {
    pieces[i] = outer.allocate<char>(sizes[i]);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pieces[i]) % 64, 0u);
    std::memset(pieces[i], i, static_cast<std::size_t>(sizes[i]) + 256);  // what lies behind may be written
    ScratchScope inner;
    std::memset(inner.allocate<char>(kLarge), 77, kLarge + 256);
    std::memset(inner.allocate<char>(10), 77, 10 + 256);
  }
  for (int i = 0; i < 6; ++i)
    for (const std::int64_t at : {std::int64_t{0}, sizes[i] - 1, sizes[i] + 255}) EXPECT_EQ(pieces[i][at], i);
}

TEST_F(Scratch, LargePiecesCountAsMemoryInUse) {
  {
    ScratchScope scope;
    (void)scope.allocate<char>(1000);  // from the thread's own block
    EXPECT_EQ(memory_statistics().in_use_bytes, before_.in_use_bytes);
    (void)scope.allocate<char>(kLarge);
    (void)scope.allocate<char>(kLarge);
    EXPECT_GE(memory_statistics().in_use_bytes, before_.in_use_bytes + 2 * kLarge);
  }
  const MemoryStatistics after = memory_statistics();
  EXPECT_EQ(after.in_use_bytes, before_.in_use_bytes);
  EXPECT_GE(after.peak_bytes, before_.in_use_bytes + 2 * kLarge);
  EXPECT_EQ(after.peak_bytes - before_.in_use_bytes, after.cached_bytes);
  release_cached_memory();
  EXPECT_EQ(memory_statistics().cached_bytes, 0u);
}

// Also what another thread left behind.
TEST_F(Scratch, TheNextKernelGetsTheSameMemory) {
  std::thread([] { (void)ScratchScope().allocate<char>(kLarge); }).join();
  const std::uint64_t asked = memory_statistics().system_allocations;
  EXPECT_EQ(asked, before_.system_allocations + 1);
  for (int i = 0; i < 5; ++i) (void)ScratchScope().allocate<char>(kLarge);
  EXPECT_EQ(memory_statistics().system_allocations, asked);
}

TEST_F(Scratch, AKernelOfAnySizeAllocatesOnce) {
  set_thread_count(2);
  constexpr std::int64_t kElements = 3 << 20;
  const Tensor x = arange(kElements);
  (void)argsort(x);
  const MemoryStatistics first = memory_statistics();
  EXPECT_GE(first.peak_bytes,
            before_.in_use_bytes + kElements * (4 + 8 + 2 * 8));  // x, the result, entries twice
  for (int i = 0; i < 3; ++i) (void)argsort(x);
  EXPECT_EQ(memory_statistics().system_allocations, first.system_allocations);
  EXPECT_EQ(memory_statistics().peak_bytes, first.peak_bytes);
}

TEST_F(Scratch, MoreThanThereIsIsAnError) {
  try {
    (void)ScratchScope().allocate<char>(std::int64_t{1} << 60);
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "out of memory: a kernel needs 1152921504606847232 bytes of scratch memory");
  }
  EXPECT_EQ(memory_statistics().in_use_bytes, before_.in_use_bytes);
}

}  // namespace
}  // namespace tessera::backends
