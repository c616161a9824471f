#include "tessera/base/interrupt.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace tessera {
namespace {

std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free, "the flag is written by a signal handler");
int guards = 0;
struct sigaction former_interrupt, former_terminate;

// A signal may come at any moment: its handler sees a whole text, or none.
char text_for_people[200];
std::atomic<std::size_t> text_length{0};

void print_text() {
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text_for_people, text_length.load());
  errno = reason;
}

void on_signal(int signal_number) {
  if (received.exchange(signal_number) == 0) return print_text();
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
  text_length = 0;
  sigaction(SIGINT, &former_interrupt, nullptr);
  sigaction(SIGTERM, &former_terminate, nullptr);
}

bool interrupted() {
  return received.load(std::memory_order_relaxed) != 0;
}
int interrupt_signal() {
  return received.load(std::memory_order_relaxed);
}

void say_when_interrupted(std::string_view text) {
  text_length = 0;
  const std::size_t length = std::min(text.size(), sizeof text_for_people);
  std::copy_n(text.begin(), length, text_for_people);
  text_length = length;
}

}  // namespace tessera
