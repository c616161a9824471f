#include "tessera/data/augmentation.h"

#include "tessera/base/error.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

// One number per sample and axis, uniform on (0, 1): [N, count, 1, 1].
Tensor per_sample(RandomSource& random, const std::string& name, const Tensor& images, std::int64_t count,
                  std::uint64_t first_sample) {
  const std::int64_t samples = images.size(0);
  return reshape(random.uniform(name, {samples, count}, DType::kFloat32,
                                first_sample * static_cast<std::uint64_t>(count)),
                 {samples, count, 1, 1});
}

// Whole numbers 0 ... count - 1 of draws on (0, 1); the product may round up to count.
Tensor whole(const Tensor& draws, std::int64_t count) {
  return cast(minimum(draws * static_cast<float>(count), static_cast<float>(count - 1)), DType::kInt64);
}

Tensor part(const Tensor& draws, std::int64_t column) {
  return draws.slice({Range::all(), Range(column, column + 1)});
}

Tensor flipped(const Tensor& images, RandomSource& random, const std::string& name, std::uint64_t first) {
  const Tensor draws = per_sample(random, name, images, 1, first);
  return select(less(draws, 0.5F), images.slice({Range::all(), Range::all(), Range::all(), Range::step(-1)}),
                images);
}

Tensor positions(const Tensor& images, int axis) {
  Shape shape{1, 1, 1, 1};
  shape[axis] = images.size(axis);
  return reshape(arange(images.size(axis)), shape);
}

// Element i along the axis becomes element i + offset, or zero outside.
Tensor moved(const Tensor& images, int axis, const Tensor& offsets) {
  const std::int64_t last = images.size(axis) - 1;
  const Tensor source = positions(images, axis) + offsets;  // [N, 1, H or 1, W or 1]
  const Tensor inside =
      select(less(source, std::int64_t{0}), zeros({}, DType::kBool), less_equal(source, last));
  const Tensor index = minimum(maximum(source, std::int64_t{0}), last);
  const Tensor taken = take_along(images, contiguous(broadcast_to(index, images.shape())), axis);
  return select(inside, taken, zeros({}, images.dtype()));
}

Tensor shifted(const Tensor& images, std::int64_t most, RandomSource& random, const std::string& name,
               std::uint64_t first) {
  const Tensor offsets = whole(per_sample(random, name, images, 2, first), 2 * most + 1) - most;
  return moved(moved(images, 2, part(offsets, 0)), 3, part(offsets, 1));
}

// Whether an element lies in the square along this axis.
Tensor covered(const Tensor& images, int axis, const Tensor& centres, std::int64_t length) {
  const Tensor from_start = positions(images, axis) - (centres - length / 2);
  return select(less(from_start, std::int64_t{0}), zeros({}, DType::kBool), less(from_start, length));
}

Tensor cut_out(const Tensor& images, std::int64_t length, RandomSource& random, const std::string& name,
               std::uint64_t first) {
  const Tensor draws = per_sample(random, name, images, 2, first);
  const Tensor rows = covered(images, 2, whole(part(draws, 0), images.size(2)), length);
  const Tensor columns = covered(images, 3, whole(part(draws, 1), images.size(3)), length);
  const Tensor kept = select(rows, columns, zeros({}, DType::kBool));
  return select(kept, zeros({}, images.dtype()), images);
}

void check(const Tensor& images, const ImageAugmentation& augmentation) {
  const bool needs_images = augmentation.flip || augmentation.shift > 0 || augmentation.cutout > 0;
  if (needs_images && images.rank() != 4)
    fail("augment_images: the samples have the shape {}, expected [N, C, H, W]", images.shape().to_string());
  if (augmentation.shift < 0 || augmentation.cutout < 0 || !(augmentation.noise >= 0))
    fail("augment_images: shift {}, cutout {}, noise {}, expected none below 0", augmentation.shift,
         augmentation.cutout, augmentation.noise);
}

}  // namespace

Tensor augment_images(const Tensor& images, const ImageAugmentation& augmentation, RandomSource& random,
                      const std::string& name, std::uint64_t first_sample) {
  check(images, augmentation);
  const OpScope scope("augment");
  Tensor result = images;
  if (augmentation.flip) result = flipped(result, random, name + ".flip", first_sample);
  if (augmentation.shift > 0)
    result = shifted(result, augmentation.shift, random, name + ".shift", first_sample);
  if (augmentation.cutout > 0)
    result = cut_out(result, augmentation.cutout, random, name + ".cutout", first_sample);
  if (augmentation.noise > 0) {
    const auto per =
        static_cast<std::uint64_t>(images.elements() / std::max<std::int64_t>(images.size(0), 1));
    result = result + random.normal(name + ".noise", images.shape(), images.dtype(), first_sample * per) *
                          augmentation.noise;
  }
  return result;
}

}  // namespace tessera::data
