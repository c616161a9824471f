#include "tessera/tensor/random.h"

#include <iterator>

#include "tessera/base/error.h"
#include "tessera/numerics/philox.h"
#include "tessera/tensor/op.h"

namespace tessera {

void RandomSource::begin_step(std::uint64_t step) {
  if (step > UINT32_MAX) fail("random: step {} is too large, expected below 2^32", step);
  if (step < step_)
    fail("random: step {} comes after step {}: its numbers may have been drawn; use a new RandomSource", step,
         step_);
  if (step == step_) return;  // the same step still knows what it has drawn
  step_ = step;
  drawn_.clear();
}

// Notes elements [begin, end) of the draw `name`, or refuses them. Other operations and dtypes take their numbers from the same
// stream, at positions that would have to be compared word by word: one name is for one kind.
void RandomSource::note(std::uint16_t op, std::string_view name, DType dtype, std::uint64_t begin,
                        std::uint64_t end) {
  const auto found = drawn_.find(name);
  if (found == drawn_.end()) {
    drawn_.emplace(std::string(name), Drawn{op, dtype, {{begin, end}}});
    return;
  }
  Drawn& drawn = found->second;
  if (drawn.op != op || drawn.dtype != dtype)
    fail("random: '{}' was already drawn in step {} by {} as {}: other draws need another name", name, step_,
         op_info(static_cast<Op>(drawn.op)).name, dtype_name(drawn.dtype));
  const auto next = drawn.parts.lower_bound(begin);  // the first part that starts here or later
  const bool meets_next = next != drawn.parts.end() && next->first < end;
  const bool meets_previous = next != drawn.parts.begin() && std::prev(next)->second > begin;
  if (meets_next || meets_previous)
    fail(
        "random: elements {} to {} of '{}' were already drawn in step {}, at least in part: drawing them "
        "again "
        "would give the same numbers; use another name",
        begin, end - 1, name, step_);
  drawn.parts.emplace(begin, end);
}

Tensor RandomSource::draw(std::uint16_t op, std::string_view name, const Shape& shape, DType dtype,
                          std::uint64_t offset, SourceLocation where) {
  const numerics::PhiloxKey key = numerics::stream_key(seed_, name);
  RandomAttributes attributes{shape, dtype, key.k0, key.k1, static_cast<std::uint32_t>(step_), offset};
  infer(static_cast<Op>(op), {}, attributes);  // a wrong shape must not use up the name
  const auto elements = static_cast<std::uint64_t>(shape.elements());
  if (elements > 0) note(op, name, dtype, offset, offset + elements);
  return apply(static_cast<Op>(op), {}, attributes, where);
}

Tensor RandomSource::uniform(std::string_view name, const Shape& shape, DType dtype, std::uint64_t offset,
                             SourceLocation where) {
  return draw(static_cast<std::uint16_t>(Op::kRandomUniform), name, shape, dtype, offset, where);
}

Tensor RandomSource::normal(std::string_view name, const Shape& shape, DType dtype, std::uint64_t offset,
                            SourceLocation where) {
  return draw(static_cast<std::uint16_t>(Op::kRandomNormal), name, shape, dtype, offset, where);
}

Tensor RandomSource::bits(std::string_view name, const Shape& shape, std::uint64_t offset,
                          SourceLocation where) {
  return draw(static_cast<std::uint16_t>(Op::kRandomBits), name, shape, DType::kInt64, offset, where);
}

Tensor RandomSource::permutation(std::string_view name, std::int64_t n, SourceLocation where) {
  return draw(static_cast<std::uint16_t>(Op::kRandomPermutation), name, Shape{n}, DType::kInt64, 0, where);
}

}  // namespace tessera
