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

TEST_F(CpuElementwise, IntegersAreComputedAsByTheReference) {
  const Tensor a = Tensor::from<std::int64_t>({5, -7, 3}, {3}),
               b = Tensor::from<std::int64_t>({2, 2, -1}, {3});
  for (const auto function : {add, subtract, multiply, divide, maximum})
    expect_same_bits([&] { return function(a, b); }, "int64");
}

TEST_F(CpuElementwise, IntegersAreCompared) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 62;
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < 5 * 67; ++i)
    values.push_back(i % 7 == 0 ? -kLarge + i : i % 5 == 0 ? kLarge : i % 11 - 5);
  const Tensor a = Tensor::from<std::int64_t>(values, {5, 67});
  const std::vector<Tensor> others = {a.slice({Range(0, 1)}), a.slice({Range::all(), Range(3, 4)}),
                                      Tensor::scalar(values[4]), a.transpose().reshape({5, 67}),
                                      a.slice({Range::step(-1)})};
  for (const auto function : {equal, not_equal, less, less_equal, greater, greater_equal})
    for (const Tensor& b : others) {
      expect_same_bits([&] { return function(a, b); }, "int64 compared");
      expect_same_bits([&] { return function(b, a); }, "int64 compared, turned around");
    }
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
}

TEST_F(CpuElementwise, SelectByRows) {
  const Tensor flags = less(random_tensor<float>({4, 6, 1}, 9), Tensor::scalar(0.0f));
  for (const Layout layout : kLayouts) {
    for (const Shape& first : {Shape{4, 6, 40}, Shape{40}, Shape{4, 1, 1}, Shape{}}) {
      for (const Shape& second : {Shape{4, 6, 40}, Shape{1, 6, 1}}) {
        const Tensor a = random_tensor<float>(first, 5, layout, true),
                     b = random_tensor<float>(second, 6, Layout::kContiguous, true);
        expect_same_bits([&] { return select(flags, a, b); }, "a condition per row");
        const Tensor c = cast(a, DType::kFloat64), d = cast(b, DType::kFloat64);
        expect_same_bits([&] { return select(flags, d, c); }, "a condition per row, double");
      }
    }
  }
  const Tensor a = random_tensor<float>({70000}, 5), b = random_tensor<float>({70000}, 6);
  for (const bool flag : {true, false})
    expect_same_bits([&] { return select(Tensor::scalar(flag), a, b); }, "one condition");
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

constexpr DType kEveryType[] = {DType::kFloat32, DType::kFloat64, DType::kInt64,
                                DType::kUInt8,   DType::kBool,    DType::kBFloat16};

// Numbers at the bounds of every dtype and one step to either side of them, halves, and all kinds of NaN.
Tensor numbers_at_bounds() {
  std::vector<double> numbers = {0.0,       -0.0,     0.5,      -0.5,     0.999999, 1.5,    -1.0,
                                 0x1p-1074, 0x1p-149, 0x1p-133, 0x1p-126, 3e38,     3.4e38, 1e300};
  for (const double bound : {127.0,      128.0,      255.0,     256.0,    0x1p24,   0x1p31,      0x1p32,
                             0x1p51,     0x1p52,     0x1p53,    0x1p62,   0x1p63,   0x1p64,      0x1p127,
                             0x1.fep127, 0x1.ffp127, 0x1.018p5, 0x1.01p5, 0x1.03p5, 0x1.01p-126, 0x1.01p-130})
    for (const double sign : {1.0, -1.0})
      for (const double beyond : {-1e30, -1.0, -0.5, 0.0, 0.5, 1e30}) {
        const double near =
            std::abs(beyond) < 2 ? sign * bound + beyond : std::nextafter(sign * bound, beyond);
        numbers.push_back(near);
        numbers.push_back(static_cast<double>(
            std::nextafter(static_cast<float>(sign * bound), static_cast<float>(beyond))));
      }
  for (const double special :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    numbers.insert(numbers.end(), {special, -special});
  return Tensor::from<double>(numbers, {static_cast<std::int64_t>(numbers.size())});
}

TEST_F(CpuElementwise, CastsOfEveryPairAtTheBounds) {
  const Tensor numbers = numbers_at_bounds();
  const std::vector<std::int64_t> integers = {(1LL << 53) + 1,
                                              -(1LL << 53) - 1,
                                              (1LL << 53) - 1,
                                              (1LL << 62) + (1LL << 54),
                                              INT64_MAX,
                                              INT64_MIN,
                                              (1LL << 62) + (1LL << 54) + 1,
                                              (1LL << 62) + (3LL << 54),
                                              (1LL << 55) + (1LL << 47) + 1,
                                              257,
                                              -3,
                                              256};
  const Tensor whole = Tensor::from(integers, {static_cast<std::int64_t>(integers.size())});
  for (const DType from : kEveryType)
    for (const DType to : kEveryType) {
      const Tensor x = concatenate({cast(numbers, from), cast(whole, from)}, 0);
      for (std::int64_t first = 0; first < 16; ++first) {  // every number in every lane, and in the rest
        const Tensor part = x.slice({Range(first, x.elements())});
        expect_same_bits([&] { return cast(part, to); }, "cast at the bounds");
      }
      const Tensor reversed = x.slice({Range::step(-1)}),
                   repeated = x.slice({Range(3, 4)}).broadcast_to({700});
      expect_same_bits([&] { return cast(reversed, to); }, "cast of reversed");
      expect_same_bits([&] { return cast(repeated, to); }, "cast of repeated");
    }
}

TEST_F(CpuElementwise, ProgressionsOfEveryTypeAndLength) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBFloat16})
    for (const std::int64_t n : {1, 7, 8, 511, 513, 70001})
      for (const double step : {1.0, -0.3, 1e17}) {
        const FillAttributes attributes{{n}, dtype, -2.7, step};
        expect_same_bits([&] { return apply(Op::kArange, {}, attributes); }, "arange");
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
