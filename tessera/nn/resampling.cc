#include "tessera/nn/resampling.h"

#include <algorithm>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/nn/layer_parts.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// Each element along the last axes as a block of its own: [.., 1, ..] broadcast to [.., factor, ..].
Tensor repeated(const Tensor& x, std::int64_t factor, const Shape& output) {
  Shape apart{x.size(0) * x.size(1)}, repeats = apart;
  for (int axis = 2; axis < x.rank(); ++axis) {
    apart.append(x.size(axis));
    apart.append(1);
    repeats.append(x.size(axis));
    repeats.append(factor);
  }
  return reshape(broadcast_to(reshape(x, apart), repeats), output);
}

// Between the two nearest elements along an axis.
Tensor interpolated(const Tensor& x, int axis, std::int64_t factor) {
  const std::int64_t length = x.size(axis);
  std::vector<std::int64_t> before, after;
  std::vector<double> weight;
  const FloatEnvironment contract;
  for (std::int64_t i = 0; i < length * factor; ++i) {
    // ((i + 0.5) / factor - 0.5) as a fraction of 2 * factor: exact until the last division.
    const std::int64_t position = std::max<std::int64_t>(0, 2 * i + 1 - factor), whole = position / (2 * factor);
    before.push_back(std::min(whole, length - 1));
    after.push_back(std::min(whole + 1, length - 1));
    weight.push_back(static_cast<double>(position % (2 * factor)) / static_cast<double>(2 * factor));
  }
  Shape along = Shape::filled(x.rank() - axis, 1);
  along[0] = length * factor;
  const Shape flat{length * factor};
  const Tensor t = reshape(cast(Tensor::from(weight, flat), x.dtype()), along);
  return gather(x, Tensor::from(before, flat), axis) * (1 - t) + gather(x, Tensor::from(after, flat), axis) * t;
}

}  // namespace

Upsample::Upsample(std::int64_t factor, Interpolation interpolation)
    : factor_(parts::positive("Upsample", "factor", factor)), interpolation_(interpolation) {}

Tensor Upsample::forward(const Tensor& x, Context& /*context*/) {
  const Shape output = output_shape(x.shape());
  if (factor_ == 1 || x.elements() == 0) return factor_ == 1 ? x : zeros(output, x.dtype());
  if (interpolation_ == Interpolation::kNearest) return repeated(x, factor_, output);
  return interpolated(interpolated(x, 2, factor_), 3, factor_);
}

Shape Upsample::output_shape(const Shape& input) const {
  const bool nearest = interpolation_ == Interpolation::kNearest;
  if (nearest ? input.rank() < 3 || input.rank() > 5 : input.rank() != 4)
    fail("{}: the input has shape {}, expected [N, C, {}]", where(), input.to_string(),
         nearest ? "one to three axes" : "H, W");
  Shape output = input;
  for (int axis = 2; axis < input.rank(); ++axis) output[axis] = input[axis] * factor_;
  return output;
}

std::string Upsample::describe() const {
  return fmt::format("Upsample(x{}, {})", factor_,
                     interpolation_ == Interpolation::kNearest ? "nearest" : "bilinear");
}

}  // namespace tessera::nn
