#include "tessera/data/augmentation.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

class Augmentation : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  // Image n holds 1000 n + 10 row + column + 1, so that each element says where it came from.
  static Tensor numbered(std::int64_t count, std::int64_t rows, std::int64_t columns) {
    std::vector<float> values;
    for (std::int64_t n = 0; n < count; ++n)
      for (std::int64_t i = 0; i < rows * columns; ++i)
        values.push_back(static_cast<float>(1000 * n + 10 * (i / columns) + i % columns + 1));
    return Tensor::from<float>(values, {count, 1, rows, columns});
  }
};

TEST_F(Augmentation, FlipMirrorsAboutHalfOfTheImages) {
  const Tensor images = numbered(400, 2, 3);
  RandomSource random(1);
  const Tensor changed = augment_images(images, {.flip = true}, random, "a");
  int mirrored = 0;
  for (std::int64_t n = 0; n < 400; ++n) {
    const Tensor was = images.slice({n}), is = changed.slice({n});
    if (same_bits(was, is)) continue;
    EXPECT_TRUE(same_bits(is, was.slice({Range::all(), Range::all(), Range::step(-1)}))) << n;
    ++mirrored;
  }
  EXPECT_NEAR(mirrored, 200, 60);  // six standard deviations
}

TEST_F(Augmentation, ShiftMovesByEveryOffsetAndLetsZerosIn) {
  const std::int64_t rows = 5, columns = 7;
  const Tensor images = numbered(300, rows, columns);
  RandomSource random(2);
  const Tensor changed = augment_images(images, {.shift = 2}, random, "a");
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (std::int64_t n = 0; n < 300; ++n) {
    // The middle element says how far the image was moved: 2 is less than half of it.
    const auto middle = static_cast<std::int64_t>(changed.at<float>({n, 0, 2, 3})) - 1 - 1000 * n;
    const std::int64_t down = middle / 10 - 2, right = middle % 10 - 3;
    seen.insert({down, right});
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        const bool inside = r + down >= 0 && r + down < rows && c + right >= 0 && c + right < columns;
        ASSERT_EQ(changed.at<float>({n, 0, r, c}),
                  inside ? images.at<float>({n, 0, r + down, c + right}) : 0.F);
      }
  }
  EXPECT_EQ(seen.size(), 25u);
}

TEST_F(Augmentation, CutoutClearsOneSquare) {
  const Tensor images = ones({50, 2, 8, 8});
  RandomSource random(3);
  const std::vector<float> sums =
      sum(1 - augment_images(images, {.cutout = 3}, random, "a"), {1, 2, 3}).to_vector<float>();
  std::set<float> areas(sums.begin(), sums.end());
  // Two channels; at the edge the square is cut to two rows or columns.
  EXPECT_EQ(areas, (std::set<float>{8, 12, 18}));
}

TEST_F(Augmentation, NoiseHasItsDeviation) {
  RandomSource random(4);
  const Tensor noise = augment_images(zeros({100, 50}), {.noise = 0.5}, random, "a");
  EXPECT_NEAR(variance(noise).item<float>(), 0.25, 0.03);
}

TEST_F(Augmentation, APartOfABatchIsChangedAsWithinIt) {
  const ImageAugmentation all{.flip = true, .shift = 1, .cutout = 2, .noise = 0.1};
  const Tensor images = numbered(9, 4, 4);
  RandomSource whole(5), parts(5);
  const Tensor expected = augment_images(images, all, whole, "a");
  const Tensor first = augment_images(images.slice({Range::to(4)}), all, parts, "a");
  const Tensor second = augment_images(images.slice({Range::from(4)}), all, parts, "a", 4);
  EXPECT_TRUE(same_bits(concatenate({first, second}, 0), expected));
}

TEST_F(Augmentation, WrongInputsGetASentence) {
  RandomSource random(1);
  EXPECT_THROW(augment_images(zeros({4, 6}), {.flip = true}, random, "a"), Error);
  EXPECT_THROW(augment_images(zeros({4, 1, 6, 6}), {.noise = -1}, random, "b"), Error);
}

}  // namespace
}  // namespace tessera::data
