#include "tessera/metrics/sliced_wasserstein.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/metrics/laplacian_pyramid.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::metrics {
namespace {

constexpr std::int64_t kDirectionsAtOnce =
    32;  // what is in memory at a time; the result does not depend on it
constexpr std::int64_t kImagesAtOnce = 256;

void check_sets(const char* function, const Tensor& a, const Tensor& b, int rank, const char* expected) {
  bool fits = a.rank() == rank && b.rank() == rank && a.dtype() == b.dtype() && is_floating(a.dtype());
  for (int axis = 1; fits && axis < rank; ++axis) fits = a.size(axis) == b.size(axis);
  if (!fits || a.elements() == 0 || b.elements() == 0)
    fail("{}: the sets are {} {} and {} {}, expected {} of one floating type, not empty", function,
         dtype_name(a.dtype()), a.shape().to_string(), dtype_name(b.dtype()), b.shape().to_string(),
         expected);
}

void require_positive(const char* function, const char* name, std::int64_t value) {
  if (value < 1) fail("{}: {} is {}, expected at least 1", function, name, value);
}

// Which sorted elements of two sets of n and m meet, and for what share of the whole: on a scale of n m the quantile function of one changes at
// multiples of m, that of the other at multiples of n.
struct Coupling {
  std::vector<std::int64_t> first, second;
  std::vector<double> share;
};
Coupling coupling(std::int64_t n, std::int64_t m) {
  const FloatEnvironment contract;
  const double whole = static_cast<double>(n) * static_cast<double>(m);
  Coupling pairs;
  for (std::int64_t i = 0, j = 0, at = 0; i < n && j < m;) {
    const std::int64_t next = std::min((i + 1) * m, (j + 1) * n);
    pairs.first.push_back(i);
    pairs.second.push_back(j);
    pairs.share.push_back(static_cast<double>(next - at) / whole);
    at = next;
    if (next == (i + 1) * m) ++i;
    if (next == (j + 1) * n) ++j;
  }
  return pairs;
}

// The mean of |a - b|^p over the coupling of sorted rows [directions, n] and [directions, m].
class RowDistance {
 public:
  RowDistance(std::int64_t n, std::int64_t m, int order, DType dtype) : order_(order), equal_(n == m) {
    if (equal_) return;
    const Coupling pairs = coupling(n, m);
    const Shape shape{static_cast<std::int64_t>(pairs.share.size())};
    first_ = Tensor::from(pairs.first, shape);
    second_ = Tensor::from(pairs.second, shape);
    share_ = cast(Tensor::from(pairs.share, shape), dtype);
  }
  Tensor operator()(const Tensor& a, const Tensor& b) const {
    const Tensor difference = equal_ ? a - b : gather(a, first_, 1) - gather(b, second_, 1);
    const Tensor cost = order_ == 1 ? absolute(difference) : difference * difference;
    return equal_ ? mean(cost, {1}) : sum(cost * share_, {1});
  }

 private:
  int order_;
  bool equal_;
  Tensor first_, second_, share_;
};

// Directions first, first + 1, ... of the unit sphere: [count, dimensions].
Tensor directions(RandomSource& random, std::int64_t first, std::int64_t count, std::int64_t dimensions,
                  DType dtype) {
  const Tensor normal =
      random.normal("directions", {count, dimensions}, dtype, static_cast<std::uint64_t>(first * dimensions));
  return normal / sqrt(sum_squares(normal, {1}, true));
}

// Patches [N patches, C, patch, patch] of images [N, C, H, W], at places that are the same for every image of the same position.
Tensor patches_of(const Tensor& images, const PatchDistanceSettings& settings) {
  const std::int64_t side = settings.patch, count = settings.patches_per_image;
  const std::int64_t colours = images.size(1), rows = images.size(2), columns = images.size(3);
  RandomSource random(settings.seed);
  const Tensor within = reshape(arange(colours) * (rows * columns), {colours, 1, 1}) +
                        reshape(arange(side) * columns, {side, 1}) + arange(side);
  std::vector<Tensor> parts;
  for (std::int64_t first = 0; first < images.size(0); first += kImagesAtOnce) {
    const std::int64_t n = std::min(kImagesAtOnce, images.size(0) - first);
    const auto places = [&](const char* name, std::int64_t range) {
      const Tensor bits = random.bits(name, {n, count}, static_cast<std::uint64_t>(first * count));
      return bits - bits / range * range;
    };
    const Tensor image = reshape(arange(n) * (colours * rows * columns), {n, 1});
    const Tensor corner =
        image + places("rows", rows - side + 1) * columns + places("columns", columns - side + 1);
    const Tensor index = reshape(reshape(corner, {n * count, 1, 1, 1}) + within, {-1});
    const Tensor pixels = reshape(slice(images, {Range(first, first + n)}), {-1});
    parts.push_back(reshape(gather(pixels, index), {n * count, colours, side, side}));
  }
  return parts.size() == 1 ? parts[0] : concatenate(parts, 0);
}

// Each channel to mean 0 and deviation 1, a patch as one row.
Tensor normalised(const Tensor& patches) {
  const std::vector<std::int64_t> axes = {0, 2, 3};
  const Tensor centred = patches - mean(patches, axes, true);
  const Tensor deviation = sqrt(variance(patches, axes, true));
  return reshape(centred / select(equal(deviation, 0), 1, deviation), {patches.size(0), -1});
}

int levels_of(const Tensor& images, std::int64_t smallest) {
  int levels = 1;
  std::int64_t rows = images.size(2), columns = images.size(3);
  while (rows % 2 == 0 && columns % 2 == 0 && std::min(rows, columns) / 2 >= smallest) {
    rows /= 2;
    columns /= 2;
    ++levels;
  }
  return levels;
}

}  // namespace

double sliced_wasserstein(const Tensor& a, const Tensor& b, const SlicedWassersteinSettings& settings) {
  constexpr const char* kName = "sliced_wasserstein";
  check_sets(kName, a, b, 2, "[N, D] and [M, D]");
  require_positive(kName, "projections", settings.projections);
  if (settings.order != 1 && settings.order != 2)
    fail("{}: order is {}, expected 1 or 2", kName, settings.order);
  const RowDistance distance(a.size(0), b.size(0), settings.order, a.dtype());
  const Tensor columns_a = transpose(a), columns_b = transpose(b);
  RandomSource random(settings.seed);
  std::vector<Tensor> costs;
  for (std::int64_t first = 0; first < settings.projections; first += kDirectionsAtOnce) {
    const std::int64_t count = std::min(kDirectionsAtOnce, settings.projections - first);
    const Tensor onto = directions(random, first, count, a.size(1), a.dtype());
    const Tensor cost = distance(sort(matmul(onto, columns_a)), sort(matmul(onto, columns_b)));
    costs.push_back(cast(cost, DType::kFloat64));
  }
  const double average = mean(concatenate(costs, 0)).item<double>();
  const FloatEnvironment contract;
  return settings.order == 1 ? average : std::sqrt(average);
}

std::vector<LevelDistance> patch_distances(const Tensor& a, const Tensor& b,
                                           const PatchDistanceSettings& settings) {
  constexpr const char* kName = "patch_distances";
  check_sets(kName, a, b, 4, "[N, C, H, W] and [M, C, H, W]");
  for (const auto& [name, value] :
       {std::pair("patch", settings.patch), std::pair("patches_per_image", settings.patches_per_image),
        std::pair("projections", settings.projections), std::pair("smallest", settings.smallest)})
    require_positive(kName, name, value);
  const int levels = levels_of(a, std::max(settings.smallest, settings.patch));
  const std::vector<Tensor> of_a = laplacian_pyramid(a, levels), of_b = laplacian_pyramid(b, levels);
  std::vector<LevelDistance> distances;
  for (std::size_t level = 0; level < of_a.size(); ++level) {
    const std::int64_t rows = of_a[level].size(2), columns = of_a[level].size(3);
    if (std::min(rows, columns) < settings.patch)
      fail("{}: the images are {}, smaller than a patch of {} pixels a side", kName, a.shape().to_string(),
           settings.patch);
    const Tensor points_a = normalised(patches_of(of_a[level], settings)),
                 points_b = normalised(patches_of(of_b[level], settings));
    distances.push_back(
        {rows, sliced_wasserstein(points_a, points_b,
                                  {.projections = settings.projections, .seed = settings.seed})});
  }
  return distances;
}

double mean_distance(const std::vector<LevelDistance>& levels) {
  if (levels.empty()) fail("mean_distance: no levels");
  const FloatEnvironment contract;
  double sum = 0;
  for (const LevelDistance& level : levels) sum += level.distance;
  return sum / static_cast<double>(levels.size());
}

}  // namespace tessera::metrics
