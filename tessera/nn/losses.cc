#include "tessera/nn/losses.h"

#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {
namespace {

// The number of samples to divide by.
std::int64_t divisor(const char* loss, std::int64_t samples, std::int64_t batch) {
  if (batch < 0 || (batch > 0 && batch < samples))
    fail("{}: the batch has {} samples, but {} were given", loss, batch, samples);
  const std::int64_t count = batch == 0 ? samples : batch;
  if (count == 0) fail("{}: the mean over no samples", loss);
  return count;
}

}  // namespace

Tensor cross_entropy_loss(const Tensor& logits, const Tensor& labels, std::int64_t batch) {
  const Tensor losses = cross_entropy(logits, labels);
  return sum(losses) / divisor("cross_entropy_loss", losses.elements(), batch);
}

Tensor mse_loss(const Tensor& prediction, const Tensor& target, std::int64_t batch) {
  if (prediction.shape() != target.shape())
    fail("mse_loss: the prediction has shape {}, the target {}; expected equal shapes",
         prediction.shape().to_string(), target.shape().to_string());
  if (prediction.rank() < 1) fail("mse_loss: the prediction is a scalar, expected an axis of samples");
  const std::int64_t samples = prediction.size(0);
  std::int64_t per_sample = 1;
  for (int axis = 1; axis < prediction.rank(); ++axis) per_sample *= prediction.size(axis);
  return sum_squares(prediction - target) / (divisor("mse_loss", samples, batch) * per_sample);
}

Tensor with_added_losses(const Tensor& loss, const Context& context, std::int64_t batch) {
  Tensor total = loss;
  for (const Tensor& added : context.losses)
    total = total + sum(added) / divisor("with_added_losses", added.elements(), batch);
  return total;
}

}  // namespace tessera::nn
