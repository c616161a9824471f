#include "tessera/nn/adversarial.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/activations.h"
#include "tessera/nn/loss_divisor.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// Mean over all elements.
Tensor mean_over(const char* loss, const Tensor& x, std::int64_t batch) {
  if (x.rank() < 1) fail("{}: the scores are a scalar, expected an axis of samples", loss);
  std::int64_t per_sample = 1;
  for (int axis = 1; axis < x.rank(); ++axis) per_sample *= x.size(axis);
  return sum(x) / (loss_divisor(loss, x.size(0), batch) * per_sample);
}

Tensor squared(const Tensor& x) {
  return x * x;
}

}  // namespace

Tensor discriminator_loss(const Tensor& real, const Tensor& fake, Adversarial kind, std::int64_t batch) {
  constexpr const char* kName = "discriminator_loss";
  switch (kind) {
    case Adversarial::kNonSaturating:
      return mean_over(kName, softplus(-real), batch) + mean_over(kName, softplus(fake), batch);
    case Adversarial::kHinge:
      return mean_over(kName, relu(1 - real), batch) + mean_over(kName, relu(1 + fake), batch);
    case Adversarial::kWasserstein:
      return mean_over(kName, fake, batch) - mean_over(kName, real, batch);
    case Adversarial::kLeastSquares:
      return (mean_over(kName, squared(real - 1), batch) + mean_over(kName, squared(fake), batch)) * 0.5;
  }
  TESSERA_CHECK(false, "an adversarial loss of kind {}", static_cast<int>(kind));
}

Tensor generator_loss(const Tensor& fake, Adversarial kind, std::int64_t batch) {
  constexpr const char* kName = "generator_loss";
  switch (kind) {
    case Adversarial::kNonSaturating:
      return mean_over(kName, softplus(-fake), batch);
    case Adversarial::kHinge:
    case Adversarial::kWasserstein:
      return -mean_over(kName, fake, batch);
    case Adversarial::kLeastSquares:
      return mean_over(kName, squared(fake - 1), batch) * 0.5;
  }
  TESSERA_CHECK(false, "an adversarial loss of kind {}", static_cast<int>(kind));
}

Tensor between(const Tensor& real, const Tensor& fake, const Tensor& u) {
  if (real.shape() != fake.shape() || real.rank() < 1 || u.shape() != Shape{real.size(0)})
    fail(
        "between: the real samples have shape {}, the fake ones {} and u {}; expected equal shapes [N, ...] "
        "and [N]",
        real.shape().to_string(), fake.shape().to_string(), u.shape().to_string());
  Shape per_sample{real.size(0)};
  for (int axis = 1; axis < real.rank(); ++axis) per_sample.append(1);
  const Tensor share = reshape(u, per_sample);
  return share * real + (1 - share) * fake;
}

Tensor gradient_penalty(const TensorFunction& critic, const Tensor& x, double target, std::int64_t batch) {
  if (x.rank() < 2)
    fail("gradient_penalty: the samples have shape {}, expected [N, ...] with at least two axes",
         x.shape().to_string());
  Tape tape;
  tape.watch(x);
  const Tensor scores = critic(x);
  if (scores.elements() != x.size(0))
    fail("gradient_penalty: the critic gives {} for {} samples, expected one score per sample",
         scores.shape().to_string(), x.size(0));
  const Tensor slope = tape.gradient(sum(scores), {x})[0];
  const Tensor squares = sum_squares(reshape(slope, {x.size(0), -1}), {1});
  if (target == 0) return mean_over("gradient_penalty", squares, batch);
  // The root has no slope at 0, where the penalty has none in any direction: there the sample counts, but does not pull.
  const Tensor flat = equal(squares, 0);
  const Tensor lengths = select(flat, 0, sqrt(select(flat, 1, squares)));
  return mean_over("gradient_penalty", squared(lengths - target), batch);
}

}  // namespace tessera::nn
