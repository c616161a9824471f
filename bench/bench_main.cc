// The measuring process of bench/run.py, which drives it and its rivals line by line, so that their rounds
// interleave.
//
//   tessera_bench THREADS         then on stdin:
//     list                        one case per line, then an empty line
//     run SECONDS NAME            seconds per call, over a slot of about SECONDS after a short warm-up
//     peak SECONDS                GFLOP/s of the probe
//     machine                     backend and vector width, one line
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>

#include "bench/cases.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double measure(const bench::Case& item, double slot) {
  const double warm_start = seconds_now();
  long calls = 0;
  do {
    item.run();
    ++calls;
  } while (seconds_now() - warm_start < slot / 4);
  const double estimate = (seconds_now() - warm_start) / double(calls);
  const long repeats = std::max(1L, long(slot / estimate));
  const double start = seconds_now();
  for (long i = 0; i < repeats; ++i) item.run();
  return (seconds_now() - start) / double(repeats);
}

void answer(const std::string& line, const std::vector<bench::Case>& cases, int threads) {
  std::istringstream words(line);
  std::string command, name;
  double seconds = 0;
  words >> command;
  if (command == "list") {
    for (const auto& item : cases) std::printf("%s\n", item.name.c_str());
    std::printf("\n");
  } else if (command == "peak") {
    words >> seconds;
    std::printf("%.1f\n", bench::peak_gflops(threads, seconds));
  } else if (command == "machine") {
    std::printf("%s\n", tessera::backend_for(tessera::DeviceKind::kCpu).description().c_str());
  } else if (command == "run") {
    words >> seconds >> std::ws;
    std::getline(words, name);
    for (const auto& item : cases) {
      if (item.name == name) std::printf("%.9g\n", measure(item, seconds));
    }
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const int threads = argument_count > 1 ? std::atoi(arguments[1]) : 1;
  try {
    tessera::use_default_backend();
    tessera::set_thread_count(threads);
    const std::vector<bench::Case> cases = bench::all_cases();
    for (std::string line; std::getline(std::cin, line);) answer(line, cases, threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tessera_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
