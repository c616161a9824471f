#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuElementwise : public BackendTest {};

struct Unary {
  const char* name;
  Tensor (*function)(const Operand&);
};
const Unary kUnary[] = {{"negate", negate}, {"absolute", absolute}, {"sign", sign},   {"sqrt", sqrt},
                        {"exp", exp},       {"log", log},           {"expm1", expm1}, {"log1p", log1p},
                        {"tanh", tanh},     {"sigmoid", sigmoid},   {"erf", erf},     {"sin", sin},
                        {"cos", cos},       {"relu", relu}};

struct Binary {
  const char* name;
  Tensor (*function)(const Operand&, const Operand&);
};
const Binary kBinary[] = {{"add", add},
                          {"subtract", subtract},
                          {"multiply", multiply},
                          {"divide", divide},
                          {"pow", pow},
                          {"maximum", maximum},
                          {"minimum", minimum},
                          {"equal", equal},
                          {"not_equal", not_equal},
                          {"less", less},
                          {"less_equal", less_equal},
                          {"greater", greater},
                          {"greater_equal", greater_equal}};

TEST_F(CpuElementwise, FunctionsOfOneTensor) {
  for (const Unary& unary : kUnary) {
    for (const Layout layout : kLayouts) {
      const Tensor single = random_tensor<float>({3, 5, 17}, 1, layout, true);
      const Tensor twice = random_tensor<double>({3, 5, 17}, 2, layout, true);
      expect_same_bits([&] { return unary.function(single); }, unary.name);
      expect_same_bits([&] { return unary.function(twice); }, unary.name);
    }
    for (const std::int64_t n : {0, 1, 15, 16, 31, 100000}) {
      const Tensor x = random_tensor<float>({n}, 3, Layout::kContiguous, true);
      expect_same_bits([&] { return unary.function(x); }, unary.name);
    }
  }
}

TEST_F(CpuElementwise, FunctionsOfTwoTensorsOfEveryLayout) {
  for (const Binary& binary : kBinary) {
    for (const Layout first : kLayouts) {
      for (const Layout second : kLayouts) {
        const Tensor a = random_tensor<float>({4, 6, 9}, 1, first, true),
                     b = random_tensor<float>({4, 6, 9}, 2, second, true);
        expect_same_bits([&] { return binary.function(a, b); }, binary.name);
      }
    }
    const Tensor a = random_tensor<double>({50, 7}, 3, Layout::kTransposed, true),
                 b = random_tensor<double>({50, 7}, 4);
    expect_same_bits([&] { return binary.function(a, b); }, binary.name);
  }
}

TEST_F(CpuElementwise, Broadcasting) {
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{128, 10}, {10}},
      {{128, 10}, {}},
      {{}, {128, 10}},
      {{2, 3, 7, 5}, {1, 3, 1, 1}},
      {{5, 1}, {1, 33}},
      {{3, 1, 4}, {2, 1}},
      {{1, 3, 1, 1}, {2, 3, 7, 5}},
      {{600, 130}, {600, 1}},
      {{1}, {1}},
      {{0, 3}, {3}},
  };
  for (const Binary& binary : kBinary) {
    for (const auto& [left, right] : shapes) {
      const Tensor a = random_tensor<float>(left, 1, Layout::kContiguous, true);
      const Tensor b = random_tensor<float>(right, 2, Layout::kContiguous, true);
      expect_same_bits([&] { return binary.function(a, b); },
                       binary.name + left.to_string() + right.to_string());
    }
  }
}

TEST_F(CpuElementwise, IntegersAndFlagsGoToTheReference) {
  const Tensor a = Tensor::from<std::int64_t>({5, -7, 3}, {3}),
               b = Tensor::from<std::int64_t>({2, 2, -1}, {3});
  for (const auto function : {add, subtract, multiply, divide, maximum, less})
    expect_same_bits([&] { return function(a, b); }, "int64");
}

TEST_F(CpuElementwise, Select) {
  const std::vector<Shape> shapes = {{4, 6, 9}, {1, 6, 1}, {9}, {}};
  for (const Layout layout : kLayouts) {
    const Tensor condition = less(random_tensor<float>({4, 6, 9}, 9), Tensor::scalar(0.0f));
    const Tensor turned =
        layout == Layout::kTransposed ? condition.transpose().reshape({4, 6, 9}) : condition;
    for (const Shape& first : shapes) {
      for (const Shape& second : shapes) {
        const Tensor a = random_tensor<float>(first, 1, layout, true),
                     b = random_tensor<float>(second, 2, Layout::kContiguous, true);
        expect_same_bits([&] { return select(turned, a, b); },
                         "select" + first.to_string() + second.to_string());
        const Tensor c = cast(a, DType::kFloat64), d = cast(b, DType::kFloat64);
        expect_same_bits([&] { return select(turned, c, d); }, "select double");
      }
    }
  }
  const Tensor flag = Tensor::from<bool>({true, false}, {2, 1});
  const Tensor a = random_tensor<float>({2, 40}, 5), b = random_tensor<float>({2, 40}, 6);
  expect_same_bits([&] { return select(flag, a, b); }, "a condition per row");
}

TEST_F(CpuElementwise, Casts) {
  for (const Layout layout : kLayouts) {
    const Tensor x = random_tensor<float>({7, 41}, 1, layout, true),
                 y = random_tensor<double>({7, 41}, 2, layout, true);
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool}) {
      expect_same_bits([&] { return cast(x, dtype); }, "cast from float32");
      expect_same_bits([&] { return cast(y, dtype); }, "cast from float64");
      const Tensor from = cast(x, dtype).transpose();
      expect_same_bits([&] { return cast(from, DType::kFloat32); }, "cast to float32");
      expect_same_bits([&] { return cast(from, DType::kFloat64); }, "cast to float64");
    }
  }
}

TEST_F(CpuElementwise, RandomFillsOfEveryOffset) {
  for (const Op op : {Op::kRandomUniform, Op::kRandomNormal}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      for (const std::uint64_t offset : {0ull, 1ull, 3ull, 1000ull, (1ull << 34) - 50, (1ull << 33) - 70}) {
        for (const std::int64_t n : {0, 1, 5, 100, 20001}) {
          const RandomAttributes attributes{Shape{n}, dtype, 17, 4, 9, offset};
          expect_same_bits([&] { return apply(op, {}, attributes); }, "random " + std::to_string(offset));
        }
      }
    }
  }
}

}  // namespace
}  // namespace tessera::backends
