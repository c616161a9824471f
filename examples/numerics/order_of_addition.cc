// Why results move: floating-point addition is not associative, and the order is usually left to the scheduler.
// The same 100,000 numbers are added in several orders; then by Tessera, whose order is part of the program.
#include <cstdio>
#include <set>
#include <vector>

#include "tessera/tessera.h"

using namespace tessera;

// What a library does that gives each of `parts` threads one stretch and adds up the partial sums.
float sum_in_parts(const std::vector<float>& values, std::size_t parts) {
  float total = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    float partial = 0;
    for (std::size_t i = values.size() * part / parts; i < values.size() * (part + 1) / parts; ++i)
      partial += values[i];
    total += partial;
  }
  return total;
}

int main() {
  use_default_backend();
  const Tensor numbers = RandomSource(1).normal("numbers", {100000});
  const std::vector<float> values = numbers.to_vector<float>();

  std::printf("one stretch per thread:\n");
  std::set<float> different;
  for (std::size_t threads : {1, 2, 3, 4, 7, 16}) {
    const float total = sum_in_parts(values, threads);
    different.insert(total);
    std::printf("  %2zu threads  %.9g\n", threads, total);
  }
  std::printf("  %zu different sums\n", different.size());

  std::printf("tessera::sum:\n");
  for (int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    std::printf("  %2d threads  %.9g\n", threads, sum(numbers).item<float>());
  }
}
