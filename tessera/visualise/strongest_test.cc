#include "tessera/visualise/strongest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::visualise {
namespace {

class Strongest : public ::testing::Test {
 protected:
  void SetUp() override { use_backend("cpu"); }
};

// Few different values, so that most of them are equal to others: the plain way is a stable sort of every image's first maximum.
TEST_F(Strongest, IsTheSortedListWhateverThePartsAndTheirOrder) {
  RandomSource random(7);
  const Tensor all =
      cast(cast(random.uniform("x", {50, 3, 2, 2}) * 5, DType::kInt64), DType::kFloat32) - 1;  // -1 to 3
  const std::vector<float> values = all.to_vector<float>();
  std::vector<std::vector<Activation>> expected(3);
  for (std::size_t map = 0; map < 3; ++map) {
    for (std::size_t i = 0; i < 50; ++i) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>((i * 3 + map) * 4);
      const auto place = std::max_element(begin, begin + 4) - begin;  // the first of equals
      if (begin[place] > 0)
        expected[map].push_back({begin[place], static_cast<std::int64_t>(i), place / 2, place % 2});
    }
    std::stable_sort(expected[map].begin(), expected[map].end(),
                     [](const Activation& a, const Activation& b) { return a.value > b.value; });
    expected[map].resize(9);
  }
  for (const std::int64_t group : {1, 7, 50})
    for (const bool backwards : {false, true}) {
      StrongestActivations strongest(3);
      std::vector<std::int64_t> firsts;
      for (std::int64_t first = 0; first < 50; first += group) firsts.push_back(first);
      if (backwards) std::reverse(firsts.begin(), firsts.end());
      for (const std::int64_t first : firsts) {
        const std::int64_t end = std::min<std::int64_t>(first + group, 50);
        std::vector<std::int64_t> samples(static_cast<std::size_t>(end - first));
        std::iota(samples.begin(), samples.end(), first);
        strongest.add(slice(all, {Range(first, end)}), samples);
      }
      for (std::int64_t map = 0; map < 3; ++map)
        EXPECT_EQ(strongest.of(map), expected[static_cast<std::size_t>(map)]);
    }
}

TEST_F(Strongest, KeepsWhatIsActive) {
  StrongestActivations strongest(2, 3);
  strongest.add(Tensor::from<float>({0, -1, 2, 5}, {1, 2, 1, 2}), {{4}});
  EXPECT_TRUE(strongest.of(0).empty());
  ASSERT_EQ(strongest.of(1).size(), 1u);
  EXPECT_EQ(strongest.of(1)[0], (Activation{5, 4, 0, 1}));
}

TEST_F(Strongest, Errors) {
  StrongestActivations strongest(1);
  const auto message = [&](const Tensor& x) -> std::string {
    try {
      strongest.add(x, {{12}});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(Tensor::from<float>({1, std::numeric_limits<float>::quiet_NaN()}, {1, 1, 1, 2})),
            "sample 13: an activation of feature map 1 is nan, expected finite numbers");
  EXPECT_EQ(
      message(zeros({1, 2, 3, 3})),
      "StrongestActivations: the activations have the shape [1, 2, 3, 3], expected [1, 1, rows, columns]");
}

}  // namespace
}  // namespace tessera::visualise
