#include "tessera/nn/losses.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/nn/loss_divisor.h"
#include "tessera/tensor/ops.h"

namespace tessera::nn {

std::int64_t loss_divisor(const char* loss, std::int64_t samples, std::int64_t batch) {
  if (batch < 0 || (batch > 0 && batch < samples))
    fail("{}: the batch has {} samples, but {} were given", loss, batch, samples);
  const std::int64_t count = batch == 0 ? samples : batch;
  if (count == 0) fail("{}: the mean over no samples", loss);
  return count;
}

namespace {

// [N, C] and labels [N].
void require_classes(const char* loss, const Tensor& scores, const Tensor& labels) {
  if (scores.rank() != 2 || labels.rank() != 1 || labels.size(0) != scores.size(0))
    fail("{}: the scores have shape {}, the labels {}; expected [N, C] and [N]", loss,
         scores.shape().to_string(), labels.shape().to_string());
  if (labels.dtype() != DType::kInt64)
    fail("{}: the labels are {}, expected int64", loss, dtype_name(labels.dtype()));
}

// The divisor of the mean over all elements.
std::int64_t elements_divisor(const char* loss, const Tensor& x, const Tensor& target, std::int64_t batch) {
  if (x.shape() != target.shape())
    fail("{}: the prediction has shape {}, the target {}; expected equal shapes", loss, x.shape().to_string(),
         target.shape().to_string());
  if (x.rank() < 1) fail("{}: the prediction is a scalar, expected an axis of samples", loss);
  std::int64_t per_sample = 1;
  for (int axis = 1; axis < x.rank(); ++axis) per_sample *= x.size(axis);
  return loss_divisor(loss, x.size(0), batch) * per_sample;
}

// scores[n, labels[n]] as [N, 1].
Tensor at_labels(const Tensor& scores, const Tensor& labels) {
  return take_along(scores, reshape(labels, {labels.size(0), 1}), 1);
}

// true at (n, labels[n]).
Tensor is_label(const Tensor& scores, const Tensor& labels) {
  return equal(reshape(labels, {labels.size(0), 1}), arange(scores.size(1)));
}

}  // namespace

// ---- Classes ----

Tensor cross_entropy_loss(const Tensor& logits, const Tensor& labels, std::int64_t batch) {
  const Tensor losses = cross_entropy(logits, labels);
  return sum(losses) / loss_divisor("cross_entropy_loss", losses.elements(), batch);
}

namespace {

// Labels with the ignored ones replaced by 0, and the weight of each sample (0 for those), [N].
struct Counted {
  Tensor labels, weights;
};

Counted counted(const Tensor& labels, const CrossEntropySettings& settings, DType dtype) {
  const Tensor ignored = settings.ignored_label ? equal(labels, *settings.ignored_label) : Tensor();
  const Tensor valid = settings.ignored_label ? select(ignored, 0, labels) : labels;
  const Tensor weights =
      settings.class_weights.defined() ? gather(settings.class_weights, valid) : ones(labels.shape(), dtype);
  return {valid, settings.ignored_label ? select(ignored, 0, weights) : weights};
}

}  // namespace

double cross_entropy_weight(const Tensor& labels, const CrossEntropySettings& settings) {
  const NoTape no_tape;
  const DType dtype = settings.class_weights.defined() ? settings.class_weights.dtype() : DType::kFloat64;
  return cast(sum(counted(labels, settings, dtype).weights), DType::kFloat64).item<double>();
}

Tensor cross_entropy_loss(const Tensor& logits, const Tensor& labels, const CrossEntropySettings& settings,
                          double batch_weight) {
  constexpr const char* kName = "cross_entropy_loss";
  require_classes(kName, logits, labels);
  const double smoothing = settings.label_smoothing;
  if (!(smoothing >= 0 && smoothing < 1))
    fail("{}: label_smoothing is {}, expected at least 0 and below 1", kName, smoothing);
  const Shape classes{logits.size(1)};
  if (settings.class_weights.defined() && settings.class_weights.shape() != classes)
    fail("{}: the class weights have shape {}, expected {}", kName,
         settings.class_weights.shape().to_string(), classes.to_string());
  const double divisor = batch_weight != 0 ? batch_weight : cross_entropy_weight(labels, settings);
  if (!(divisor > 0))
    fail("{}: the weights of the labels add up to {}, expected more than 0", kName, divisor);
  const auto [valid, weights] = counted(labels, settings, logits.dtype());
  // Selected, not only weighted by 0: what is ignored may have an infinite loss.
  const Tensor weighted = cross_entropy(logits, valid) * weights;
  const Tensor losses =
      settings.ignored_label ? select(equal(labels, *settings.ignored_label), 0, weighted) : weighted;
  if (smoothing == 0) return sum(losses) / divisor;
  const Tensor logs = log_softmax(logits, 1);
  Tensor spread = -sum(settings.class_weights.defined() ? logs * settings.class_weights : logs, {1});
  if (settings.ignored_label) spread = select(equal(labels, *settings.ignored_label), 0, spread);
  return sum(losses * (1 - smoothing) + spread * (smoothing / static_cast<double>(classes[0]))) / divisor;
}

Tensor nll_loss(const Tensor& log_probabilities, const Tensor& labels, std::int64_t batch) {
  require_classes("nll_loss", log_probabilities, labels);
  return -sum(at_labels(log_probabilities, labels)) / loss_divisor("nll_loss", labels.size(0), batch);
}

Tensor multi_class_hinge_loss(const Tensor& scores, const Tensor& labels, double margin, std::int64_t batch) {
  require_classes("multi_class_hinge_loss", scores, labels);
  const Tensor excess = relu(scores - at_labels(scores, labels) + margin);
  return sum(select(is_label(scores, labels), 0, excess)) /
         loss_divisor("multi_class_hinge_loss", labels.size(0), batch);
}

// ---- Two classes, or many labels at once ----

// log(1 + e^-|x|) is common to both ends; what is left is x or 0, so that nothing cancels. -|x| is a select, whose gradient at 0 is
// that of one side: so the loss has its true slope there, 1/2 - t, which that of |x| would miss.
Tensor binary_cross_entropy_loss(const Tensor& logits, const Tensor& targets,
                                 const BinaryCrossEntropySettings& settings, std::int64_t batch) {
  const std::int64_t divisor = elements_divisor("binary_cross_entropy_loss", logits, targets, batch);
  const Tensor positive = greater(logits, 0);
  const Tensor tail = log1p(exp(select(positive, -logits, logits)));
  const Tensor absent = 1 - targets;
  const bool weighted = settings.positive_weights.defined();
  const Tensor present = weighted ? targets * settings.positive_weights : targets;
  const Tensor rest = select(positive, logits * absent, -logits * present);
  Tensor losses = rest + (weighted ? tail * (present + absent) : tail);
  if (settings.weights.defined()) losses = losses * settings.weights;
  if (losses.shape() != logits.shape())
    fail("binary_cross_entropy_loss: the weights make the losses {}, expected the shape {} of the logits",
         losses.shape().to_string(), logits.shape().to_string());
  return sum(losses) / divisor;
}

Tensor hinge_loss(const Tensor& scores, const Tensor& targets, double margin, std::int64_t batch) {
  const std::int64_t divisor = elements_divisor("hinge_loss", scores, targets, batch);
  return sum(relu(margin - targets * scores)) / divisor;
}

// ---- Numbers ----

Tensor mse_loss(const Tensor& prediction, const Tensor& target, std::int64_t batch) {
  const std::int64_t divisor = elements_divisor("mse_loss", prediction, target, batch);
  return sum_squares(prediction - target) / divisor;
}

Tensor l1_loss(const Tensor& prediction, const Tensor& target, std::int64_t batch) {
  const std::int64_t divisor = elements_divisor("l1_loss", prediction, target, batch);
  return sum(absolute(prediction - target)) / divisor;
}

Tensor huber_loss(const Tensor& prediction, const Tensor& target, double delta, std::int64_t batch) {
  const std::int64_t divisor = elements_divisor("huber_loss", prediction, target, batch);
  if (!(delta > 0)) fail("huber_loss: delta is {}, expected more than 0", delta);
  const Tensor e = prediction - target, size = absolute(e);
  return sum(select(less_equal(size, delta), e * e * 0.5, (size - 0.5 * delta) * delta)) / divisor;
}

// ---- Distributions ----

Tensor kl_divergence_loss(const Tensor& log_probabilities, const Tensor& target, std::int64_t batch) {
  elements_divisor("kl_divergence_loss", log_probabilities, target, batch);
  const Tensor absent = equal(target, 0);              // so that a target below 0, or NaN, shows
  const Tensor logs = log(select(absent, 1, target));  // 0 log 0 = 0, with its gradient
  const Tensor terms = select(absent, 0, target * (logs - log_probabilities));
  return sum(terms) / loss_divisor("kl_divergence_loss", target.size(0), batch);
}

Tensor with_added_losses(const Tensor& loss, const Context& context, std::int64_t batch) {
  Tensor total = loss;
  for (const Tensor& added : context.losses)
    total = total + sum(added) / loss_divisor("with_added_losses", added.elements(), batch);
  return total;
}

}  // namespace tessera::nn
