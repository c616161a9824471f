#include "tessera/base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "tessera/base/error.h"

namespace tessera {
namespace {

class ThreadPool : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(1); }
};
INSTANTIATE_TEST_SUITE_P(Threads, ThreadPool, testing::Values(1, 2, 3, 7));

TEST_P(ThreadPool, EveryTaskRunsOnce) {
  for (const int count : {0, 1, 2, 3, 64, 1000}) {
    std::vector<int> runs(count, 0);
    parallel_for(count, [&](std::int64_t i) { ++runs[i]; });
    EXPECT_EQ(runs, std::vector<int>(count, 1));
  }
}

// Thousands of small jobs in a row: a worker that is late for one job must not run it with the next one's
// fields.
TEST_P(ThreadPool, ManySmallJobs) {
  std::int64_t total = 0;
  for (int job = 0; job < 3000; ++job) {
    std::vector<std::int64_t> parts(5, -1);
    parallel_for(5, [&, job](std::int64_t i) { parts[i] = job * 5 + i; });
    for (const std::int64_t part : parts) total += part;
  }
  EXPECT_EQ(total, std::int64_t{15000} * 14999 / 2);
}

TEST_P(ThreadPool, WorkersWakeAfterParking) {
  for (int job = 0; job < 5; ++job) {
    std::atomic<int> runs{0};
    parallel_for(8, [&](std::int64_t) { ++runs; });
    EXPECT_EQ(runs, 8);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST_P(ThreadPool, NestedCallsRunInline) {
  std::atomic<int> runs{0};
  parallel_for(4, [&](std::int64_t) {
    const std::thread::id me = std::this_thread::get_id();
    parallel_for(4, [&](std::int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), me);
      ++runs;
    });
  });
  EXPECT_EQ(runs, 16);
}

TEST_P(ThreadPool, TheLowestFailingTaskIsReported) {
  for (int repeat = 0; repeat < 50; ++repeat) {
    try {
      parallel_for(100, [](std::int64_t i) {
        if (i % 10 == 3) fail("task {}", i);
      });
      FAIL() << "expected an Error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "task 3");
    }
    int sum = 0;  // the pool is usable afterwards
    std::vector<int> ones(10, 0);
    parallel_for(10, [&](std::int64_t i) { ones[i] = 1; });
    for (const int one : ones) sum += one;
    EXPECT_EQ(sum, 10);
  }
}

TEST_P(ThreadPool, SeveralCallersTakeTurns) {
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  callers.reserve(3);
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int job = 0; job < 100; ++job) parallel_for(6, [&](std::int64_t) { ++runs; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs, 1800);
}

// A caller with another rounding mode and flush-to-zero gets the contract's arithmetic, and its own modes
// back.
TEST_P(ThreadPool, TasksRunInTheContractsFloatingPointEnvironment) {
  std::fesetround(FE_UPWARD);
#if defined(__x86_64__)
  const unsigned before = _mm_getcsr() | 0x8040;
  _mm_setcsr(before);
#endif
  for (const int count : {1, 50}) {
    std::vector<float> halves(count), thirds(count);
    parallel_for(count, [&](std::int64_t i) {
      volatile float tiny = 1.17549435e-38F, one = 1, three = 3;
      halves[i] = tiny / 2;
      thirds[i] = one / three;
    });
    for (const float half : halves) {  // compared as bits: a comparison here would flush, too
      std::uint32_t bits;
      __builtin_memcpy(&bits, &half, 4);
      EXPECT_EQ(bits, 0x00400000U);
    }
    for (const float third : thirds) {
      std::uint32_t bits;
      __builtin_memcpy(&bits, &third, 4);
      EXPECT_EQ(bits, 0x3EAAAAABU);
    }
  }
  const int mode = std::fegetround();
#if defined(__x86_64__)
  EXPECT_EQ(_mm_getcsr() & ~0x3FU, before & ~0x3FU);
  _mm_setcsr(0x1F80);
#endif
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(mode, FE_UPWARD);
}

TEST(ThreadPoolCount, IsCheckedAndReported) {
  set_thread_count(3);
  EXPECT_EQ(thread_count(), 3);
  EXPECT_THROW(set_thread_count(0), Error);
  EXPECT_THROW(set_thread_count(-1), Error);
  EXPECT_THROW(set_thread_count(1000000), Error);
  EXPECT_EQ(thread_count(), 3);
  set_thread_count(1);
}

TEST(ThreadPool, ATestCanLeaveOutATask) {
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    internal::leave_out_task(2);
    std::vector<int> runs(6, 0);
    parallel_for(2, [&](std::int64_t i) { runs[static_cast<std::size_t>(i)] += 100; });  // has no such task
    EXPECT_EQ(internal::take_loop_without_task(), 0);
    for (int loop = 0; loop < 2; ++loop)
      parallel_for(6, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
    EXPECT_EQ(runs, (std::vector<int>{102, 102, 1, 2, 2, 2}));
    EXPECT_EQ(internal::take_loop_without_task(), 6);
    EXPECT_EQ(internal::take_loop_without_task(), 0);
    internal::leave_out_task(0);
    internal::leave_out_task(-1);
    parallel_for(2, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
    EXPECT_EQ(runs[0], 103);
  }
  set_thread_count(1);
}

#if defined(__SANITIZE_THREAD__)
#define TESSERA_WITH_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TESSERA_WITH_TSAN
#endif
#endif

TEST(ThreadPoolFork, TheChildBuildsItsOwnPool) {
#ifdef TESSERA_WITH_TSAN
  GTEST_SKIP() << "ThreadSanitizer does not allow threads after a fork";
#endif
  set_thread_count(3);
  std::atomic<int> runs{0};
  parallel_for(10, [&](std::int64_t) { ++runs; });
  const pid_t child = fork();
  if (child == 0) {
    runs = 0;
    parallel_for(10, [&](std::int64_t) { ++runs; });
    _exit(runs == 10 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  parallel_for(10, [&](std::int64_t) { ++runs; });
  EXPECT_EQ(runs, 20);
  set_thread_count(1);
}

}  // namespace
}  // namespace tessera
