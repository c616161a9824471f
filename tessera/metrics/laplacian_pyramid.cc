#include "tessera/metrics/laplacian_pyramid.h"

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::metrics {
namespace {

constexpr std::int64_t kReach = 2;  // of the filter, to each side
constexpr std::int64_t kSmallest = kReach + 1;

void check(const char* function, const Tensor& images, bool halved) {
  if (images.rank() != 4 || !is_floating(images.dtype()))
    fail("{}: the images are {} {}, expected floating [N, C, H, W]", function, dtype_name(images.dtype()),
         images.shape().to_string());
  for (const int axis : {2, 3})
    if (images.size(axis) < kSmallest || (halved && images.size(axis) % 2 != 0))
      fail("{}: the images {} cannot be {}: axis {} has {} pixels, expected {}at least {}", function,
           images.shape().to_string(), halved ? "halved" : "doubled", axis, images.size(axis),
           halved ? "an even number, " : "", kSmallest);
}

// The axis made longer by the filter's reach on both sides.
Tensor mirrored(const Tensor& x, int axis) {
  const std::int64_t length = x.size(axis);
  std::vector<std::int64_t> from;
  for (std::int64_t i = -kReach; i < length + kReach; ++i)
    from.push_back(i < 0 ? -i : i < length ? i : 2 * length - 2 - i);
  return gather(x, Tensor::from(from, {length + 2 * kReach}), axis);
}

// x [M, 1, H, W], every `stride`-th pixel of the axis.
Tensor blurred(const Tensor& x, int axis, std::int64_t stride, double gain) {
  const Tensor taps = cast(Tensor::from<double>({1, 4, 6, 4, 1}, {2 * kReach + 1}), x.dtype()) * (gain / 16);
  const bool rows = axis == 2;
  Conv2dOptions options;
  options.stride[rows ? 0 : 1] = stride;
  return conv2d(mirrored(x, axis), reshape(taps, rows ? Shape{1, 1, -1, 1} : Shape{1, 1, 1, -1}), options);
}

// Zeros behind every pixel of the axis: [M, 1, H, W].
Tensor spread(const Tensor& x, int axis) {
  Shape apart = x.shape(), wide = x.shape();
  apart.append(1);
  for (int i = x.rank(); i > axis + 1; --i) apart[i] = apart[i - 1];
  apart[axis + 1] = 1;
  wide[axis] *= 2;
  return reshape(concatenate({reshape(x, apart), zeros(apart, x.dtype())}, axis + 1), wide);
}

Tensor by_plane(const Tensor& images) {
  return reshape(images, {images.size(0) * images.size(1), 1, images.size(2), images.size(3)});
}

}  // namespace

Tensor pyramid_down(const Tensor& images) {
  check("pyramid_down", images, true);
  const Tensor small = blurred(blurred(by_plane(images), 2, 2, 1), 3, 2, 1);
  return reshape(small, {images.size(0), images.size(1), images.size(2) / 2, images.size(3) / 2});
}

Tensor pyramid_up(const Tensor& images) {
  check("pyramid_up", images, false);
  Tensor x = by_plane(images);
  for (const int axis : {2, 3}) x = blurred(spread(x, axis), axis, 1, 2);  // half of the taps meet zeros
  return reshape(x, {images.size(0), images.size(1), 2 * images.size(2), 2 * images.size(3)});
}

std::vector<Tensor> laplacian_pyramid(const Tensor& images, int levels) {
  if (levels < 1) fail("laplacian_pyramid: {} levels, expected at least 1", levels);
  check("laplacian_pyramid", images, false);
  std::vector<Tensor> pyramid = {images};
  for (int level = 1; level < levels; ++level) {
    const Tensor small = pyramid_down(pyramid.back());
    pyramid.back() = pyramid.back() - pyramid_up(small);
    pyramid.push_back(small);
  }
  return pyramid;
}

Tensor from_pyramid(const std::vector<Tensor>& pyramid) {
  if (pyramid.empty()) fail("from_pyramid: a pyramid without levels");
  Tensor images = pyramid.back();
  for (std::size_t level = pyramid.size() - 1; level-- > 0;) images = pyramid_up(images) + pyramid[level];
  return images;
}

}  // namespace tessera::metrics
