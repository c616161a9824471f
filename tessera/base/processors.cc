#include "tessera/base/processors.h"

#include <sched.h>

#include <cstdlib>
#include <thread>

#include "tessera/base/error.h"

namespace tessera {

int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? static_cast<int>(count) : 1;
}

int default_thread_count() {
  const char* text = std::getenv("TESSERA_THREADS");
  if (text == nullptr || *text == '\0') return available_processors();
  char* end = nullptr;
  const long count = std::strtol(text, &end, 10);
  if (*end != '\0' || count < 1 || count > kMaxThreads)
    fail_with(ExitCode::kUsage, "TESSERA_THREADS: expected a number from 1 to {}, found '{}'", kMaxThreads,
              text);
  return static_cast<int>(count);
}

}  // namespace tessera
