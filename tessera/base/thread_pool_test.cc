#include "tessera/base/thread_pool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
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

TEST_P(ThreadPool, SeveralCallersAtOnce) {
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

// Who waits for a loop's end must not be what one of its tasks waits for.
TEST_P(ThreadPool, ATaskMayWaitForAThreadThatHasTasksOfItsOwn) {
  std::atomic<int> runs{0};
  parallel_for(2, [&](std::int64_t) {
    std::async(std::launch::async, [&] { parallel_for(100, [&](std::int64_t) { ++runs; }); }).get();
  });
  EXPECT_EQ(runs, 200);
}

TEST_P(ThreadPool, ATaskMayWaitForAThreadThatForks) {
  std::atomic<int> status{-1};
  parallel_for(2, [&](std::int64_t task) {
    if (task == 1) return;
    std::thread([&] {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      int found = -1;
      waitpid(child, &found, 0);
      status = found;
    }).join();
  });
  EXPECT_EQ(status, 0);
}

// The second caller finds the workers taken, and has run some of its tasks alone when they become free.
TEST_P(ThreadPool, ACallerGetsTheWorkersForTheRestOfItsTasks) {
  std::atomic<bool> inside{false}, go_on{false};
  std::thread first([&] {
    parallel_for(2, [&](std::int64_t) {
      inside = true;
      while (!go_on) std::this_thread::yield();
    });
  });
  while (!inside) std::this_thread::yield();
  const std::thread::id me = std::this_thread::get_id();
  std::vector<std::thread::id> threads(40);
  std::atomic<bool> helped{false};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  parallel_for(40, [&](std::int64_t i) {
    threads[static_cast<std::size_t>(i)] = std::this_thread::get_id();
    if (std::this_thread::get_id() != me) helped = true;
    if (i == 10) {
      go_on = true;
      first.join();
    }
    while (i > 10 && GetParam() > 1 && !helped && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
  });
  for (std::size_t i = 0; i <= 10; ++i) EXPECT_EQ(threads[i], me);
  for (const std::thread::id& id : threads) EXPECT_NE(id, std::thread::id());
  EXPECT_EQ(helped, GetParam() > 1);
}

TEST_P(ThreadPool, TheLowestFailingTaskOfACallerAlone) {
  std::atomic<bool> inside{false}, go_on{false};
  std::thread first([&] {
    parallel_for(2, [&](std::int64_t) {
      inside = true;
      while (!go_on) std::this_thread::yield();
    });
  });
  while (!inside) std::this_thread::yield();
  for (const std::int64_t failing : {0, 3, 60}) {
    try {
      parallel_for(100, [&](std::int64_t i) {
        if (i == 30) {
          go_on = true;
          if (first.joinable()) first.join();
        }
        if (i >= failing) fail("task {}", i);
      });
      FAIL() << "expected an Error";
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), fmt::format("task {}", failing));
    }
  }
}

// Busy loops on every processor: the caller runs what no worker gets round to. (How long it takes is no matter for a test.)
TEST_P(ThreadPool, ABusyMachineDoesNotStallIt) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 2 * std::max(1U, std::thread::hardware_concurrency()) && i < 16; ++i)
    others.emplace_back([&] {
      while (!stop) continue;
    });
  std::atomic<int> runs{0};
  for (int job = 0; job < 30; ++job) parallel_for(4, [&](std::int64_t) { ++runs; });
  stop = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(runs, 120);
}

std::vector<pid_t> threads_of_process() {
  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    threads.push_back(static_cast<pid_t>(std::stoi(entry.path().filename().string())));
  return threads;
}

// 'S': asleep. The processor that a worker chooses for itself is what it may use while it is awake.
bool asleep(pid_t thread) {
  std::ifstream file(fmt::format("/proc/self/task/{}/stat", thread));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(") ");
  return name_end != std::string::npos && text[name_end + 2] == 'S';
}

void wait_until_the_others_sleep() {
  for (const pid_t thread : threads_of_process())
    while (thread != getpid() && !asleep(thread)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// All threads are sent to one processor, as `taskset -ap` does: there every worker finds itself beside its caller, and has nowhere to go.
TEST(ThreadPoolPlacement, AWorkerStaysWhereTheProcessMayRun) {
  cpu_set_t all, one;
  if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) < 2)
    GTEST_SKIP() << "one processor only";
  set_thread_count(2);
  const auto work = [] {
    for (int job = 0; job < 200; ++job)
      parallel_for(2, [](std::int64_t) { std::this_thread::sleep_for(std::chrono::microseconds(10)); });
  };
  work();
  wait_until_the_others_sleep();  // one that is about to move would undo what comes now
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  for (const pid_t thread : threads_of_process()) sched_setaffinity(thread, sizeof one, &one);
  work();
  for (const pid_t thread : threads_of_process()) {
    cpu_set_t found;
    ASSERT_EQ(sched_getaffinity(thread, sizeof found, &found), 0);
    EXPECT_TRUE(CPU_EQUAL(&found, &one)) << "thread " << thread << " left its processor";
    sched_setaffinity(thread, sizeof all, &all);
  }
  set_thread_count(1);
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
