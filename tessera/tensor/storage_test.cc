#include "tessera/tensor/storage.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "tessera/tensor/fake_backend_test.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

TEST(Storage, ATrainingLoopStopsAllocatingAfterItsFirstStep) {
  FakeBackend::install();
  const auto step = [] {
    const Tensor a = zeros({100, 30}), b = zeros({30, 7});
    const Tensor c = matmul(a, b);
    return sum(relu(c) * 2 + 1, {0});
  };
  Tensor kept = step();
  kept = step();  // the kept result of one step lives beside the next step
  const std::uint64_t before = memory_statistics().system_allocations;
  for (int i = 0; i < 20; ++i) kept = step();
  EXPECT_EQ(memory_statistics().system_allocations, before);
}

TEST(Storage, CountsWhatIsInUse) {
  FakeBackend::install();
  release_cached_memory();
  reset_peak_memory();
  const std::size_t before = memory_statistics().in_use_bytes;
  {
    const Tensor a = zeros({1024}), view = a.slice({Range(0, 10)});
    EXPECT_EQ(memory_statistics().in_use_bytes, before + 4096);
    const Tensor b = zeros({1024});
  }
  EXPECT_EQ(memory_statistics().in_use_bytes, before);
  EXPECT_EQ(memory_statistics().peak_bytes, before + 8192);
  EXPECT_EQ(memory_statistics().cached_bytes, 8192u);
  const int released = FakeBackend::install().released;
  release_cached_memory();
  EXPECT_EQ(FakeBackend::install().released, released + 2);
  EXPECT_EQ(memory_statistics().cached_bytes, 0u);
}

TEST(Storage, AViewKeepsTheBytesAlive) {
  FakeBackend::install();
  Tensor view;
  {
    const Tensor x = counting({4});
    view = x.slice({Range::step(-1)});
  }
  const Tensor other = zeros({4}, DType::kInt64);  // would take the block if it were free
  EXPECT_EQ(view.to_vector<std::int64_t>(), (std::vector<std::int64_t>{3, 2, 1, 0}));
}

TEST(Storage, OutOfMemoryFreesTheCacheAndThenSaysSo) {
  FakeBackend& backend = FakeBackend::install();
  { const Tensor cached = zeros({2000}); }
  EXPECT_GT(memory_statistics().cached_bytes, 0u);
  backend.refuse_above = 1 << 20;
  EXPECT_EQ(error_of([] { zeros({1 << 20}); }), "out of memory: could not get 4194304 bytes for a tensor");
  EXPECT_EQ(memory_statistics().cached_bytes, 0u);
  backend.refuse_above = SIZE_MAX;
  const std::int64_t huge = std::int64_t{1} << 62;
  EXPECT_EQ(error_of([&] { zeros({huge}); }),
            "out of memory: a tensor of shape [4611686018427387904] and type float32 is too large");
}

TEST(Storage, SizeClassesWasteAtMostAQuarter) {
  EXPECT_EQ(internal::size_class(0), 64u);
  EXPECT_EQ(internal::size_class(65), 128u);
  EXPECT_EQ(internal::size_class(1024), 1024u);
  EXPECT_EQ(internal::size_class(1025), 1280u);
}

RC_GTEST_PROP(Storage, SizeClassesHoldTheRequest, ()) {
  const auto bytes =
      *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(256, std::size_t{1} << 40));
  const std::size_t size = internal::size_class(bytes);
  RC_ASSERT(size >= bytes && size % 64 == 0);
  RC_ASSERT(size - bytes <= bytes / 4);
  RC_ASSERT(internal::size_class(size) == size);
}

TEST(Storage, ManyThreadsMakeAndDropTensors) {
  FakeBackend::install();
  const std::size_t before = memory_statistics().in_use_bytes;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t, &wrong] {
      for (int i = 0; i < 500; ++i) {
        const std::int64_t mark = t * 1000 + i;
        const Tensor x = Tensor::from<std::int64_t>({mark, mark}, {2}), y = x.slice({1});
        std::this_thread::yield();
        if (y.item<std::int64_t>() != mark) ++wrong[static_cast<std::size_t>(t)];
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
  EXPECT_EQ(memory_statistics().in_use_bytes, before);
}

#if defined(__SANITIZE_THREAD__)
#define TESSERA_WITH_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TESSERA_WITH_TSAN
#endif
#endif

TEST(Storage, AForkWaitsForThePool) {
#ifdef TESSERA_WITH_TSAN
  GTEST_SKIP() << "the allocation of this test sleeps under a mutex across the fork";
#endif
  class SlowBackend : public Backend {
   public:
    std::string_view name() const override { return "slow"; }
    std::string description() const override { return "for tests"; }
    void run(const KernelCall&) override {}
    void* allocate(std::size_t bytes) override {
      entered = true;  // the pool is locked
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      return std::aligned_alloc(64, bytes);
    }
    void release(void* memory, std::size_t) override { std::free(memory); }
    std::atomic<bool> entered{false};
  };
  static SlowBackend slow;
  set_backend(DeviceKind::kCpu, &slow);
  std::thread other([] { Tensor::allocate({5}, DType::kFloat32, Device{}); });
  while (!slow.entered) std::this_thread::yield();
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);  // ends a child that waits for ever
    Tensor::allocate({5}, DType::kFloat32, Device{});
    _exit(0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  other.join();
  FakeBackend::install();
}

TEST(Backend, MissingOnesAreNamed) {
  EXPECT_EQ(error_of([] { backend_for(DeviceKind::kCuda); }),
            "no backend is registered for the device 'cuda': call tessera::use_default_backend() at the "
            "start of the program");
}

}  // namespace
}  // namespace tessera
