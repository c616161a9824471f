#include "tessera/tensor/bfloat16.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/activate.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

constexpr DType kHalf = DType::kBFloat16;

class BFloat16Operations : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { use_backend(GetParam()); }
  void TearDown() override { use_default_backend(); }
};

std::vector<std::uint16_t> bits_of(const Tensor& x) {
  std::vector<std::uint16_t> bits;
  for (const BFloat16 value : x.to_vector<BFloat16>()) bits.push_back(value.bits());
  return bits;
}
using Bits = std::vector<std::uint16_t>;

TEST_P(BFloat16Operations, AgreeWithPyTorchWhereItRoundsOnce) {
  const Tensor a = Tensor::from<float>({0.1F, 1.7F, -3.3F, 12.5F}, {4}).to(kHalf);
  const Tensor b = Tensor::from<float>({0.7F, -2.9F, 5.1F, 0.3F}, {4}).to(kHalf);
  EXPECT_EQ(bits_of(a + b), (Bits{0x3f4d, 0xbf9a, 0x3fe6, 0x414d}));  // PyTorch 2.15
  EXPECT_EQ(bits_of(a * b), (Bits{0x3d8f, 0xc09e, 0xc186, 0x4071}));
  EXPECT_EQ(bits_of(a / b), (Bits{0x3e13, 0xbf16, 0xbf26, 0x4226}));
  EXPECT_EQ(bits_of(exp(a)), (Bits{0x3f8d, 0x40b0, 0x3d18, 0x4883}));
  EXPECT_EQ(bits_of(tanh(a)), (Bits{0x3dcc, 0x3f70, 0xbf7f, 0x3f80}));
  EXPECT_EQ(bits_of(sum(a)), (Bits{0x4130}));
  EXPECT_EQ(bits_of(softmax(a)), (Bits{0x368a, 0x37ac, 0x3414, 0x3f80}));
  EXPECT_EQ(bits_of(matmul(a, b)), (Bits{0xc18f}));
}

TEST_P(BFloat16Operations, RoundOnceHoweverMuchTheyAdd) {
  EXPECT_EQ(sum(full({10000}, 1.0, kHalf)).item<BFloat16>(),
            BFloat16(10000));  // one by one it would stop at 256
  const Tensor x = full({64, 300}, 0.3, kHalf), y = full({300, 20}, 1.7, kHalf);
  const Tensor wide = matmul(x.to(DType::kFloat32), y.to(DType::kFloat32));
  EXPECT_TRUE(same_bits(matmul(x, y), wide.to(kHalf)));
  EXPECT_TRUE(same_bits(matmul(y.transpose(), x.transpose()), wide.to(kHalf).transpose()));
}

TEST_P(BFloat16Operations, MoveAndBroadcastWhatTheyAreGiven) {
  const Tensor x = arange(12).reshape({3, 4}).to(kHalf);
  EXPECT_EQ(copy(x.transpose()).to(DType::kInt64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
  const Tensor row = x.slice({Range(1)});
  EXPECT_EQ((row.broadcast_to({2, 4}) + x.slice({Range(0, 2)})).to(DType::kInt64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{4, 6, 8, 10, 8, 10, 12, 14}));
  EXPECT_NE(full({1}, 1.0 / 3, kHalf).to_string().find("0.33398438"), std::string::npos);
}

// Block by block or whole: widened, computed in float32, rounded once.
TEST_P(BFloat16Operations, OfManyElementsAreThoseOfFloat32RoundedOnce) {
  const auto half = [](const Shape& shape, double scale) {
    const Tensor steps = arange(shape.elements(), DType::kFloat64).reshape(shape);
    return sin(steps * scale).to(DType::kFloat32).to(kHalf);
  };
  const auto expect = [](auto function, const std::vector<Tensor>& inputs) {
    std::vector<Tensor> wide;
    for (const Tensor& input : inputs)
      wide.push_back(input.dtype() == kHalf ? input.to(DType::kFloat32) : input);
    const Tensor result = function(inputs), expected = function(wide);
    const bool narrows = expected.dtype() == DType::kFloat32;
    EXPECT_TRUE(same_bits(result, narrows ? expected.to(kHalf) : expected));
  };
  const auto sum_of = [](const std::vector<Tensor>& x) { return x[0] + x[1]; };
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    for (const Shape& shape : {Shape{16384}, Shape{16385}, Shape{100003}, Shape{3, 16385}, Shape{2, 5, 9000},
                               Shape{9000, 3}, Shape{2, 1, 3, 5000}}) {
      const Tensor x = half(shape, 0.7), y = half(shape, 0.3), row = half({shape[shape.rank() - 1]}, 0.9),
                   number = half({}, 1.0);
      Shape one_column = shape;
      one_column[shape.rank() - 1] = 1;
      expect(sum_of, {x, y});
      expect(sum_of, {x, row});
      expect(sum_of, {half(one_column, 0.2), x});
      expect(sum_of, {x, number});
      expect(sum_of, {copy(x.transpose()).transpose(), y});
      expect([](const auto& in) { return less(in[0], in[1]); }, {x, y});
      expect([](const auto& in) { return exp(in[0]); }, {x});
      expect([](const auto& in) { return select(in[0], in[1], in[2]); },
             {greater(x.to(DType::kFloat32), 0), x, row});
      expect([](const auto& in) { return activate(in[0], Curve::kGelu); }, {x});
    }
  }
  set_thread_count(2);
}

// Blocks of widened elements would not fit.
TEST_P(BFloat16Operations, WorkOnASmallStack) {
  set_thread_count(1);
  struct Work {
    Tensor x, y;
  } work{full({100000}, 1.5, kHalf), {}};
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 192 << 10), 0);
  pthread_t thread{};
  const auto run = [](void* given) -> void* {
    auto& [x, y] = *static_cast<Work*>(given);
    y = x + x;
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &work), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_TRUE(same_bits(work.y, full({100000}, 3, kHalf)));
  set_thread_count(2);
}

TEST_P(BFloat16Operations, MixedTypesAndRandomFillsAreRefused) {
  EXPECT_THROW(ones({2}, kHalf) + ones({2}), Error);
  EXPECT_THROW(apply(Op::kRandomUniform, {}, RandomAttributes{{2}, kHalf}), Error);
}

INSTANTIATE_TEST_SUITE_P(Backends, BFloat16Operations, testing::Values("reference", "cpu"));

}  // namespace
}  // namespace tessera
