#include "tessera/numerics/chunk_sums.h"

#include <gtest/gtest.h>

#include <vector>

namespace tessera::numerics {
namespace {

// Numbers whose sums depend on the order.
double number(std::int64_t chunk, std::int64_t i) {
  return 1.0 / static_cast<double>(3 + 7 * chunk + i % 1013);
}

std::vector<double> one_after_the_other(std::int64_t chunks, std::int64_t elements) {
  std::vector<double> sums(static_cast<std::size_t>(elements));
  for (std::int64_t i = 0; i < elements; ++i) {
    double& sum = sums[static_cast<std::size_t>(i)] = number(0, i);
    for (std::int64_t chunk = 1; chunk < chunks; ++chunk) sum = sum + number(chunk, i);
  }
  return sums;
}

TEST(ChunkSums, AddInTheOrderOfTheChunksOnAnyNumberOfThreads) {
  const int usual = thread_count();
  for (const std::int64_t chunks : {1, 2, 10, 100, 1000})
    for (const std::int64_t elements : {1, 1000, 16384, 40000}) {
      if (chunks * elements > 8'000'000 && elements > 16384) continue;
      const std::vector<double> expected = one_after_the_other(chunks, elements);
      for (const int threads : {1, 2, 3, 8}) {
        set_thread_count(threads);
        std::vector<double> places(static_cast<std::size_t>(chunk_places<double>(chunks, elements))),
            sums(static_cast<std::size_t>(elements), -1);
        sum_chunks(chunks, elements, places.data(), sums.data(), [&](std::int64_t chunk, double* to) {
          for (std::int64_t i = 0; i < elements; ++i) to[i] = number(chunk, i);
        });
        ASSERT_EQ(sums, expected) << chunks << " chunks of " << elements << ", " << threads << " threads";
      }
    }
  set_thread_count(usual);
}

}  // namespace
}  // namespace tessera::numerics
