#include <fmt/format.h>

#include <algorithm>

#include "tessera/backends/cpu/gemm_symmetric.h"
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

// Shapes that take each path of matmul.cc, gemm.cc and gemv.cc, every operand in rows or in columns.
TEST_F(CpuProduct, MatmulOfEveryPathAndTransposition) {
  struct Sizes {
    std::int64_t m, k, n;
    const char* why;
  };
  const Sizes all[] = {
      {1, 300, 517, "a row by many columns"},
      {517, 300, 1, "many rows by a column"},
      {21, 2560, 1, "rows that meet in the cache by a column"},
      {1, 512, 130, "a row by columns that meet in the cache"},
      {21, 768, 1, "float64 rows that meet in the cache, an odd number of chunks"},
      {400, 2560, 1, "rows that meet in the cache, of a matrix that does not fit in it"},
      {1, 300, 5, "a row by few columns"},
      {5, 300, 1, "few rows by a column"},
      {1, 1, 70, "one step of k"},
      {1, 2600, 1, "one element"},
      {3, 270, 130, "few rows, in place"},
      {130, 270, 3, "few columns"},
      {97, 5, 131, "small k"},
      {9, 9000, 7, "huge k"},
      {33, 8195, 40, "chunks shared by the threads"},
      {300, 40, 70, "several blocks of rows"},
      {40, 30, 1100, "several strips of panels"},
      {420, 30, 1090, "several blocks of columns"},
  };
  for (const Sizes& sizes : all) {
    for (int transposed = 0; transposed < 4; ++transposed) {
      const auto layout = [&](int bit) {
        return transposed & bit ? Layout::kTransposed : Layout::kContiguous;
      };
      const Tensor a = random_tensor<float>({sizes.m, sizes.k}, 1, layout(1));
      const Tensor b = random_tensor<float>({sizes.k, sizes.n}, 2, layout(2));
      expect_same_bits([&] { return matmul(a, b); }, sizes.why);
      const Tensor c = random_tensor<double>({sizes.m, sizes.k}, 3, layout(1));
      const Tensor d = random_tensor<double>({sizes.k, sizes.n}, 4, layout(2));
      expect_same_bits([&] { return matmul(c, d); }, std::string(sizes.why) + ", float64");
    }
  }
}

// Of which half is computed and the rest copied.
TEST_F(CpuProduct, MatmulOfAMatrixWithItselfTurned) {
  struct Sizes {
    std::int64_t n, k;
    const char* why;
  };
  const Sizes all[] = {
      {7, 300, "less than a strip"},   {33, 70, "a strip and a line"},
      {100, 520, "some strips"},       {64, 9000, "chunks shared by the threads"},
      {128, 26000, "chunks in parts"}, {260, 70, "blocks, a thread of its own for the upper triangle"},
      {401, 600, "blocks and chunks"}, {90, 20, "short chains"},
  };
  for (const Sizes& sizes : all) {
    const Tensor x = random_tensor<float>({sizes.n, sizes.k}, 1),
                 z = random_tensor<double>({sizes.k, sizes.n}, 2);
    expect_same_bits([&] { return matmul(x, transpose(x)); }, sizes.why);
    expect_same_bits([&] { return matmul(transpose(z), z); }, std::string(sizes.why) + ", float64");
    const Tensor part = z.slice({Range::all(), Range::from(3)});
    expect_same_bits([&] { return matmul(transpose(part), part); }, std::string(sizes.why) + ", a part");
  }
}

TEST(SymmetricBlocks, CoverTheMatrixWithoutEmptyOnes) {
  for (std::int64_t threads = 1; threads <= 64; ++threads)
    for (std::int64_t n = 1; n <= 7000; ++n) {
      const backends::SymmetricBlocks cut(n, threads);
      ASSERT_GE(cut.count * cut.side, n) << threads;
      ASSERT_LT((cut.count - 1) * cut.side, n) << threads << " threads, " << n;
    }
}

TEST_F(CpuProduct, MatmulOfBatchesOfEveryTransposition) {
  for (int transposed = 0; transposed < 4; ++transposed) {
    const auto operand = [&](std::int64_t rows, std::int64_t columns, bool turned) {
      if (!turned) return random_tensor<float>({5, rows, columns}, 1);
      return permute(random_tensor<float>({5, columns, rows}, 2), {0, 2, 1});
    };
    const Tensor a = operand(33, 70, transposed & 1), b = operand(70, 47, transposed & 2);
    expect_same_bits([&] { return matmul(a, b); }, "transposition " + std::to_string(transposed));
  }
}

TEST_F(CpuProduct, LinearOfEveryPathAndLayout) {
  struct Case {
    Shape x;
    std::int64_t n;
    const char* why;
  };
  const Case all[] = {
      {{45, 270}, 83, "matrices"},
      {{300}, 517, "a row"},
      {{517, 300}, 1, "one column"},
      {{1, 2600}, 1, "one element"},
      {{3, 270}, 130, "few rows"},
      {{130, 270}, 3, "few columns"},
      {{9, 900}, 7, "several chunks"},
      {{24, 8195}, 33, "chunks shared by the threads"},
      {{300, 40}, 70, "several blocks of rows"},
      {{420, 30}, 1090, "several blocks of columns"},
      {{4, 9, 35}, 40, "leading axes"},
      {{3, 2, 1, 260}, 20, "leading axes, one row each"},
      {{4, 0}, 5, "nothing to add"},
  };
  for (const Case& a_case : all) {
    const std::int64_t k = a_case.x[a_case.x.rank() - 1], n = a_case.n;
    for (int i = 0; i < 4; ++i) {
      const auto activation = static_cast<Activation>(i);
      const Layout layout = kLayouts[static_cast<std::size_t>(i) % std::size(kLayouts)];
      const std::string what = fmt::format("{}, activation {}", a_case.why, i);
      const Tensor x = random_tensor<float>(a_case.x, 1, layout),
                   weight = random_tensor<float>({n, k}, 2, layout);
      const Tensor dense = random_tensor<float>({n, k}, 2), bias = random_tensor<float>({n}, 3, layout);
      expect_same_bits([&] { return linear(x, weight, bias, activation); }, what);
      expect_same_bits([&] { return linear(x, dense, bias, activation); }, what + ", weight in rows");
      const Tensor x64 = random_tensor<double>(a_case.x, 1),
                   weight64 = random_tensor<double>({n, k}, 2, layout);
      const Tensor bias64 = random_tensor<double>({n}, 3);
      expect_same_bits([&] { return linear(x64, weight64, bias64, activation); }, what + ", float64");
    }
  }
}

// What a row gives does not depend on the rows around it, whichever path they take.
TEST_F(CpuProduct, ARowIsTheSameInEveryBatch) {
  use_backend("cpu");
  const Tensor a = random_tensor<float>({100, 600}, 1), b = random_tensor<float>({600, 140}, 2);
  const Tensor turned = copy(b.transpose()).transpose();
  const Tensor all = matmul(a, b);
  for (const std::int64_t rows : {1, 2, 5, 12, 13, 64}) {
    const Tensor part = a.slice({Range(0, rows)}), expected = all.slice({Range(0, rows)});
    EXPECT_TRUE(same_bits(matmul(part, b), expected)) << rows;
    EXPECT_TRUE(same_bits(matmul(part, turned), expected)) << rows << ", transposed";
  }
}

}  // namespace
}  // namespace tessera::backends
