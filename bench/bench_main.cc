// The measuring process of bench/run.py, which drives it and its rivals line by line, so that their rounds
// interleave.
//
//   tessera_bench THREADS         then on stdin:
//     list                        a family and a case per line, with a tab between them, then an empty line
//     run SECONDS NAME            seconds per call, over a slot of about SECONDS after a short warm-up, or `none`
//     peak SECONDS                GFLOP/s of the probe
//     read_bandwidth SECONDS      GB/s of reading 10^7 numbers
//     machine                     backend and vector width, one line
//     forget                      drops the inputs and networks of all cases that were run
//     models                      the published models, one per line, then an empty line
//     check FILE NAME             writes what a model computes, for a comparison with another side
//     profile COUNT NAME          where the time of COUNT calls goes, by operation; lines for people
//     memory COUNT NAME           the largest resident set of this process in MB, after COUNT calls
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "bench/cases.h"
#include "bench/measure.h"
#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"

namespace {

using Families = std::vector<bench::Family>;

const bench::Case* find_case(const Families& families, const std::string& name) {
  for (const auto& family : families)
    for (const auto& item : family.cases)
      if (item.name == name) return &item;
  return nullptr;
}

void list(const Families& families) {
  for (const auto& family : families)
    for (const auto& item : family.cases) std::printf("%s\t%s\n", family.name.c_str(), item.name.c_str());
  std::printf("\n");
}

void list_models() {
  for (const std::string& name : bench::model_names()) std::printf("%s\n", name.c_str());
  std::printf("\n");
}

// Of this process so far, in MB; 0 where the system does not say.
double largest_resident_set() {
  std::ifstream status("/proc/self/status");
  double kilobytes = 0;
  for (std::string word; status >> word;)
    if (word == "VmHWM:") status >> kilobytes;
  return kilobytes / 1024;
}

void run_case(const std::string& command, double number, const bench::Case* item) {
  if (item == nullptr) {
    std::printf("none\n");
  } else if (command == "run") {
    std::printf("%.9g\n", bench::seconds_per_call(item->run, number));
  } else if (command == "profile") {
    bench::print_profile(*item, static_cast<int>(number));
  } else {
    for (int call = 0; call < static_cast<int>(number); ++call) item->run();
    std::printf("%.1f\n", largest_resident_set());
  }
}

void answer(const std::string& line, Families& families, int threads) {
  std::istringstream words(line);
  std::string command, file, name;
  double number = 0;
  words >> command;
  if (command == "list") {
    list(families);
  } else if (command == "models") {
    list_models();
  } else if (command == "peak") {
    words >> number;
    std::printf("%.1f\n", bench::peak_gflops(threads, number));
  } else if (command == "read_bandwidth") {
    words >> number;
    std::printf("%.1f\n", bench::read_bandwidth(threads, number));
  } else if (command == "machine") {
    std::printf("%s\n", tessera::backend_for(tessera::DeviceKind::kCpu).description().c_str());
  } else if (command == "forget") {
    families = bench::all_families();
    std::printf("forgotten\n");
  } else if (command == "check") {
    words >> file >> std::ws;
    std::getline(words, name);
    bench::write_check(name, file);
    std::printf("written\n");
  } else if (command == "run" || command == "memory" || command == "profile") {
    words >> number >> std::ws;
    std::getline(words, name);
    run_case(command, number, find_case(families, name));
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const int threads = argument_count > 1 ? std::atoi(arguments[1]) : 1;
  try {
    tessera::use_default_backend();
    tessera::set_thread_count(threads);
    Families families = bench::all_families();
    for (std::string line; std::getline(std::cin, line);) answer(line, families, threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tessera_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
