// Short parallel loops on a machine that is busy otherwise: the thread pool beside OpenMP (gcc's, as PyTorch uses it), each with one thread
// and with as many as there are processors, while other threads of this process compute without a pause. A team that waits for each of its
// threads at the end of a loop waits for the scheduler to come round to them; the pool's caller takes what no worker has claimed.
//
//   tessera_bench_busy [LOOPS]     prints a table: seconds for LOOPS loops of 4 tasks of 40 microseconds (default 1000)
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "tessera/base/thread_pool.h"

namespace {

constexpr int kTasks = 4;

void task() {
  volatile double sum = 1;
  for (int i = 0; i < 13000; ++i) sum = sum * 1.0000001 + 0.5;
}

double seconds(int loops, const std::function<void()>& loop) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < loops; ++i) loop();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double with_pool(int loops, int threads) {
  tessera::set_thread_count(threads);
  return seconds(loops, [] { tessera::parallel_for(kTasks, [](std::int64_t) { task(); }); });
}

double with_openmp(int loops, int threads) {
  return seconds(loops, [threads] {
#pragma omp parallel for num_threads(threads)
    for (int i = 0; i < kTasks; ++i) task();
  });
}

class BusyLoops {
 public:
  explicit BusyLoops(int count) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([this] {
        while (!stop_.load(std::memory_order_relaxed)) continue;
      });
  }
  ~BusyLoops() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  BusyLoops(const BusyLoops&) = delete;
  BusyLoops& operator=(const BusyLoops&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace

int main(int count, char** arguments) {
  const int loops = count > 1 ? std::max(1, std::atoi(arguments[1])) : 1000;
  const int all = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  std::printf("busy loops beside it | pool, 1 thread | pool, %d | OpenMP, 1 | OpenMP, %d\n", all, all);
  for (const int busy : {0, all / 2, all, all + all / 2}) {
    const BusyLoops beside(busy);
    std::printf("%d | %.2f s", busy, with_pool(loops, 1));
    std::printf(" | %.2f s", with_pool(loops, all));
    std::printf(" | %.2f s", with_openmp(loops, 1));
    std::printf(" | %.2f s\n", with_openmp(loops, all));
    std::fflush(stdout);
  }
  return 0;
}
