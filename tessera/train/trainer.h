// The training loop, short enough to be read before it is trusted.
//
// A step takes the batch that belongs to its number (data/loader.h), cuts it into shards, adds the shards' losses and gradients
// by the tree T (contract rule 6), and lets the optimiser change the weights. Everything random depends on the seed and the step's number,
// so the loop can be taken up after any step: restore the network's and the optimiser's state and call `run` with
// the number of steps done.
//
// A step beyond these: training images are changed by counter (data/augmentation.h), gradients clipped before the update, weights held to a
// length after it; averages, the best weights and early stopping are model_selection.h's. Gradients over a batch that does not fit
// into memory are accumulated by cutting it into shards, which are worked on one after the other.
//
// Where a sample has a label for each of its words (data/text_samples.h), loss and accuracy are means over words, those of the whole batch
// alike; padding counts for nothing.
//
// Scalars of a step: "loss" (mean loss of the batch, before the update), "accuracy" (of the batch), "learning_rate"; at
// the end of an epoch that is evaluated also "held_out_loss" and "held_out_accuracy" (after the update), where points have labels "held_out_mean_iou".
// Where labels are numbers there is no accuracy; "held_out_rmse", "held_out_mae" and "held_out_r2" (metrics/regression.h) take its place.
// Thread-safety: one thread; the kernels use the pool.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tessera/base/progress.h"
#include "tessera/data/augmentation.h"
#include "tessera/data/dataset.h"
#include "tessera/data/loader.h"
#include "tessera/data/split.h"
#include "tessera/nn/module.h"
#include "tessera/nn/optimizers.h"
#include "tessera/nn/schedules.h"
#include "tessera/tensor/state.h"
#include "tessera/train/evaluation.h"
#include "tessera/train/model_selection.h"
#include "tessera/train/training_loss.h"

namespace tessera::train {

struct TrainerOptions {
  std::uint64_t seed = 0;
  std::uint64_t steps = 0;  // of the whole training
  std::int64_t batch = 32;
  std::int64_t shards = 1;  // shard i of a batch of B samples holds samples [iB/S, (i+1)B/S)
  bool drop_last = false;
  std::int64_t evaluate_every = 1;  // epochs; 0: only after the last step
  nn::Schedule schedule;
  LossOptions loss = {};
  std::optional<double> clip_norm = {}, clip_value = {}, max_norm = {};  // nn/clipping.h
  data::ImageAugmentation augmentation = {};
  SelectionOptions selection = {};
};

class Trainer {
 public:
  // Everything must outlive the trainer.
  Trainer(nn::Module& network, nn::Optimizer& optimizer, const data::Dataset& dataset,
          const data::Split& split, const TrainerOptions& options);

  // Does the steps after `done`; tells the observer of each, and stops when it says so, or early if that was asked for. Returns the last step
  // done.
  // A loss that is no longer finite is said on stderr, once; the training goes on.
  std::uint64_t run(std::uint64_t done, StepObserver& observer, Progress* progress = nullptr);

  // Averages, best weights, early stopping: kept with the run when the options ask for any of them.
  ModelSelection& selection() { return selection_; }

  // The first step done here whose loss was not finite.
  std::optional<std::uint64_t> not_finite_since() const { return not_finite_since_; }

 private:
  struct ShardResult {
    Tensor loss;  // its samples' sum, divided by the samples of the whole batch
    std::int64_t correct = 0;
    std::vector<Tensor> gradients;
  };
  struct StepResult {
    double loss, accuracy, learning_rate;
  };

  StepResult step(const data::Batch& batch);
  struct BatchSize {
    std::int64_t samples,
        judged;  // judged: labels, one per sample or one per word or point of each; the loss is the mean over them
    // Of its longest sample; 0: its samples are numbers. All shards are as wide, whatever is in them: random numbers have their place by the width.
    std::int64_t words;
  };
  BatchSize size_of(const std::vector<std::int64_t>& samples) const;
  ShardResult shard(std::span<const std::int64_t> samples, std::uint64_t first, const BatchSize& batch);
  std::vector<StepScalar> held_out_scalars(const Evaluation& held_out) const;
  bool of_points() const;   // each point of a sample has a label
  bool of_numbers() const;  // labels are numbers
  bool evaluates_after(const data::Batch& batch) const;
  void update(std::vector<Tensor> gradients, double learning_rate);

  nn::Module& network_;
  nn::Optimizer& optimizer_;
  const data::Dataset& dataset_;
  const data::Split& split_;
  TrainerOptions options_;
  RandomSource random_;
  data::BatchPlan plan_;
  ModelSelection selection_;
  std::optional<std::uint64_t> not_finite_since_;
};

// Steps of an epoch, which the options' number of steps is made from.
std::int64_t steps_per_epoch(std::int64_t samples, std::int64_t batch, bool drop_last);

}  // namespace tessera::train
