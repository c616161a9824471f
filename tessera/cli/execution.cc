#include "tessera/cli/execution.h"

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"

namespace tessera::cli {

void Execution::declare(Arguments& arguments) {
  arguments.option("--threads N", threads,
                   "Threads to compute with (default: all processors); never changes a bit", 1, 1024);
  arguments.option("--backend NAME", backend, "cpu (default) or reference, the slow definition");
  arguments.option("--simd LEVEL", simd, "Use at most this vector width: avx2 or avx512");
}

void Execution::apply() const {
  if (threads > 0) set_thread_count(static_cast<int>(threads));
  try {
    if (!backend.empty()) use_backend(backend);
    if (!simd.empty()) use_simd_level(simd);
  } catch (const Error& error) {
    throw Error(error.what(), ExitCode::kUsage);
  }
}

std::map<std::string, std::string> Execution::environment() const {
  const std::string level = active_simd_level();
  return {{"backend", active_backend_name() + (level.empty() ? "" : "/" + level)},
          {"threads", std::to_string(thread_count())}};
}

}  // namespace tessera::cli
