#include "tessera/tensor/random.h"

#include "tessera/base/error.h"
#include "tessera/numerics/philox.h"
#include "tessera/tensor/op.h"

namespace tessera {

void RandomSource::begin_step(std::uint64_t step) {
  if (step > UINT32_MAX) fail("random: step {} is too large, expected below 2^32", step);
  if (step == step_) return;  // the same step still knows what it has drawn
  step_ = step;
  drawn_.clear();
}

Tensor RandomSource::draw(std::uint16_t op, std::string_view name, const Shape& shape, DType dtype,
                          std::uint64_t offset) {
  const numerics::PhiloxKey key = numerics::stream_key(seed_, name);
  RandomAttributes attributes{shape, dtype, key.k0, key.k1, static_cast<std::uint32_t>(step_), offset};
  infer(static_cast<Op>(op), {}, attributes);  // a wrong shape must not use up the name
  if (!drawn_.insert(fmt::format("{} {}", offset, name)).second)
    fail(
        "random: '{}' was already drawn in step {}: drawing it again would give the same numbers; use "
        "another name",
        name, step_);
  return apply(static_cast<Op>(op), {}, attributes);
}

Tensor RandomSource::uniform(std::string_view name, const Shape& shape, DType dtype, std::uint64_t offset) {
  return draw(static_cast<std::uint16_t>(Op::kRandomUniform), name, shape, dtype, offset);
}

Tensor RandomSource::normal(std::string_view name, const Shape& shape, DType dtype, std::uint64_t offset) {
  return draw(static_cast<std::uint16_t>(Op::kRandomNormal), name, shape, dtype, offset);
}

Tensor RandomSource::bits(std::string_view name, const Shape& shape, std::uint64_t offset) {
  return draw(static_cast<std::uint16_t>(Op::kRandomBits), name, shape, DType::kInt64, offset);
}

Tensor RandomSource::permutation(std::string_view name, std::int64_t n) {
  return draw(static_cast<std::uint16_t>(Op::kRandomPermutation), name, Shape{n}, DType::kInt64, 0);
}

}  // namespace tessera
