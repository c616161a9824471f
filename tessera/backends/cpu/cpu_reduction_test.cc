#include "tessera/backends/cpu/same_bits_test.h"

namespace tessera::backends {
namespace {

class CpuReduction : public BackendTest {};

Tensor argmax_of_one_axis(const Operand& x, const std::vector<std::int64_t>& axes, bool keep) {
  return argmax(x, axes.empty() ? -1 : axes[0], keep);
}

using Reduction = Tensor (*)(const Operand&, const std::vector<std::int64_t>&, bool);
struct Named {
  const char* name;
  Reduction function;
};
const Named kReductions[] = {
    {"sum", sum}, {"sum_squares", sum_squares},  {"mean", mean}, {"variance", variance}, {"max", max},
    {"min", min}, {"argmax", argmax_of_one_axis}};

TEST_F(CpuReduction, OverEverySetOfAxes) {
  const std::vector<std::vector<std::int64_t>> axes = {{}, {0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}};
  for (const Named& reduction : kReductions) {
    for (const Layout layout : kLayouts) {
      const Tensor x = random_tensor<float>({13, 19, 23}, 1, layout),
                   y = random_tensor<double>({13, 19, 23}, 2, layout);
      for (const auto& chosen : axes) {
        expect_same_bits([&] { return reduction.function(x, chosen, false); }, reduction.name);
        expect_same_bits([&] { return reduction.function(y, chosen, true); }, reduction.name);
      }
    }
  }
}

TEST_F(CpuReduction, OfManyLengths) {
  for (const Named& reduction : kReductions) {
    for (const std::int64_t n : {1, 2, 15, 16, 17, 1000, 1023, 1024, 1025, 2048, 5000, 7 * 1024, 100003}) {
      const Tensor x = random_tensor<float>({n}, 1), y = random_tensor<double>({n}, 2);
      expect_same_bits([&] { return reduction.function(x, {0}, false); }, reduction.name + std::to_string(n));
      expect_same_bits([&] { return reduction.function(y, {0}, false); }, reduction.name + std::to_string(n));
    }
  }
}

// The classes of many rows: each list is short. NaN is greatest, of equal elements the first counts, and -0 equals +0.
TEST_F(CpuReduction, PlacesInShortLists) {
  const std::vector<double> values = {0,
                                      -0.0,
                                      1,
                                      1,
                                      -1,
                                      std::numeric_limits<double>::quiet_NaN(),
                                      std::numeric_limits<double>::infinity(),
                                      -std::numeric_limits<double>::infinity()};
  for (const std::int64_t length : {1, 2, 3, 5, 10, 24, 25}) {
    std::vector<double> all;
    for (std::size_t i = 0; i < static_cast<std::size_t>(3001 * length); ++i)
      all.push_back(values[(i * 2654435761u >> 7) % (i % 3 == 0 ? 8 : 5)]);
    const Tensor x = Tensor::from(all, {3001, length}), narrow = cast(x, DType::kFloat32);
    const Tensor part = Tensor::from(all, {3001, length}).slice({Range::from(7), Range(0, (length + 1) / 2)});
    expect_same_bits([&] { return argmax(x, 1); }, "lists of " + std::to_string(length));
    expect_same_bits([&] { return argmax(narrow, 1); }, "float32 lists of " + std::to_string(length));
    expect_same_bits([&] { return argmax(part, 1); }, "parts of lists of " + std::to_string(length));
  }
}

// Extremes of whole blocks take their elements in another order: a NaN must survive from any place.
TEST_F(CpuReduction, OfBlocksWithOneSpecialValue) {
  for (const float special : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity(), 0.0f, -0.0f}) {
    for (const int place : {0, 15, 16, 255, 256, 511, 700, 1023}) {
      for (const float other : {-1.0f, -0.0f, 1.0f}) {
        std::vector<float> values(1024, other);
        values[static_cast<std::size_t>(place)] = special;
        const Tensor x = Tensor::from<float>(values, {1024});
        const Tensor y = cast(x, DType::kFloat64);
        for (const Named& reduction : kReductions) {
          expect_same_bits([&] { return reduction.function(x, {0}, false); }, reduction.name);
          expect_same_bits([&] { return reduction.function(y, {0}, false); }, reduction.name);
        }
      }
    }
  }
}

TEST_F(CpuReduction, OfTrainingShapes) {
  for (const Named& reduction : kReductions) {
    const Tensor bias = random_tensor<float>({2100, 10}, 1),
                 images = random_tensor<float>({32, 8, 14, 14}, 2);
    const Tensor columns = random_tensor<float>({130, 7, 35}, 3);
    expect_same_bits([&] { return reduction.function(bias, {0}, false); }, reduction.name);
    expect_same_bits([&] { return reduction.function(images, {0, 2, 3}, false); }, reduction.name);
    expect_same_bits([&] { return reduction.function(columns, {0}, false); }, reduction.name);
    expect_same_bits([&] { return reduction.function(columns, {1}, false); }, reduction.name);
    const Tensor wide = random_tensor<float>({1300, 150}, 4), wider = random_tensor<double>({300, 4500}, 5);
    expect_same_bits([&] { return reduction.function(wide, {0}, false); }, reduction.name);
    expect_same_bits([&] { return reduction.function(wider, {0}, false); }, reduction.name);
  }
}

TEST_F(CpuReduction, OfSpecialValues) {
  for (const Named& reduction : kReductions) {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      const Tensor x = random_tensor<float>({37, 4}, seed, Layout::kContiguous, true);
      expect_same_bits([&] { return reduction.function(x, {1}, false); }, reduction.name);
      expect_same_bits([&] { return reduction.function(x, {0}, false); }, reduction.name);
    }
    const Tensor zeros = Tensor::from<float>({-0.0f, -0.0f}, {2});
    expect_same_bits([&] { return reduction.function(zeros, {0}, false); }, reduction.name);
    expect_same_bits([&] { return reduction.function(zeros, {}, false); }, reduction.name);
  }
}

TEST_F(CpuReduction, OfNothingAndOfIntegers) {
  const Tensor empty = random_tensor<float>({0, 3}, 1);
  expect_same_bits([&] { return sum(empty, {0}); }, "sum of nothing");
  expect_same_bits([&] { return sum(empty, {1}); }, "no sums");
  expect_same_bits([&] { return mean(empty, {0}); }, "mean of nothing");
  const Tensor x = cast(random_tensor<float>({9, 5}, 2) * 100, DType::kInt64);
  expect_same_bits([&] { return sum(x, {0}); }, "integers");
  expect_same_bits([&] { return argmax(x, 1); }, "integers");
}

TEST_F(CpuReduction, OfIntegersAndFlagsOverEverySetOfAxes) {
  const std::vector<std::vector<std::int64_t>> axes = {{}, {0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}};
  for (const Layout layout : {Layout::kContiguous, Layout::kTransposed, Layout::kStepped, Layout::kReversed})
    for (const DType dtype : {DType::kInt64, DType::kUInt8, DType::kBool})
      for (const Shape& shape : {Shape{5, 19, 70}, Shape{3, 2, 4}}) {
        const Tensor x = dtype == DType::kBool
                             ? greater(random_tensor<float>(shape, 1, layout), 0)
                             : cast(random_tensor<float>(shape, 1, layout) * 60 + 100, dtype);
        for (const auto& chosen : axes)
          for (const Reduction function :
               {Reduction(sum), Reduction(sum_squares), Reduction(max), Reduction(min)})
            expect_same_bits([&] { return function(x, chosen, false); }, "integers");
      }
}

TEST_F(CpuReduction, OfManyIntegers) {
  const std::vector<std::int64_t> extremes = {INT64_MAX, INT64_MIN, INT64_MAX - 7, 3};  // sums wrap
  for (const std::int64_t n : {1, 63, 64, 65, 129, 32768, 32769, 200003}) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(n), 11);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = static_cast<std::int64_t>(i * 0x9e3779b97f4a7c15U);
    for (std::size_t i = 0; i < std::min(extremes.size(), numbers.size()); ++i)
      numbers[numbers.size() - 1 - i] = extremes[i];
    const Tensor x = Tensor::from(numbers, {n}), bytes = cast(x, DType::kUInt8),
                 rows = cast(random_tensor<float>({4, 3000}, 1) * 1e6, DType::kInt64);
    for (const Reduction function :
         {Reduction(sum), Reduction(sum_squares), Reduction(max), Reduction(min)}) {
      expect_same_bits([&] { return function(x, {0}, false); }, "int64");
      expect_same_bits([&] { return function(bytes, {0}, false); }, "uint8");
      expect_same_bits([&] { return function(rows, {0}, false); }, "rows of int64");
    }
  }
  EXPECT_EQ(sum(full({300000}, 255, DType::kUInt8)).item<std::int64_t>(), 300000 * 255);
}

// Sums tell where NaN is looked for; infinities of both signs, and sums that overflow, look like it.
TEST_F(CpuReduction, ExtremesOfNaNAndInfinities) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN(),
              most = std::numeric_limits<float>::max();
  const std::vector<std::vector<float>> all = {
      {inf, -inf}, {nan}, {inf}, {-inf}, {most, most, -most}, {nan, inf, -inf}, {-0.0f, 0.0f}};
  for (const std::int64_t n : {40, 64, 100, 1024, 1500, 3000}) {
    for (const std::vector<float>& awkward : all) {
      for (const bool zeros : {false, true}) {
        std::vector<float> values =
            random_tensor<float>({n}, static_cast<std::uint32_t>(n)).to_vector<float>();
        for (float& value : values) value = zeros ? -0.0f : value;
        for (std::size_t i = 0; i < awkward.size(); ++i)
          values[static_cast<std::size_t>(n - 1) - i * static_cast<std::size_t>(n / 4)] = awkward[i];
        const Tensor x = Tensor::from(values, {n});
        const std::string what = std::to_string(n) + " with " + std::to_string(awkward[0]);
        expect_same_bits([&] { return max(x); }, what);
        expect_same_bits([&] { return min(x); }, what);
        expect_same_bits([&] { return argmax(x, 0); }, what);
      }
    }
  }
}

}  // namespace
}  // namespace tessera::backends
