#include "tessera/nn/initialisers.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

constexpr double kSqrt3 = 1.7320508075688772;

// bfloat16 has too few bits for draws (numerics contract, 7): those are float32, and the weights rounded once.
DType drawn_type(DType dtype) {
  return dtype == DType::kBFloat16 ? DType::kFloat32 : dtype;
}

Tensor rounded(const Tensor& weight, DType dtype) {
  return weight.dtype() == dtype ? weight : weight.to(dtype);
}

double kaiming_deviation(const Shape& shape, double gain) {
  return gain / numerics::sqrt(static_cast<double>(fans(shape).in));
}

double xavier_deviation(const Shape& shape, double gain) {
  const Fans both = fans(shape);
  return gain * numerics::sqrt(2.0 / static_cast<double>(both.in + both.out));
}

}  // namespace

Fans fans(const Shape& weight) {
  if (weight.rank() < 2)
    fail("initialisers: a weight of shape {} has no fans, expected [out, in, ...]", weight.to_string());
  std::int64_t field = 1;
  for (int axis = 2; axis < weight.rank(); ++axis) field *= weight[axis];
  return {weight[1] * field, weight[0] * field};
}

Tensor uniform_init(RandomSource& random, const std::string& path, const Shape& shape, double bound,
                    DType dtype) {
  return rounded((random.uniform("init/" + path, shape, drawn_type(dtype)) * 2 - 1) * bound, dtype);
}

Tensor normal_init(RandomSource& random, const std::string& path, const Shape& shape, double deviation,
                   DType dtype) {
  return rounded(random.normal("init/" + path, shape, drawn_type(dtype)) * deviation, dtype);
}

Tensor kaiming_uniform(RandomSource& random, const std::string& path, const Shape& shape, DType dtype,
                       double gain) {
  const FloatEnvironment contract;
  return uniform_init(random, path, shape, kSqrt3 * kaiming_deviation(shape, gain), dtype);
}

Tensor kaiming_normal(RandomSource& random, const std::string& path, const Shape& shape, DType dtype,
                      double gain) {
  const FloatEnvironment contract;
  return normal_init(random, path, shape, kaiming_deviation(shape, gain), dtype);
}

Tensor xavier_uniform(RandomSource& random, const std::string& path, const Shape& shape, DType dtype,
                      double gain) {
  const FloatEnvironment contract;
  return uniform_init(random, path, shape, kSqrt3 * xavier_deviation(shape, gain), dtype);
}

Tensor xavier_normal(RandomSource& random, const std::string& path, const Shape& shape, DType dtype,
                     double gain) {
  const FloatEnvironment contract;
  return normal_init(random, path, shape, xavier_deviation(shape, gain), dtype);
}

}  // namespace tessera::nn
