// One encoder of categories by the clock: bench/encoders.py runs this beside scikit-learn and category_encoders, in turns.
//
//   tessera_bench_encoders THREADS X.npy Y.npy QUERIES.npy
//
// For each line "NAME SETTINGS" on standard input (SETTINGS a JSON object) it encodes the training rows anew (fit_transform), then the queries, and prints the
// seconds of both.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/npy.h"
#include "tessera/learn/estimators.h"

namespace {

using namespace tessera;

double seconds(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return std::fputs("usage: see the head of bench/encoders_main.cc\n", stderr), 2;
  use_default_backend();
  set_thread_count(std::max(1, std::atoi(arguments[1])));
  const Tensor x = data::read_npy(arguments[2]), y = data::read_npy(arguments[3]),
               queries = data::read_npy(arguments[4]);
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t blank = line.find(' ');
    const auto encoder = learn::make_estimator(line.substr(0, blank));
    learn::set_parameters(*encoder, nlohmann::json::parse(line.substr(blank + 1)));
    auto& transformer = dynamic_cast<learn::Transformer&>(*encoder);
    const double fit = seconds([&] { transformer.fit_transform(x, y); });
    const double use = seconds([&] { transformer.transform(queries); });
    std::printf("%.6f %.6f\n", fit, use);
    std::fflush(stdout);
  }
}
