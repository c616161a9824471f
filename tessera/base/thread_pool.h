// The pool that every parallel kernel uses: a static set of workers and a caller that takes part.
//
// `parallel_for(count, task)` runs task(0) ... task(count-1), each exactly once, on the workers and the
// calling thread, and returns when all are done. Tasks are claimed dynamically: with results that do not
// depend on which thread runs what (the contract), dynamic scheduling is free, and a busy machine does not
// stall it since the caller takes every task that no worker has claimed. Workers spin for 100 microseconds (not when there are more of them
// than processors), then park. One that finds itself on its caller's processor moves to another, if worker and caller may both run there
// (what `taskset` says counts from that moment on, also for a running process).
//
// Nested calls from inside a task run inline on the calling thread. Tasks run in the IEEE default
// floating-point environment (round to nearest, subnormals kept), also a single one; the caller's modes are
// put back afterwards. Exceptions in tasks are rethrown on the caller (the one of the lowest task index, so
// that the message does not depend on scheduling).
//
// Thread-safety: parallel_for may be called from several threads at once. One of them has the workers. Another one does not wait for
// it, but runs its tasks alone, one after the other, and has the workers for the rest of them as soon as they are free. So a task may wait for a
// thread that computes, too, and callers beside each other keep C + T - 1 threads busy at most, for C callers and T threads.
// set_thread_count waits for the loop that has the workers. The process may fork while loops run; the child builds its own
// workers when it needs them. A task that forks must not return in the child (it may exec, or compute and _exit).
//
// ```cpp
// std::vector<int> squares(100);
// parallel_for(100, [&](std::int64_t i) { squares[i] = int(i * i); });
// assert(squares[99] == 9801);
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

namespace tessera {

// Sets the number of threads (>= 1) that parallel_for uses from now on. Not to be called from inside a task, nor from a
// thread for which a task waits.
void set_thread_count(int count);
int thread_count();  // default: the number of processors that this process may use, or TESSERA_THREADS

namespace internal {
using TaskFunction = void (*)(void* context, std::int64_t index);
void run_tasks(std::int64_t count, TaskFunction function, void* context);

// For the faults that tests plant (tensor/fault.h): the next loop that is not nested and has more than `task` tasks leaves that one
// out. A negative number takes the order back.
void leave_out_task(std::int64_t task);
bool leaves_out_task();  // is there such an order? What the task would have written is then filled beforehand, or the fault could not be repeated
// How many tasks the loop had that left one out; 0: there was none since the order. Forgets it.
std::int64_t take_loop_without_task();
}  // namespace internal

template <typename Task>
void parallel_for(std::int64_t count, Task&& task) {
  using Stored = std::remove_reference_t<Task>;
  internal::run_tasks(
      count, [](void* context, std::int64_t index) { (*static_cast<Stored*>(context))(index); },
      const_cast<std::remove_const_t<Stored>*>(&task));
}

}  // namespace tessera
