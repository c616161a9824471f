#include "tessera/tensor/random.h"

#include <gtest/gtest.h>

#include "tessera/numerics/philox.h"
#include "tessera/tensor/fake_backend_test.h"

namespace tessera {
namespace {

TEST(RandomSource, KeyAndCounterComeFromSeedNameAndStep) {
  FakeBackend& backend = FakeBackend::install();
  RandomSource random(42);
  random.begin_step(7);
  EXPECT_EQ(random.normal("layer.noise", {2, 3}, DType::kFloat64, 12).shape(), (Shape{2, 3}));
  const auto& attributes = std::get<RandomAttributes>(backend.calls.back().attributes);
  const numerics::PhiloxKey key = numerics::stream_key(42, "layer.noise");
  EXPECT_EQ(attributes.key0, key.k0);
  EXPECT_EQ(attributes.key1, key.k1);
  EXPECT_EQ(attributes.step, 7u);
  EXPECT_EQ(attributes.offset, 12u);
  EXPECT_EQ(backend.calls.back().op, Op::kRandomNormal);
  EXPECT_EQ(random.permutation("order", 5).dtype(), DType::kInt64);
  EXPECT_EQ(random.bits("words", {4}).dtype(), DType::kInt64);
}

TEST(RandomSource, OneNamePerStep) {
  FakeBackend::install();
  RandomSource random(1);
  random.uniform("a", {8});
  EXPECT_EQ(error_of([&] { random.normal("a", {8}); }),
            "random: 'a' was already drawn in step 0: drawing it again would give the same numbers; use "
            "another name");
  random.uniform("a", {8}, DType::kFloat32, 8);  // another part of the same draw
  random.begin_step(0);
  EXPECT_NE(error_of([&] { random.uniform("a", {8}); }), "no error");
  random.begin_step(1);
  random.uniform("a", {8});
  EXPECT_EQ(error_of([&] { random.begin_step(std::uint64_t{1} << 32); }),
            "random: step 4294967296 is too large, expected below 2^32");
}

TEST(RandomSource, AWrongCallDoesNotUseUpTheName) {
  FakeBackend::install();
  RandomSource random(1);
  EXPECT_EQ(error_of([&] { random.uniform("a", {8}, DType::kInt64); }),
            "random_uniform: dtype is int64, expected float32 or float64");
  EXPECT_EQ(random.uniform("a", {8}).elements(), 8);
}

}  // namespace
}  // namespace tessera
