#include <algorithm>

#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuProduct : public BackendTest {};

// Contract rule 2 written out, without the reference backend.
Tensor product_by_definition(const Tensor& a, const Tensor& b) {
  const std::int64_t m = a.size(0), n = b.size(1), k = a.size(1);
  const std::vector<float> left = a.to_vector<float>(), right = b.to_vector<float>();
  std::vector<float> result;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      float total = 0;
      for (std::int64_t begin = 0; begin < k; begin += 256) {
        float chain = 0;
        for (std::int64_t x = begin; x < std::min(k, begin + 256); ++x)
          chain = std::fma(left[static_cast<std::size_t>(i * k + x)],
                           right[static_cast<std::size_t>(x * n + j)], chain);
        total = begin == 0 ? chain : total + chain;
      }
      result.push_back(total);
    }
  }
  return Tensor::from<float>(result, {m, n});
}

TEST_F(CpuProduct, MatmulIsTheDefinition) {
  const Tensor a = random_tensor<float>({37, 700}, 1), b = random_tensor<float>({700, 45}, 2);
  const Tensor expected = product_by_definition(a, b);
  use_backend("cpu");
  for (const std::string& level : available_simd_levels()) {
    use_simd_level(level);
    EXPECT_TRUE(same_bits(matmul(a, b), expected)) << level;
  }
}

TEST_F(CpuProduct, MatmulOfEveryLayout) {
  for (const Layout first : kLayouts) {
    for (const Layout second : kLayouts) {
      const Tensor a = random_tensor<float>({45, 270}, 1, first),
                   b = random_tensor<float>({270, 83}, 2, second);
      expect_same_bits([&] { return matmul(a, b); }, "float32");
      const Tensor c = random_tensor<double>({9, 260}, 3, first),
                   d = random_tensor<double>({260, 21}, 4, second);
      expect_same_bits([&] { return matmul(c, d); }, "float64");
    }
  }
}

TEST_F(CpuProduct, MatmulOfOddSizes) {
  const std::int64_t sizes[] = {1, 2, 7, 17, 65};
  for (const std::int64_t m : sizes)
    for (const std::int64_t n : sizes)
      for (const std::int64_t k : {1, 31, 257}) {
        const Tensor a = random_tensor<float>({m, k}, 1), b = random_tensor<float>({k, n}, 2);
        expect_same_bits([&] { return matmul(a, b); },
                         std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k));
      }
}

TEST_F(CpuProduct, MatmulOfManyTiles) {
  const Tensor a = random_tensor<float>({401, 300}, 1), b = random_tensor<float>({300, 333}, 2);
  expect_same_bits([&] { return matmul(a, b); }, "401x300x333");
  const Tensor column = random_tensor<float>({300, 1}, 3), row = random_tensor<float>({1, 401}, 4);
  expect_same_bits([&] { return matmul(a, column); }, "column");
  expect_same_bits([&] { return matmul(row, a); }, "row");
}

TEST_F(CpuProduct, MatmulOfBatchesVectorsAndNothing) {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{3, 4, 5}, {3, 5, 6}},
                                                       {{2, 3, 4, 5}, {5, 6}},
                                                       {{4, 5}, {2, 3, 5, 6}},
                                                       {{2, 1, 4, 5}, {3, 5, 6}},
                                                       {{5}, {5}},
                                                       {{5}, {5, 6}},
                                                       {{4, 5}, {5}},
                                                       {{2, 4, 5}, {5}},
                                                       {{5}, {3, 5, 6}},
                                                       {{0, 5}, {5, 6}},
                                                       {{4, 0}, {0, 6}},
                                                       {{0, 4, 5}, {5, 6}}};
  for (const auto& [left, right] : shapes) {
    const Tensor a = random_tensor<float>(left, 1, Layout::kContiguous, true);
    const Tensor b = random_tensor<float>(right, 2, Layout::kContiguous, true);
    expect_same_bits([&] { return matmul(a, b); }, left.to_string() + right.to_string());
  }
}

}  // namespace
}  // namespace tessera::backends
