// How a job moves through the pool. The caller writes the job's fields, opens the gate and moves the
// generation on. A worker that sees a new generation enters (`inside_` + 1) and looks whether the gate is
// open; only then does it touch the fields. When the caller finds no task left it closes the gate and waits
// until nobody is inside. Both sides first write their own variable and then read the other's, in
// sequentially consistent order, so either the worker sees the gate closed or the caller sees the worker: a
// late worker can never run an old job's function.

#include "tessera/base/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/processors.h"

namespace tessera {
namespace {

// As long as waking a parked thread takes: so waiting costs at most twice what the best choice in hindsight would. It covers the gap
// between two kernels of a training step. Measured by the clock, since a pause takes 10 cycles on some processors and 140 on others.
constexpr std::chrono::microseconds kSpinTime{100};
constexpr int kPausesPerLook = 16;

thread_local bool inside_task = false;

void pause_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Where a worker may run, as far as it was not the worker itself that said so.
struct Placement {
  Placement() {
    CPU_ZERO(&allowed);
    CPU_ZERO(&chosen);
  }
  cpu_set_t allowed;  // by whoever started or moved the thread
  cpu_set_t chosen;   // by the worker, within `allowed`; empty: not yet
};

class Pool {
 public:
  explicit Pool(int threads) : spins_(threads <= available_processors()) { start(threads - 1); }
  ~Pool() { stop(); }
  // Tasks first ... count-1.
  void run(std::int64_t first, std::int64_t count, internal::TaskFunction function, void* context);

 private:
  void start(int workers);
  void stop();
  void worker();
  std::uint64_t wait_for_generation(std::uint64_t seen);
  void wake_workers(std::int64_t wanted);
  void work_on_job();
  void leave_processor_of_caller(Placement& placement) const;
  void leave();
  void wait_until_empty();
  template <typename Condition>
  bool spin_until(Condition condition) const;
  void note_exception(std::int64_t index);

  const bool spins_;  // more threads than processors would only take time from each other
  std::vector<std::thread> threads_;

  // The job; written only while the gate is closed and nobody is inside.
  std::int64_t count_ = 0;
  internal::TaskFunction function_ = nullptr;
  void* context_ = nullptr;
  pthread_t caller_{};
  std::atomic<int> caller_processor_{-1};
  alignas(64) std::atomic<std::int64_t> next_{0};  // the first task that nobody has claimed

  alignas(64) std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> open_{false};
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<int> inside_{0};
  std::atomic<int> parked_workers_{0};
  std::atomic<bool> caller_parked_{false};
  std::mutex parking_;  // guards only the two condition variables
  std::condition_variable workers_wake_;
  std::condition_variable caller_wakes_;

  std::mutex exception_mutex_;
  std::exception_ptr exception_;
  std::int64_t exception_index_ = 0;
};

void Pool::start(int workers) {
  // Signals belong to the program's own threads: a handler must not run on a worker.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { worker(); });
  } catch (const std::system_error& error) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const std::size_t started = threads_.size();
    stop();
    fail("cannot start {} threads (stopped after {}): {}", workers + 1, started + 1, error.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Pool::stop() {
  stopping_ = true;
  generation_.fetch_add(1);
  { std::lock_guard lock(parking_); }
  workers_wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Pool::worker() {
  const FloatEnvironment contract;
  inside_task = true;  // whatever a task calls runs inline
  Placement placement;
  std::uint64_t seen = 0;
  for (;;) {
    seen = wait_for_generation(seen);
    if (stopping_) return;
    inside_.fetch_add(1);
    if (open_.load()) {
      leave_processor_of_caller(placement);
      work_on_job();
    }
    leave();
  }
}

// Whether the condition became true in the time of spinning.
template <typename Condition>
bool Pool::spin_until(Condition condition) const {
  if (!spins_) return false;
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int pause = 0; pause < kPausesPerLook; ++pause) {
      if (condition()) return true;
      pause_processor();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

std::uint64_t Pool::wait_for_generation(std::uint64_t seen) {
  if (spin_until([&] { return generation_.load(std::memory_order_acquire) != seen; }))
    return generation_.load(std::memory_order_acquire);
  std::unique_lock lock(parking_);
  parked_workers_.fetch_add(1);
  workers_wake_.wait(lock, [&] { return generation_.load() != seen; });
  parked_workers_.fetch_sub(1);
  return generation_.load();
}

void Pool::wake_workers(std::int64_t wanted) {
  const std::int64_t parked = parked_workers_.load();
  if (parked == 0) return;
  { std::lock_guard lock(parking_); }  // a worker between its test and its sleep is inside this lock
  if (wanted >= parked) return workers_wake_.notify_all();
  for (std::int64_t i = 0; i < wanted; ++i) workers_wake_.notify_one();
}

void Pool::work_on_job() {
  const std::int64_t count = count_;
  for (;;) {
    const std::int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count) return;
    try {
      function_(context_, index);
    } catch (...) {
      note_exception(index);
    }
  }
}

// A kernel may wake a worker on the processor of the caller although another one is idle (in virtual machines that do not say which
// processors share a cache), and leave the two there for seconds: then two threads are slower than one. A worker that finds itself beside
// its caller moves, and is not woken there again. It stays within what others allow it (taskset, a debugger, a batch system), now and not
// only when the pool was made: a set of processors that is not the worker's own choice is somebody's order, and where the caller may not
// run the worker does not go either.
void Pool::leave_processor_of_caller(Placement& placement) const {
  const int here = sched_getcpu();
  if (!spins_ || here < 0 || here != caller_processor_.load(std::memory_order_relaxed)) return;
  cpu_set_t now, of_caller, better;
  if (sched_getaffinity(0, sizeof now, &now) != 0 ||
      pthread_getaffinity_np(caller_, sizeof of_caller, &of_caller) != 0)
    return;
  if (!CPU_EQUAL(&now, &placement.chosen)) placement.allowed = now;
  CPU_AND(&better, &placement.allowed, &of_caller);
  CPU_CLR(here, &better);
  if (CPU_COUNT(&better) > 0 && sched_setaffinity(0, sizeof better, &better) == 0) placement.chosen = better;
}

// Tasks are claimed in ascending order, so every task below a failed one has been claimed and will finish:
// the lowest failing index does not depend on scheduling, although the tasks above it are dropped.
void Pool::note_exception(std::int64_t index) {
  std::lock_guard lock(exception_mutex_);
  if (exception_ == nullptr || index < exception_index_) {
    exception_ = std::current_exception();
    exception_index_ = index;
  }
  next_.store(count_, std::memory_order_relaxed);
}

void Pool::leave() {
  if (inside_.fetch_sub(1) == 1 && caller_parked_.load()) {
    { std::lock_guard lock(parking_); }
    caller_wakes_.notify_one();
  }
}

void Pool::wait_until_empty() {
  if (spin_until([&] { return inside_.load() == 0; })) return;
  std::unique_lock lock(parking_);
  caller_parked_.exchange(true);  // not a store, as in run
  caller_wakes_.wait(lock, [&] { return inside_.load() == 0; });
  caller_parked_ = false;
}

void Pool::run(std::int64_t first, std::int64_t count, internal::TaskFunction function, void* context) {
  count_ = count;
  function_ = function;
  context_ = context;
  caller_ = pthread_self();
  caller_processor_.store(sched_getcpu(), std::memory_order_relaxed);
  next_.store(first, std::memory_order_relaxed);
  open_.store(true);
  generation_.fetch_add(1);
  wake_workers(count - first - 1);
  work_on_job();
  // An exchange, since emulators of Arm on x86 let a sequentially consistent store pass the load behind it: then a worker's leaving is missed, and the
  // program waits for ever. On x86 both are the same instruction.
  open_.exchange(false);
  wait_until_empty();
  if (exception_ != nullptr) std::rethrow_exception(std::exchange(exception_, nullptr));
}

// The pool of the process. It is built at its first use, rebuilt when the number of threads changes, and
// forgotten in the child of a fork, which has no workers.
//
// Nobody who has tasks to run waits for another caller's loop: a task of that loop may be waiting for them.
class SharedPool {
 public:
  SharedPool() : count_(default_thread_count()) { pthread_atfork(nullptr, nullptr, &after_fork_in_child); }
  ~SharedPool() {
    // exit() called from a worker cannot wait for itself.
    if (inside_task) (void)pool_.release();
  }
  static SharedPool& instance() {
    static SharedPool shared;
    return shared;
  }

  int count() const { return count_.load(std::memory_order_relaxed); }

  void set_count(int count) {
    while (taken_.exchange(true)) taken_.wait(true);
    const Turn turn(taken_);
    if (count == count_) return;
    pool_.reset();
    count_ = count;
  }

  // Alone as long as another caller has the workers, and with them from the first task on before which they are free.
  void run(std::int64_t count, internal::TaskFunction function, void* context) {
    const InsideTask inside;
    for (std::int64_t i = 0; i < count; ++i) {
      if (count_.load(std::memory_order_relaxed) > 1 && !taken_.exchange(true)) {
        const Turn turn(taken_);
        if (pool_ == nullptr) pool_ = std::make_unique<Pool>(count_);
        return pool_->run(i, count, function, context);
      }
      function(context, i);
    }
  }

 private:
  struct InsideTask {
    InsideTask() { inside_task = true; }
    ~InsideTask() { inside_task = false; }
  };
  // Gives the pool back.
  class Turn {
   public:
    explicit Turn(std::atomic<bool>& taken) : taken_(taken) {}
    ~Turn() {
      taken_.store(false);
      taken_.notify_all();  // set_count may wait; without a waiter this is one read
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::atomic<bool>& taken_;
  };

  // A fork does not wait either. Neither the workers nor the loops of other threads exist in the child: there is nothing to stop.
  static void after_fork_in_child() {
    (void)instance().pool_.release();
    instance().taken_ = false;
  }

  std::atomic<bool> taken_{false};  // the pool: by a loop, or by set_count
  std::atomic<int> count_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace

void set_thread_count(int count) {
  if (count < 1 || count > kMaxThreads)
    fail_with(ExitCode::kUsage, "threads: expected a number from 1 to {}, found {}", kMaxThreads, count);
  TESSERA_CHECK(!inside_task, "set_thread_count inside a task");
  SharedPool::instance().set_count(count);
}

int thread_count() {
  return SharedPool::instance().count();
}

namespace internal {
namespace {

std::atomic<std::int64_t> task_to_leave_out = -1;  // not negative only while a test wants it
std::atomic<std::int64_t> tasks_of_incomplete_loop = 0;

struct IncompleteLoop {
  TaskFunction function;
  void* context;
  std::int64_t left_out;
};

void run_unless_left_out(void* context, std::int64_t index) {
  const auto& loop = *static_cast<IncompleteLoop*>(context);
  if (index != loop.left_out) loop.function(loop.context, index);
}

}  // namespace

void leave_out_task(std::int64_t task) {
  tasks_of_incomplete_loop = 0;
  task_to_leave_out = task;
}

bool leaves_out_task() {
  return task_to_leave_out.load(std::memory_order_relaxed) >= 0;
}

std::int64_t take_loop_without_task() {
  return tasks_of_incomplete_loop.exchange(0);
}

void run_tasks(std::int64_t count, TaskFunction function, void* context) {
  if (count <= 0) return;
  const std::int64_t left_out = task_to_leave_out.load(std::memory_order_relaxed);
  if (left_out >= 0 && left_out < count && !inside_task) {
    task_to_leave_out = -1;
    tasks_of_incomplete_loop = count;
    IncompleteLoop loop{function, context, left_out};
    return run_tasks(count, run_unless_left_out, &loop);
  }
  const FloatEnvironment contract;
  // A single task leaves the pool free for the loops inside it; a nested loop runs where it is.
  if (count > 1 && !inside_task) return SharedPool::instance().run(count, function, context);
  for (std::int64_t i = 0; i < count; ++i) function(context, i);
}

}  // namespace internal

}  // namespace tessera
