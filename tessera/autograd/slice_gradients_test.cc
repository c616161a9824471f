#include "tessera/autograd/slice_gradients.h"

#include <gtest/gtest.h>

#include <limits>

#include "tessera/autograd/tape.h"
#include "tessera/backends/backends.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::internal {
namespace {

const Shape kFull{5, 4, 6};

// Numbers among which are zeros of both signs and NaN.
SliceGradient of_slice(RandomSource& random, const std::vector<Range>& ranges) {
  SliceAttributes slice{{}, kFull};
  Shape shape;
  for (int axis = 0; axis < kFull.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    slice.ranges.push_back((at < ranges.size() ? ranges[at] : Range::all()).resolve(kFull[axis], axis));
    if (!slice.ranges.back().removes_axis) shape.append(slice.ranges.back().length);
  }
  random.begin_step(random.step() + 1);
  std::vector<float> values = random.normal("g", shape).to_vector<float>();
  for (std::size_t i = 0; i < values.size(); i += 3) values[i] = i % 2 == 0 ? -0.0F : 0.0F;
  if (!values.empty()) values.back() = std::numeric_limits<float>::quiet_NaN();
  return {slice, Tensor::from(values, shape)};
}

Tensor by_definition(const std::vector<SliceGradient>& slices, std::int64_t entries) {
  Tensor total = embed(slices[0].gradient, slices[0].slice);
  for (std::size_t i = 1; i < slices.size(); ++i) total = total + embed(slices[i].gradient, slices[i].slice);
  return slice(total, {Range(0, entries)});
}

TEST(SliceGradients, AreTheSumOfEmbeddedOnes) {
  use_backend("reference");
  const Range all = Range::all();
  const std::vector<std::vector<std::vector<Range>>> cases = {
      {{0}},                                                                        // one alone
      {{1}, {0}},                                                                   // with a gap behind
      {{Range(3, 5)}, {Range(0, 2)}},                                               // between
      {{all, all, Range(4, 6)}, {all, all, Range(2, 4)}, {all, all, Range(0, 2)}},  // without gaps
      {{all, 3}, {all, 0}, {all, 2}, {all, 1}},  // removed axes, in any order
      {{Range(0, 3)}, {Range(2, 5)}},            // overlapping
      {{Range::step(2)}, {1}},                   // not a run
      {{0, Range(1, 3)}, {1}},                   // cut along two axes
      {{all}, {0}},                              // everything, and a part
      {{Range(2, 2)}, {Range(1, 3)}},            // nothing, and a part
      {{Range(1, 4)}, {0}}};
  RandomSource random(1);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::vector<SliceGradient> slices;
    for (const auto& ranges : cases[i]) slices.push_back(of_slice(random, ranges));
    for (const std::int64_t entries : {1, 2, 5})
      EXPECT_TRUE(same_bits(sum_of_slices(slices, entries), by_definition(slices, entries)))
          << "case " << i << ", " << entries << " entries";
  }
}

// What other consumers of the tensor give is added to what slices give, in descending order of the consumers.
TEST(SliceGradients, KeepTheirPlaceAmongOtherContributions) {
  use_backend("reference");
  constexpr double kLarge = 1e16;  // its neighbours are 2 away
  const auto gradient = [](double a, double b, double c, bool slice_last) {
    const Tensor x = Tensor::from<double>({1, 1}, {2});
    Tape tape;
    tape.watch(x);
    const auto part = [&](double factor) { return slice(x, {Range(0, 1)}) * factor; };
    const auto whole = [&](double factor) { return sum(x) * factor; };
    const Tensor from_a = part(a), from_b = slice_last ? whole(b) : part(b),
                 from_c = slice_last ? part(c) : whole(c);
    return slice(tape.gradient(sum((from_a + from_b) + from_c), {x})[0], {0}).item<double>();
  };
  for (const bool slice_last : {false, true}) {
    EXPECT_EQ(gradient(-kLarge, kLarge, 3, slice_last), 4);
    EXPECT_EQ(gradient(3, kLarge, -kLarge, slice_last), 3);
  }
}

}  // namespace
}  // namespace tessera::internal
