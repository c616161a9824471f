#include "tessera/stats/gumbel.h"

#include <cmath>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::stats {
namespace {

void check_logits(const char* where, const Tensor& logits) {
  if (!is_floating(logits.dtype()) || logits.rank() < 1 || logits.shape()[logits.rank() - 1] < 1)
    fail(
        "{}: the logits are {} of shape {}, expected a floating tensor [..., classes] with at least one "
        "class",
        where, dtype_name(logits.dtype()), logits.shape().to_string());
}

// The noise for bfloat16 logits is float32, rounded once when it is added.
Tensor noise_for(const Tensor& logits, RandomSource& random, std::string_view name) {
  const DType drawn = logits.dtype() == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  return cast(gumbel_noise(random, name, logits.shape(), drawn), logits.dtype());
}

}  // namespace

Tensor gumbel_noise(RandomSource& random, std::string_view name, const Shape& shape, DType dtype) {
  const NoTape constant;
  return -log(-log(random.uniform(name, shape, dtype)));
}

Tensor gumbel_max(const Tensor& logits, RandomSource& random, std::string_view name) {
  check_logits("gumbel_max", logits);
  return argmax(logits + noise_for(logits, random, name), -1);
}

Tensor gumbel_softmax(const Tensor& logits, double temperature, RandomSource& random, std::string_view name,
                      Choice choice) {
  check_logits("gumbel_softmax", logits);
  return gumbel_softmax_with(logits, noise_for(logits, random, name), temperature, choice);
}

Tensor gumbel_softmax_with(const Tensor& logits, const Tensor& noise, double temperature, Choice choice) {
  check_logits("gumbel_softmax", logits);
  if (!(temperature > 0) || !std::isfinite(temperature))
    fail("gumbel_softmax: the temperature is {}, expected a positive number", temperature);
  const Tensor soft = softmax((logits + noise) / temperature, -1);
  if (choice == Choice::kSoft) return soft;
  Tensor hard, same;
  {
    const NoTape constant;
    const Tensor chosen = argmax(soft, -1, true);
    hard = cast(equal(chosen, arange(logits.shape()[logits.rank() - 1])), logits.dtype());
    same = soft + 0.0;
  }
  return hard + (soft - same);  // soft - same is 0: the value is the choice itself, the gradient that of soft
}

}  // namespace tessera::stats
