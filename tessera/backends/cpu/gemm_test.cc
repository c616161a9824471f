// The register tiles and their loops against the contract's rule 2 written out: chunks of 256, std::fma,
// ascending k.

#include "tessera/backends/cpu/gemm.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tessera/backends/backends.h"

namespace tessera::backends {
namespace {

// Every SIMD level of this processor, and the best one again at the end.
template <typename Body>
void for_each_level(Body body) {
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    SCOPED_TRACE(level);
    body();
  }
  use_simd_level("");
}

template <typename T>
std::vector<T> random_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 bits(seed);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(static_cast<std::int32_t>(bits())) / T(1 << 28);
  return values;
}

template <typename T>
T product_element(const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, std::int64_t k) {
  T total = 0;
  for (std::int64_t k0 = 0; k0 < k; k0 += 256) {
    T chain = 0;
    for (std::int64_t i = k0; i < std::min<std::int64_t>(k, k0 + 256); ++i)
      chain = std::fma(a[i * a_step], b[i * b_step], chain);
    total = k0 == 0 ? chain : total + chain;
  }
  return total;
}

template <typename T>
bool same(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

// `layout` bits: 1 transposes a, 2 transposes b, 4 transposes c, 8 leaves gaps between rows.
template <typename T>
void check_product(std::int64_t m, std::int64_t n, std::int64_t k, int layout) {
  SCOPED_TRACE(std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + " layout " +
               std::to_string(layout));
  const std::int64_t gap = layout & 8 ? 5 : 0;
  const auto view = [gap](auto* data, std::int64_t rows, std::int64_t columns, bool transposed) {
    using Element = std::remove_pointer_t<decltype(data)>;
    return transposed ? MatrixView<Element>{data, 1, rows + gap}
                      : MatrixView<Element>{data, columns + gap, 1};
  };
  const auto size = [gap](std::int64_t rows, std::int64_t columns) {
    return static_cast<std::size_t>((rows + gap) * (columns + gap));
  };
  const std::vector<T> a_values = random_values<T>(size(m, k), 1), b_values = random_values<T>(size(k, n), 2);
  std::vector<T> c_values(size(m, n), T(77));
  const auto a = view(a_values.data(), m, k, layout & 1);
  const auto b = view(b_values.data(), k, n, layout & 2);
  const auto c = view(c_values.data(), m, n, layout & 4);
  const auto check = [&](const Epilogue<T>& epilogue) {
    gemm<T>(*gemm_kernels<T>(), m, n, k, a, b, c, epilogue);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        T expected = product_element(a.data + i * a.row, a.column, b.data + j * b.column, b.row, k);
        if (epilogue.bias != nullptr) expected = expected + epilogue.bias[epilogue.along_rows ? i : j];
        if (epilogue.activates) expected = expected <= T(0) ? T(0) : expected;
        T& found = c.data[i * c.row + j * c.column];
        ASSERT_TRUE(same(found, expected)) << i << ", " << j << ": " << found << " is not " << expected;
        found = T(77);
      }
    }
    for (const T value : c_values) ASSERT_EQ(value, T(77));  // nothing was written between the rows
  };
  check({});
  const std::vector<T> bias = random_values<T>(static_cast<std::size_t>(std::max(m, n)), 3);
  const bool along_rows = (m + n + k + layout) % 2 == 0, activates = (m + k) % 3 == 0;
  const Activation activation = activates ? Activation::kRelu : Activation::kNone;
  check({bias.data(), along_rows, activates, finish_loop<T>(activation, false)});
}

TEST(Gemm, EqualsTheContractOnOddSizes) {
  for_each_level([] {
    const std::int64_t sizes[] = {1, 2, 5, 6, 7, 13, 16, 33, 70};
    for (const std::int64_t m : sizes)
      for (const std::int64_t n : sizes)
        for (const std::int64_t k : {1, 3, 37}) check_product<float>(m, n, k, 0);
  });
}

TEST(Gemm, EqualsTheContractAcrossChunks) {
  for_each_level([] {
    for (const std::int64_t k : {255, 256, 257, 511, 512, 513, 800}) {
      check_product<float>(14, 67, k, 0);
      check_product<double>(14, 35, k, 0);
      check_product<float>(1, 1, k, 0);
      check_product<float>(300, 1, k, 0);
      check_product<float>(200, 3, k, 0);
    }
  });
}

// Whole panels behind one another: the tiles of one copy the next, also across chunks and blocks of rows.
TEST(Gemm, EqualsTheContractWherePanelsAreCopiedAhead) {
  for_each_level([] {
    for (const std::int64_t m : {13, 19, 32, 205}) {
      for (const std::int64_t k : {3, 41, 515}) check_product<float>(m, 192 + m % 2, k, m % 2 * 8);
      check_product<double>(m, 64, 530, m % 3 * 4);
    }
    check_product<float>(32, 64, 800, 0);
    check_product<float>(32, 128, 512, 1);
  });
}

TEST(Gemm, EqualsTheContractForEveryLayout) {
  for_each_level([] {
    for (int layout = 0; layout < 16; ++layout) {
      check_product<float>(200, 70, 300, layout);
      check_product<float>(3, 65, 260, layout);
      check_product<float>(65, 2, 260, layout);
      check_product<double>(19, 21, 270, layout);
    }
  });
}

// The paths of gemm.h by the number of rows and columns: one block of rows and several, strips and blocks of columns.
TEST(Gemm, EqualsTheContractInEveryBlocking) {
  for_each_level([] {
    for (int layout = 0; layout < 16; ++layout) {
      check_product<float>(250, 40, 90, layout);
      check_product<float>(30, 600, 40, layout);
      check_product<float>(410, 530, 9, layout);
      check_product<double>(210, 300, 9, layout);
    }
    check_product<float>(400, 530, 300, 0);
    check_product<float>(400, 530, 300, 7);
  });
}

// A layer's: samples times a matrix whose lines run along k. Lanes run along the samples, and the results are turned at the end.
TEST(Gemm, TurnedResultsEqualTheContract) {
  for_each_level([] {
    for (const std::int64_t samples : {13, 32, 67}) {
      for (const std::int64_t features : {70, 513, 1030}) {
        for (const std::int64_t k : {64, 65, 300}) check_product<float>(samples, features, k, 2);
        check_product<double>(samples, features, 260, 10);
      }
    }
  });
}

// gemm_lines.h: a factor of few rows or columns, beside lines that are or are not a whole number of vectors.
TEST(Gemm, FewRowsAndColumnsEqualTheContract) {
  for_each_level([] {
    for (const std::int64_t few : {2, 3, 7, 10, 11}) {
      for (const std::int64_t many : {7, 8, 16, 31, 33, 70}) {
        for (const std::int64_t k : {1, 4, 7, 259, 515}) {
          for (int layout = static_cast<int>((few + many + k) % 3); layout < 16; layout += 3) {
            check_product<float>(few, many, k, layout);
            check_product<float>(many, few, k, layout);
            check_product<double>(few, many, k, layout);
          }
        }
      }
    }
  });
}

// Panels of fewer vectors than a tile may have, and rows that make two series of tiles.
TEST(Gemm, BalancedPanelsEqualTheContract) {
  for_each_level([] {
    for (const std::int64_t n : {24, 80, 96, 144}) {
      for (const std::int64_t m : {13, 40, 96}) {
        check_product<float>(m, n, 96, 0);
        check_product<float>(m, n, 300, 8);
        check_product<double>(m, n, 33, 3);
      }
    }
  });
}

TEST(Gemm, RowsAndColumnsEqualTheContract) {
  for_each_level([] {
    for (const std::int64_t length : {1, 7, 15, 16, 33, 63, 64, 129, 200}) {
      for (const std::int64_t k : {1, 3, 8, 17, 255, 256, 263, 800}) {
        for (int layout = 0; layout < 16; layout += 1 + (k > 263)) {
          check_product<float>(1, length, k, layout);
          check_product<float>(length, 1, k, layout);
          check_product<double>(1, length, k, layout);
        }
      }
    }
  });
}

TEST(Gemm, AnEmptySumIsPositiveZero) {
  for_each_level([] {
    float c[6] = {-1, -1, -1, -1, -1, -1};
    const float a = -0.0f;
    gemm<float>(*gemm_kernels<float>(), 2, 3, 0, {&a, 0, 0}, {&a, 0, 0}, {c, 3, 1});
    for (const float value : c) EXPECT_EQ(std::bit_cast<std::uint32_t>(value), 0u);
  });
}

TEST(Gemm, SpecialValuesFollowTheContract) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float specials[] = {0.0f,      -0.0f,         1.0f,   -1.0f, infinity,
                            -infinity, std::nanf(""), 1e-40f, 3e38f, 1e-20f};
  for_each_level([&] {
    for (const float x : specials) {
      for (const float y : specials) {
        const std::vector<float> a(2 * 300, x), b(300 * 20, y);
        std::vector<float> c(2 * 20);
        gemm<float>(*gemm_kernels<float>(), 2, 20, 300, {a.data(), 300, 1}, {b.data(), 20, 1},
                    {c.data(), 20, 1});
        const float expected = product_element(a.data(), 1, b.data(), 20, 300);
        for (const float value : c) ASSERT_TRUE(same(value, expected)) << x << " * " << y << ": " << value;
      }
    }
  });
}

}  // namespace
}  // namespace tessera::backends
