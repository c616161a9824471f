#include "tessera/train/trainer.h"

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/metrics/classification.h"
#include "tessera/nn/clipping.h"
#include "tessera/nn/losses.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/op_scope.h"
#include "tessera/tensor/ops.h"
#include "tessera/train/evaluation.h"
#include "tessera/train/loss_watch.h"

namespace tessera::train {

Trainer::Trainer(nn::Module& network, nn::Optimizer& optimizer, const data::Dataset& dataset,
                 const data::Split& split, const TrainerOptions& options)
    : network_(network),
      optimizer_(optimizer),
      dataset_(dataset),
      split_(split),
      options_(options),
      random_(options.seed),
      plan_({.samples = static_cast<std::int64_t>(split.train.size()),
             .batch = options.batch,
             .seed = options.seed,
             .drop_last = options.drop_last}),
      selection_(network, options.selection) {}

std::uint64_t Trainer::run(std::uint64_t done, StepObserver& observer, Progress* progress) {
  std::string held_out_text;
  LossWatch watch(observer);
  for (const data::Batch& batch : plan_.steps(done + 1, options_.steps)) {
    if (selection_.should_stop()) return batch.step - 1;
    const StepResult result = step(batch);
    selection_.after_step(batch.last_of_epoch || batch.step == options_.steps);
    std::vector<StepScalar> scalars = {{"loss", result.loss}};
    if (!of_numbers()) scalars.push_back({"accuracy", result.accuracy});
    scalars.push_back({"learning_rate", result.learning_rate});
    if (evaluates_after(batch)) {
      Evaluation held_out;
      selection_.evaluate([&] {
        held_out = evaluate_samples(network_, dataset_, split_.held_out, options_.loss);
        return held_out.loss;
      });
      for (StepScalar& scalar : held_out_scalars(held_out)) scalars.push_back(std::move(scalar));
      held_out_text = held_out.numbers ? fmt::format(", held out R2 {:.4f}", held_out.numbers->r2)
                                       : fmt::format(", held out {:.2f} %", 100 * held_out.accuracy);
    }
    if (progress)
      progress->update(batch.step,
                       fmt::format("epoch {}, loss {:.4f}{}", batch.epoch + 1, result.loss, held_out_text));
    const bool go_on = watch.on_step({batch.step, scalars});
    if (!not_finite_since_) not_finite_since_ = watch.not_finite_since();
    if (!go_on) return batch.step;
  }
  return std::max(done, options_.steps);
}

std::vector<StepScalar> Trainer::held_out_scalars(const Evaluation& held_out) const {
  std::vector<StepScalar> scalars = {{"held_out_loss", held_out.loss}};
  if (held_out.numbers) {
    scalars.push_back({"held_out_rmse", held_out.numbers->rmse});
    scalars.push_back({"held_out_mae", held_out.numbers->mae});
    scalars.push_back({"held_out_r2", held_out.numbers->r2});
    return scalars;
  }
  scalars.push_back({"held_out_accuracy", held_out.accuracy});
  if (of_points()) scalars.push_back({"held_out_mean_iou", held_out.confusion.mean_iou()});
  return scalars;
}

Trainer::BatchSize Trainer::size_of(const std::vector<std::int64_t>& samples) const {
  const auto count = static_cast<std::int64_t>(samples.size());
  const bool parts = dataset_.labels.rank() != 1;  // words or points
  BatchSize size{count, parts ? judged_labels(data::take_samples(dataset_.labels, samples)).size(0) : count,
                 0};
  if (dataset_.lengths.empty()) return size;
  for (const std::int64_t sample : samples)
    size.words = std::max(size.words, dataset_.lengths[static_cast<std::size_t>(sample)]);
  return size;
}

Trainer::StepResult Trainer::step(const data::Batch& batch) {
  random_.begin_step(batch.step);
  std::vector<std::int64_t> samples;
  for (const std::int64_t position : batch.positions)
    samples.push_back(split_.train[static_cast<std::size_t>(position)]);

  const BatchSize size = size_of(samples);
  // Of the shards that have samples: a last batch may be smaller than their number.
  std::vector<std::int64_t> bounds = {0};
  for (std::int64_t i = 1; i <= options_.shards; ++i)
    if (const std::int64_t last = i * size.samples / options_.shards; last > bounds.back())
      bounds.push_back(last);
  const ShardResult sum = numerics::tree_combine(
      static_cast<std::int64_t>(bounds.size()) - 1,
      [&](std::int64_t i) {
        const OpScope scope(bounds.size() == 2 ? "forward" : fmt::format("shard {}", i));
        const auto at = static_cast<std::size_t>(i), first = static_cast<std::size_t>(bounds[at]),
                   last = static_cast<std::size_t>(bounds[at + 1]);
        return shard(std::span(samples).subspan(first, last - first), first, size);
      },
      [](ShardResult left, const ShardResult& right) {
        left.loss = left.loss + right.loss;
        left.correct += right.correct;
        for (std::size_t i = 0; i < left.gradients.size(); ++i)
          left.gradients[i] = left.gradients[i] + right.gradients[i];
        return left;
      });

  const double learning_rate = selection_.learning_rate().value_or(options_.schedule.rate(batch.step - 1));
  update(sum.gradients, learning_rate);
  return {sum.loss.item_as_double(), static_cast<double>(sum.correct) / static_cast<double>(size.judged),
          learning_rate};
}

Trainer::ShardResult Trainer::shard(std::span<const std::int64_t> samples, std::uint64_t first,
                                    const BatchSize& batch) {
  Tensor features = data::take_samples(dataset_.features, samples);
  if (batch.words > 0) features = slice(features, {Range::all(), Range::to(batch.words)});
  if (options_.augmentation.any())
    features = data::augment_images(features, options_.augmentation, random_, "augment", first);
  const Tensor labels = judged_labels(data::take_samples(dataset_.labels, samples));
  std::vector<Tensor> weights;
  for (const nn::Parameter* parameter : optimizer_.parameters()) weights.push_back(parameter->value);

  Tape tape;
  tape.watch(weights);
  nn::Context context;
  context.training = true;
  context.random = &random_;
  context.first_sample = first;
  const Tensor scores = judged_scores(network_.forward(features, context), features);
  const Tensor value = nn::with_added_losses(training_loss(options_.loss, scores, labels, batch.judged),
                                             context, batch.samples);
  tape.stop();  // no second derivatives: the backward pass need not be kept
  return {value, of_numbers() ? 0 : metrics::correct_predictions(class_scores(options_.loss, scores), labels),
          tape.gradient(value, weights)};
}

void Trainer::update(std::vector<Tensor> gradients, double learning_rate) {
  if (options_.clip_value) nn::clip_by_value(gradients, *options_.clip_value);
  if (options_.clip_norm) nn::clip_by_norm(gradients, *options_.clip_norm);
  optimizer_.step(gradients, learning_rate);
  if (options_.max_norm) nn::constrain_max_norm(optimizer_.parameters(), *options_.max_norm);
}

bool Trainer::of_points() const {
  return dataset_.labels.rank() == 2 && dataset_.features.rank() == 3;
}

bool Trainer::of_numbers() const {
  return is_floating(dataset_.labels.dtype());
}

bool Trainer::evaluates_after(const data::Batch& batch) const {
  if (split_.held_out.empty()) return false;
  if (batch.step == options_.steps) return true;
  return batch.last_of_epoch && options_.evaluate_every > 0 &&
         (batch.epoch + 1) % options_.evaluate_every == 0;
}

std::int64_t steps_per_epoch(std::int64_t samples, std::int64_t batch, bool drop_last) {
  return data::BatchPlan({.samples = samples, .batch = batch, .drop_last = drop_last}).steps_per_epoch();
}

}  // namespace tessera::train
