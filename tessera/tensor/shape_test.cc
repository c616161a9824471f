#include "tessera/tensor/shape.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tessera/tensor/dtype.h"
#include "tessera/tensor/fake_backend_test.h"

namespace tessera {
namespace {

TEST(Shape, Basics) {
  EXPECT_EQ(Shape().elements(), 1);
  EXPECT_EQ((Shape{2, 0, 3}).elements(), 0);
  EXPECT_EQ((Shape{2, 3}).to_string(), "[2, 3]");
  EXPECT_EQ(Shape().to_string(), "[]");
  EXPECT_EQ(row_major_strides({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_NE((Shape{2}), (Shape{2, 1}));
}

TEST(Shape, Limits) {
  EXPECT_EQ(error_of([] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }), "shape: found 9 axes, expected at most 8");
  const std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_EQ(error_of([&] {
              Shape({huge, huge}).elements();
            }),
            "shape: [1099511627776, 1099511627776] has more elements than 64 bits can count");
  EXPECT_EQ((Shape{huge, huge, 0}).elements(), 0);
}

TEST(Shape, BroadcastErrorNamesShapesAndAxis) {
  EXPECT_EQ(error_of([] {
              broadcast_shapes({2, 3, 4}, {2, 4});
            }),
            "[2, 3, 4] and [2, 4] do not broadcast (axis 1 of the left is 3, axis 0 of the right is 2; "
            "expected equal "
            "lengths or a 1)");
  EXPECT_EQ(broadcast_shapes({0}, {1}), (Shape{0}));
  EXPECT_EQ(broadcast_shapes({}, {5}), (Shape{5}));
}

TEST(Shape, Axes) {
  EXPECT_EQ(normalize_axis(-1, {2, 3}), 1);
  EXPECT_EQ(error_of([] {
              normalize_axis(2, {2, 3});
            }),
            "axis 2 is out of range for shape [2, 3]: expected -2 to 1");
  EXPECT_EQ(error_of([] { normalize_axis(0, {}); }), "axis 0 of a scalar (shape []): it has no axes");
}

// NumPy's rule, axis by axis from the back, on lists with 1 in front.
RC_GTEST_PROP(Shape, BroadcastIsNumPysRule, ()) {
  const auto lengths = rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 4));
  std::vector<std::int64_t> a = *rc::gen::suchThat(lengths, [](const auto& v) { return v.size() <= 8; });
  std::vector<std::int64_t> b = *rc::gen::suchThat(lengths, [](const auto& v) { return v.size() <= 8; });
  const Shape shape_a{std::span<const std::int64_t>(a)}, shape_b{std::span<const std::int64_t>(b)};
  while (a.size() < b.size()) a.insert(a.begin(), 1);
  while (b.size() < a.size()) b.insert(b.begin(), 1);
  bool possible = true;
  std::vector<std::int64_t> expected;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i])
      expected.push_back(a[i]);
    else if (a[i] == 1)
      expected.push_back(b[i]);
    else if (b[i] == 1)
      expected.push_back(a[i]);
    else
      possible = false;
  }
  if (possible)
    RC_ASSERT(broadcast_shapes(shape_a, shape_b) == Shape{std::span<const std::int64_t>(expected)});
  else
    RC_ASSERT_THROWS_AS(broadcast_shapes(shape_a, shape_b), Error);
}

TEST(DType, Names) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kUInt8, DType::kBool})
    EXPECT_EQ(dtype_from_name(dtype_name(dtype)), dtype);
  EXPECT_EQ(error_of([] { dtype_from_name("flaot32"); }),
            "dtype: found 'flaot32', expected float32, float64, int64, uint8, bool or bfloat16 (did you mean "
            "'float32'?)");
}

}  // namespace
}  // namespace tessera
