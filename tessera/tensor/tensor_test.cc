#include "tessera/tensor/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "tessera/tensor/fake_backend_test.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

class TensorTest : public testing::Test {
 protected:
  FakeBackend& backend_ = FakeBackend::install();
};

TEST_F(TensorTest, HoldsWhatItWasMadeFrom) {
  const Tensor x = Tensor::from<double>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(x.at<double>({1, -1}), 6);
  EXPECT_EQ(x.size(-1), 3);
  EXPECT_EQ(x.values<double>()[4], 5);
  EXPECT_EQ(Tensor::from(std::vector<bool>{true, false}, {2}).to_vector<bool>(),
            (std::vector<bool>{true, false}));
  EXPECT_EQ(Tensor::scalar<std::uint8_t>(7).item<std::uint8_t>(), 7);
  EXPECT_EQ(Tensor::scalar<std::int64_t>(-7).item_as_double(), -7.0);
  EXPECT_TRUE(Tensor::from<float>({}, {0, 5}).to_vector<float>().empty());
  EXPECT_FALSE(Tensor().defined());
}

TEST_F(TensorTest, Errors) {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
  EXPECT_EQ(error_of([] {
              Tensor::from<float>({1, 2, 3}, {2, 2});
            }),
            "tensor: found 3 values for shape [2, 2], expected 4");
  EXPECT_EQ(error_of([] { Tensor::from<float>({}, {-1}); }),
            "shape: axis 0 of [-1] is negative, expected at least 0");
  EXPECT_EQ(error_of([&] { x.to_vector<double>(); }),
            "to_vector: the tensor is float32, read as float64; use to() to convert");
  EXPECT_EQ(error_of([&] { x.item<float>(); }),
            "item: the tensor of shape [2, 2] has 4 elements, expected 1");
  EXPECT_EQ(error_of([&] {
              x.at<float>({0, 2});
            }),
            "at: position 2 is out of range on axis 1 of shape [2, 2]");
  EXPECT_EQ(error_of([&] { x.at<float>({0}); }), "at: found 1 positions for shape [2, 2], expected 2");
  EXPECT_EQ(error_of([&] { x.transpose().values<float>(); }),
            "values: the tensor of shape [2, 2] and strides [1, 2] is not contiguous; use contiguous() or "
            "to_vector()");
  const std::byte two[] = {std::byte{1}, std::byte{2}};
  EXPECT_EQ(error_of([&] { Tensor::from_bytes(two, DType::kBool, {2}); }),
            "tensor: byte 1 of a bool tensor is 2, expected 0 or 1");
  EXPECT_EQ(error_of([&] { Tensor::from_bytes(two, DType::kInt64, {2}); }),
            "tensor: found 2 bytes for shape [2] of int64, expected 16");
}

TEST_F(TensorTest, CanonicalBytesAreRowMajorWithOneNan) {
  const float odd_nan = std::bit_cast<float>(0xffabcdefu);
  const Tensor x = Tensor::from<float>({odd_nan, -0.0f, std::numeric_limits<float>::infinity(), 1}, {2, 2});
  const std::vector<std::byte> bytes = x.transpose().canonical_bytes();
  std::vector<std::uint32_t> words(4);
  std::memcpy(words.data(), bytes.data(), 16);
  EXPECT_EQ(words, (std::vector<std::uint32_t>{0x7fc00000u, 0x7f800000u, 0x80000000u, 0x3f800000u}));
  const double odd_double = std::bit_cast<double>(0xfff0000000000001u);
  const Tensor y = Tensor::scalar(odd_double);
  EXPECT_EQ(y.canonical_bytes(),
            Tensor::scalar(std::bit_cast<double>(0x7ff8000000000000u)).canonical_bytes());
  EXPECT_TRUE(same_bits(y, Tensor::scalar(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_FALSE(same_bits(Tensor::scalar(0.0f), Tensor::scalar(-0.0f)));
  EXPECT_FALSE(same_bits(Tensor::scalar(0.0f), Tensor::scalar(0.0)));
  EXPECT_FALSE(same_bits(Tensor::scalar(0.0f), Tensor::from<float>({0}, {1})));
}

TEST_F(TensorTest, ContiguousMeansRowMajorWithoutGaps) {
  const Tensor x = counting({4, 1, 3});
  EXPECT_TRUE(x.permute({1, 0, 2}).contiguous());
  EXPECT_TRUE(x.slice({Range(1, 3)}).contiguous());
  EXPECT_FALSE(x.slice({Range::all(), Range::all(), Range(0, 2)}).contiguous());
  EXPECT_FALSE(x.transpose().contiguous());
  EXPECT_FALSE(counting({1}).broadcast_to({3}).contiguous());
  EXPECT_TRUE(x.slice({Range(0, 0), Range::all(), Range::step(2)}).contiguous());
}

TEST_F(TensorTest, PrintsForPeople) {
  EXPECT_EQ(Tensor::from<float>({1, -2.5f, 0.1f, 1e20f}, {2, 2}).to_string(),
            "tensor([[  1.0,  -2.5],\n        [  0.1, 1e+20]], shape=[2, 2], dtype=float32)");
  EXPECT_EQ(Tensor::scalar<std::int64_t>(5).to_string(), "tensor(5, shape=[], dtype=int64)");
  EXPECT_EQ(Tensor::from<bool>({true, false}, {2}).to_string(),
            "tensor([ true, false], shape=[2], dtype=bool)");
  EXPECT_EQ(Tensor::from<float>({}, {0, 3}).to_string(), "tensor([], shape=[0, 3], dtype=float32)");
  EXPECT_EQ(Tensor::from<double>({NAN, INFINITY, -INFINITY, -0.0}, {4}).to_string(),
            "tensor([ nan,  inf, -inf, -0.0], shape=[4], dtype=float64)");
  const auto nan = std::bit_cast<float>(0xffc00001u);  // the sign of a NaN differs between processors
  EXPECT_EQ(Tensor::from<float>({nan, -1}, {2}).to_string(),
            "tensor([ nan, -1.0], shape=[2], dtype=float32)");
  EXPECT_EQ(counting({2, 1, 2}).to_string(),
            "tensor([[[0, 1]],\n\n        [[2, 3]]], shape=[2, 1, 2], dtype=int64)");
  EXPECT_EQ(Tensor::from<std::uint8_t>({65, 200}, {2}).to_string(),
            "tensor([ 65, 200], shape=[2], dtype=uint8)");
  EXPECT_EQ(Tensor().to_string(), "tensor(undefined)");
}

TEST_F(TensorTest, PrintsLargeTensorsAbbreviated) {
  EXPECT_EQ(counting({1001}).to_string(),
            "tensor([   0,    1,    2, ...,  998,  999, 1000], shape=[1001], dtype=int64)");
  EXPECT_EQ(
      counting({500, 3}).to_string(),
      "tensor([[   0,    1,    2],\n        [   3,    4,    5],\n        [   6,    7,    8],\n        ...,\n"
      "        [1491, 1492, 1493],\n        [1494, 1495, 1496],\n        [1497, 1498, 1499]], shape=[500, "
      "3], "
      "dtype=int64)");
  const std::string wrapped = counting({60}).to_string();  // not abbreviated, but on several lines
  EXPECT_NE(wrapped.find(",\n        2"), std::string::npos) << wrapped;
  for (std::size_t start = 0, end = 0; end != std::string::npos; start = end + 1) {
    end = wrapped.find('\n', start);
    EXPECT_LE(std::min(end, wrapped.size()) - start, 100u) << wrapped;
  }
}

// Elements of somebody else are read where they lie, and kept as long as any tensor needs them.
TEST_F(TensorTest, BorrowsMemoryOfOthers) {
  auto owner = std::make_shared<std::vector<double>>(std::vector<double>{1, 2, 3, 4, 5, 6});
  const std::shared_ptr<const void> kept = owner;
  Tensor columns = Tensor::borrow(owner->data(), DType::kFloat64, {3, 2}, {1, 3}, kept);  // Fortran's order
  EXPECT_EQ(columns.to_vector<double>(), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(columns.view().data, owner->data());
  EXPECT_FALSE(columns.contiguous());
  EXPECT_FALSE(columns.sole_owner());
  const Tensor backwards = Tensor::borrow(owner->data() + 5, DType::kFloat64, {6}, {-1}, kept);
  EXPECT_EQ(backwards.to_vector<double>(), (std::vector<double>{6, 5, 4, 3, 2, 1}));
  Tensor row = columns.slice({1});
  columns = {};
  EXPECT_EQ(kept.use_count(), 4);  // owner, kept, backwards, row
  EXPECT_EQ(row.to_vector<double>(), (std::vector<double>{2, 5}));
  row = {};
  EXPECT_EQ(kept.use_count(), 3);
}

TEST_F(TensorTest, KnowsWhetherItsMemoryIsItsOwn) {
  const Tensor x = counting({4});
  EXPECT_TRUE(x.sole_owner());
  {
    const Tensor part = x.slice({Range(1, 3)});
    EXPECT_FALSE(x.sole_owner());
    EXPECT_FALSE(part.sole_owner());
  }
  EXPECT_TRUE(x.sole_owner());
  const Tensor again = x;  // NOLINT: a second handle
  EXPECT_FALSE(x.sole_owner());
  EXPECT_FALSE(Tensor().sole_owner());
}

}  // namespace
}  // namespace tessera
