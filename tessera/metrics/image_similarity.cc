#include "tessera/metrics/image_similarity.h"

#include <algorithm>
#include <array>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::metrics {
namespace {

constexpr std::int64_t kWindow = 11;
constexpr double kDeviation = 1.5;
constexpr std::array<double, 5> kPowers = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr std::int64_t kPairsAtOnce = 256;

void check(const char* function, const Tensor& a, const Tensor& b, double range) {
  if (a.rank() != 4 || a.shape() != b.shape() || a.dtype() != b.dtype() || a.elements() == 0)
    fail("{}: the images are {} {} and {} {}, expected equal shapes [N, C, H, W] of one type, not empty",
         function, dtype_name(a.dtype()), a.shape().to_string(), dtype_name(b.dtype()),
         b.shape().to_string());
  if (ms_ssim_scales(a.size(2), a.size(3)) == 0)
    fail("{}: the images are {}, expected at least {} rows and columns (the window)", function,
         a.shape().to_string(), kWindow);
  if (!(range > 0)) fail("{}: range is {}, expected above 0", function, range);
}

// [N, C, H, W] -> float64 [N C, 1, H, W]
Tensor planes(const Tensor& images) {
  return reshape(cast(images, DType::kFloat64),
                 {images.size(0) * images.size(1), 1, images.size(2), images.size(3)});
}

Tensor gaussian() {
  const FloatEnvironment contract;
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t i = 0; i < kWindow; ++i) {
    const auto distance = static_cast<double>(i - kWindow / 2);
    weights.push_back(numerics::exp(-distance * distance / (2 * kDeviation * kDeviation)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return Tensor::from(weights, {kWindow});
}

struct Scale {
  Tensor structure, similarity;  // the means of cs and of l cs over places: [N C]
};
Scale compare(const Tensor& a, const Tensor& b, double range) {
  const FloatEnvironment contract;
  const double c1 = (0.01 * range) * (0.01 * range), c2 = (0.03 * range) * (0.03 * range);
  const Tensor weights = gaussian();
  const auto local_mean = [&](const Tensor& x) {
    return conv2d(conv2d(x, reshape(weights, {1, 1, kWindow, 1})), reshape(weights, {1, 1, 1, kWindow}));
  };
  const Tensor mean_a = local_mean(a), mean_b = local_mean(b);
  const Tensor squares = mean_a * mean_a + mean_b * mean_b, product = mean_a * mean_b;
  const Tensor variances = local_mean(a * a) + local_mean(b * b) - squares;
  const Tensor covariance = local_mean(a * b) - product;
  const Tensor structure = (covariance * 2 + c2) / (variances + c2);
  const Tensor luminance = (product * 2 + c1) / (squares + c1);
  return {mean(structure, {1, 2, 3}), mean(luminance * structure, {1, 2, 3})};
}

Tensor mean_over_channels(const Tensor& of_planes, const Tensor& images) {
  return mean(reshape(of_planes, {images.size(0), images.size(1)}), {1});
}

}  // namespace

int ms_ssim_scales(std::int64_t rows, std::int64_t columns) {
  int scales = 0;
  for (std::int64_t side = std::min(rows, columns); side >= kWindow && scales < 5; side /= 2) ++scales;
  return scales;
}

Tensor ssim(const Tensor& a, const Tensor& b, double range) {
  check("ssim", a, b, range);
  return mean_over_channels(compare(planes(a), planes(b), range).similarity, a);
}

Tensor ms_ssim(const Tensor& a, const Tensor& b, double range) {
  check("ms_ssim", a, b, range);
  const int scales = ms_ssim_scales(a.size(2), a.size(3));
  const FloatEnvironment contract;
  double sum = 0;  // of all five it is 1.0001; these are used as they were published
  for (int i = 0; i < scales; ++i) sum += kPowers[static_cast<std::size_t>(i)];
  if (scales == static_cast<int>(kPowers.size())) sum = 1;
  Tensor x = planes(a), y = planes(b), product;
  for (int i = 0; i < scales; ++i) {
    const Scale scale = compare(x, y, range);
    const bool last = i + 1 == scales;
    const Tensor factor =
        pow(relu(last ? scale.similarity : scale.structure), kPowers[static_cast<std::size_t>(i)] / sum);
    product = i == 0 ? factor : product * factor;
    if (last) break;
    x = average_pool2d(x);
    y = average_pool2d(y);
  }
  return mean_over_channels(product, a);
}

double similarity_of_pairs(const Tensor& images, std::int64_t pairs, double range, std::uint64_t seed) {
  constexpr const char* kName = "similarity_of_pairs";
  check(kName, images, images, range);
  const std::int64_t count = images.size(0);
  if (count < 2) fail("{}: one image, expected at least 2", kName);
  if (pairs < 1) fail("{}: {} pairs, expected at least 1", kName, pairs);
  RandomSource random(seed);
  const auto draw = [&](const char* name, std::int64_t range_of) {
    const Tensor bits = random.bits(name, {pairs});
    return bits - bits / range_of * range_of;
  };
  const Tensor first = draw("first", count), step = draw("second", count - 1) + 1;
  const Tensor other = first + step, second = other - other / count * count;  // any but the first
  std::vector<Tensor> found;
  for (std::int64_t at = 0; at < pairs; at += kPairsAtOnce) {
    const Range part(at, std::min(pairs, at + kPairsAtOnce));
    found.push_back(
        ms_ssim(gather(images, slice(first, {part})), gather(images, slice(second, {part})), range));
  }
  return mean(concatenate(found, 0)).item<double>();
}

}  // namespace tessera::metrics
