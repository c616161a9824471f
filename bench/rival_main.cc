// A rival's measuring process, driven like bench_main.cc.
//
//   tessera_bench_rivals blas LIBRARY | sleef | sleef-avx2 | std         then on stdin:
//     run SECONDS NAME            seconds per call, or `none` where the rival has no such case
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "bench/measure.h"
#include "bench/rival.h"

int main(int argument_count, char** arguments) {
  const std::string kind = argument_count > 1 ? arguments[1] : "";
  const std::string path = argument_count > 2 ? arguments[2] : "";
  std::map<std::string, bench::Work> made;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, name;
    double seconds = 0;
    words >> command >> seconds >> std::ws;
    std::getline(words, name);
    if (command != "run") continue;
    if (!made.contains(name))
      made[name] = kind == "blas"
                       ? bench::blas_case(path, name)
                       : bench::function_case(kind.substr(0, kind.find('-')), kind == "sleef-avx2", name);
    if (made[name])
      std::printf("%.9g\n", bench::seconds_per_call(made[name], seconds));
    else
      std::printf("none\n");
    std::fflush(stdout);
  }
  return 0;
}
