// Two questions about generated images: are they like real ones (sliced Wasserstein distance of patches, level by level), and are they as varied
// (MS-SSIM of pairs: 1 for a generator that always makes the same)? Asked of sets that go wrong in known ways.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

constexpr std::int64_t kCount = 200, kSide = 32;

// Stripes of any direction and width, with some grain: [200, 1, 32, 32] in [0, 1].
Tensor stripes(std::uint64_t seed) {
  RandomSource random(seed);
  const auto draw = [&](const char* name, double low, double high) {
    return random.uniform(name, {kCount, 1, 1, 1}) * (high - low) + low;
  };
  const Tensor angle = draw("angle", 0, 3.14159265), frequency = draw("frequency", 0.3, 0.8);
  const Tensor x = arange(kSide, DType::kFloat32), y = reshape(x, {kSide, 1});
  const Tensor wave = sin((x * cos(angle) + y * sin(angle)) * frequency + draw("phase", 0, 6.2831853));
  const Tensor grain = random.normal("grain", {kCount, 1, kSide, kSide}) * 0.05;
  return minimum(maximum((wave * 0.8 + 1) * 0.5 + grain, 0), 1);
}

void compare(const char* name, const Tensor& real, const Tensor& made) {
  const auto levels = metrics::patch_distances(real, made, {.patches_per_image = 32, .projections = 128});
  std::printf("%-22s", name);
  for (const metrics::LevelDistance& level : levels) std::printf("  %6.1f", 1000 * level.distance);
  std::printf("   %.3f\n", metrics::similarity_of_pairs(made, 300));
}

int main() {
  use_default_backend();
  const Tensor real = stripes(1), same = stripes(2);
  const auto fine = metrics::laplacian_pyramid(same, 2);
  std::printf("                        at 32    at 16   pairs     (distances times 1,000)\n");
  compare("other real images", real, same);
  compare("without fine details", real, metrics::pyramid_up(fine[1]));
  compare("more grain", real, same + RandomSource(3).normal("grain", same.shape()) * 0.2);
  compare("the same image always", real, copy(broadcast_to(slice(same, {Range(0, 1)}), same.shape())));
  compare("noise", real, RandomSource(4).uniform("noise", same.shape()));

  const Tensor softer = metrics::pyramid_up(fine[1]), one = slice(same, {Range(0, 1)});
  std::printf("\nan image and its blurred copy: SSIM %.3f, MS-SSIM of %d scales %.3f\n",
              metrics::ssim(one, slice(softer, {Range(0, 1)})).item<double>(),
              metrics::ms_ssim_scales(kSide, kSide),
              metrics::ms_ssim(one, slice(softer, {Range(0, 1)})).item<double>());

  // Plain sets of points: moved by a vector of length 1 in the plane, their distance is the mean of |cos|, 2 / pi.
  const Tensor points = RandomSource(5).normal("points", {500, 2});
  std::printf("points moved by (0.6, 0.8): %.4f, 2 / pi = 0.6366\n",
              metrics::sliced_wasserstein(points, points + Tensor::from<float>({0.6F, 0.8F}, {2}),
                                          {.projections = 4096}));
}
