// The measuring process of bench/run.py, which drives it and its rivals line by line, so that their rounds
// interleave.
//
//   tessera_bench THREADS         then on stdin:
//     list                        a family and a case per line, with a tab between them, then an empty line
//     run SECONDS NAME            seconds per call, over a slot of about SECONDS after a short warm-up, or `none`
//     peak SECONDS                GFLOP/s of the probe
//     read_bandwidth SECONDS      GB/s of reading 10^7 numbers
//     machine                     backend and vector width, one line
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>

#include "bench/cases.h"
#include "bench/measure.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"

namespace {

const bench::Case* find_case(const std::vector<bench::Family>& families, const std::string& name) {
  for (const auto& family : families)
    for (const auto& item : family.cases)
      if (item.name == name) return &item;
  return nullptr;
}

void answer(const std::string& line, const std::vector<bench::Family>& families, int threads) {
  std::istringstream words(line);
  std::string command, name;
  double seconds = 0;
  words >> command;
  if (command == "list") {
    for (const auto& family : families)
      for (const auto& item : family.cases) std::printf("%s\t%s\n", family.name.c_str(), item.name.c_str());
    std::printf("\n");
  } else if (command == "peak") {
    words >> seconds;
    std::printf("%.1f\n", bench::peak_gflops(threads, seconds));
  } else if (command == "read_bandwidth") {
    words >> seconds;
    std::printf("%.1f\n", bench::read_bandwidth(threads, seconds));
  } else if (command == "machine") {
    std::printf("%s\n", tessera::backend_for(tessera::DeviceKind::kCpu).description().c_str());
  } else if (command == "run") {
    words >> seconds >> std::ws;
    std::getline(words, name);
    if (const bench::Case* item = find_case(families, name))
      std::printf("%.9g\n", bench::seconds_per_call(item->run, seconds));
    else
      std::printf("none\n");
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const int threads = argument_count > 1 ? std::atoi(arguments[1]) : 1;
  try {
    tessera::use_default_backend();
    tessera::set_thread_count(threads);
    const std::vector<bench::Family> families = bench::all_families();
    for (std::string line; std::getline(std::cin, line);) answer(line, families, threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tessera_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
