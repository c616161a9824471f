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
  EXPECT_EQ(
      error_of([&] { random.uniform("a", {8}); }),
      "random: elements 0 to 7 of 'a' were already drawn in step 0, at least in part: drawing them again "
      "would give the same numbers; use another name");
  random.uniform("a", {8}, DType::kFloat32, 8);  // another part of the same draw
  random.begin_step(0);
  EXPECT_NE(error_of([&] { random.uniform("a", {8}); }), "no error");
  random.begin_step(1);
  random.uniform("a", {8});
  EXPECT_EQ(error_of([&] { random.begin_step(std::uint64_t{1} << 32); }),
            "random: step 4294967296 is too large, expected below 2^32");
}

TEST(RandomSource, PartsMayNotOverlap) {
  FakeBackend::install();
  RandomSource random(1);
  const auto draw = [&](std::uint64_t offset, std::int64_t n) {
    return error_of([&] { random.uniform("a", {n}, DType::kFloat32, offset); });
  };
  EXPECT_EQ(draw(10, 10), "no error");
  EXPECT_EQ(draw(30, 10), "no error");
  EXPECT_EQ(draw(20, 10), "no error");
  for (const auto& [offset, n] : {std::pair(10, 1), {19, 1}, {0, 11}, {39, 5}, {0, 50}, {15, 20}})
    EXPECT_NE(draw(static_cast<std::uint64_t>(offset), n), "no error") << offset << ' ' << n;
  EXPECT_EQ(draw(0, 10), "no error");
  EXPECT_EQ(draw(40, 1), "no error");
}

TEST(RandomSource, ANameIsForOneKindOfDraw) {
  FakeBackend::install();
  RandomSource random(1);
  random.uniform("a", {8});
  const std::string message =
      "random: 'a' was already drawn in step 0 by random_uniform as float32: other draws need another name";
  EXPECT_EQ(error_of([&] { random.normal("a", {8}, DType::kFloat32, 8); }), message);
  EXPECT_EQ(error_of([&] { random.uniform("a", {8}, DType::kFloat64, 8); }), message);
  random.begin_step(1);
  EXPECT_EQ(error_of([&] { random.normal("a", {8}); }), "no error");
}

TEST(RandomSource, StepsDoNotGoBack) {
  FakeBackend::install();
  RandomSource random(1);
  random.begin_step(5);
  EXPECT_EQ(error_of([&] { random.begin_step(4); }),
            "random: step 4 comes after step 5: its numbers may have been drawn; use a new RandomSource");
  random.begin_step(5);
  random.begin_step(6);
}

TEST(RandomSource, PositionsStayBelowTwoTo63) {
  FakeBackend::install();
  RandomSource random(1);
  const std::uint64_t last = INT64_MAX - 8;
  EXPECT_EQ(error_of([&] { random.uniform("a", {8}, DType::kFloat32, last); }), "no error");
  EXPECT_EQ(error_of([&] { random.uniform("b", {8}, DType::kFloat32, last + 1); }),
            "random_uniform: the offset 9223372036854775800 leaves no room for 8 elements below 2^63");
  EXPECT_NE(error_of([&] { random.uniform("b", {8}, DType::kFloat32, UINT64_MAX); }), "no error");
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
