#include "tessera/base/interrupt.h"

#include <atomic>

namespace tessera {
namespace {

std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free, "the flag is written by a signal handler");
int guards = 0;
struct sigaction former_interrupt, former_terminate;

void on_signal(int signal_number) {
  if (received.exchange(signal_number) == 0) return;
  // Asked twice: the work does not come to a stopping place, so end the way the signal always does.
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (guards++ > 0) return;
  received = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;  // reads and writes in progress are not disturbed
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &former_interrupt);
  sigaction(SIGTERM, &action, &former_terminate);
}

InterruptGuard::~InterruptGuard() {
  if (--guards > 0) return;
  received = 0;
  sigaction(SIGINT, &former_interrupt, nullptr);
  sigaction(SIGTERM, &former_terminate, nullptr);
}

bool interrupted() {
  return received.load(std::memory_order_relaxed) != 0;
}
int interrupt_signal() {
  return received.load(std::memory_order_relaxed);
}

}  // namespace tessera
