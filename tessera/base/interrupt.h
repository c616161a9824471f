// A clean stop: the first SIGINT or SIGTERM sets a flag, a second one ends the process as usual.
//
// Long work holds an InterruptGuard and asks `interrupted()` where it can stop without harm, between two
// steps. Guards may be nested; the outermost one clears the flag, installs the handlers and puts the former
// ones back and clears the flag again. Thread-safety: guards belong to the main thread; interrupted() may be asked from any.
//
// ```cpp
// InterruptGuard guard;
// assert(!interrupted());
// std::raise(SIGINT);
// assert(interrupted());
// ```
#pragma once

#include <csignal>
#include <string_view>

namespace tessera {

class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

bool interrupted();
int interrupt_signal();  // SIGINT or SIGTERM; 0 when there was none

// What the first signal prints on standard error at once, a line for people of at most 200 bytes: what is waited for. Until the outermost guard ends, or
// another text, "" for none, is said.
void say_when_interrupted(std::string_view text);

}  // namespace tessera
