// Skip-gram for whole texts: the windows of a text as they were published, computed as a few large products.
//
// As in skipgram.h, a word's vector v is drawn to the vectors u of the words near it and driven away from random ones: of a pair the loss is
// -log sigmoid(v . u) - sum over `negatives` random words n of log sigmoid(-v . n). What differs is how pairs come about and what a step is:
//
//   - Words that are frequent are left out by chance, anew in each pass: one that makes up the share f of all words stays with the probability
//     min(1, sqrt(t / f) + t / f), t being `subsample`. Those that stay move together. (word2vec.c; the paper has sqrt(t / f).)
//   - The published window has a random length from 1 to `window`; here a pair of words d places apart counts (window - d + 1) / window, which is the
//     mean over these lengths.
//   - `noise_words` words are drawn for a step, with probabilities proportional to count^noise_power, and every word of the step is driven away from all of
//     them, weighted as `negatives` words for each of its pairs would be. The mean over draws is the loss above; one matrix product computes it.
//   - Steps are Adam's, of `batch` words with all their neighbours, with a rate that falls from learning_rate to 0 in a straight line.
//
// Mikolov, Chen, Corrado & Dean, "Efficient estimation of word representations in vector space", ICLR 2013 (windows); Mikolov, Sutskever, Chen,
// Corrado & Dean, "Distributed representations of words and phrases and their compositionality", NIPS 2013 (negatives, frequent words).
//
// Ids below 2 (padding, unknown) are taken out of the texts first. What is random depends on seed, pass and step only, so a training that is resumed, or run on
// another number of threads, gives the same bits. Memory: 16 bytes per word of the texts, and six times the two tables of vectors; a step
// reads and writes all of these, so large vocabularies want large batches.
//
// Errors: ids or settings out of range; texts in which, in some pass, no word has another one near it. Thread-safety: as a module.
//
// ```cpp
// std::vector<std::vector<std::int64_t>> texts;
// for (int i = 0; i < 50; ++i) texts.push_back(i % 2 ? std::vector<std::int64_t>{2, 3, 2, 3} : std::vector<std::int64_t>{4, 5, 4, 5});
// models::SkipGram model(/*vocabulary=*/6, {.dimensions = 8, .epochs = 40, .batch = 16, .learning_rate = 0.05});
// models::WindowTrainer trainer(model, texts, {.subsample = 0, .noise_words = 16});
// const double untrained = trainer.loss_of(texts);
// for (std::uint64_t step = 1; step <= trainer.steps(); ++step) trainer.step(step);
// assert(trainer.loss_of(texts) < untrained && model.nearest(2, 1)[0].id == 3);
// ```
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tessera/models/skipgram.h"

namespace tessera::models {

struct WindowSettings {
  double subsample = 1e-3;         // 0: every word stays
  double noise_power = 0.75;       // 0: every word is as likely as any other
  std::int64_t noise_words = 128;  // at least 1
};

// Texts one behind the other, as they are in one pass.
struct WindowPass {
  std::vector<std::int32_t> words, texts;  // ids, and of which text each word is
  std::vector<std::int32_t> centres;       // places of the words that have another one in their text
};

// Words with their neighbours, as a step takes them.
struct WindowBatch {
  Tensor centres;      // int64 [B]
  Tensor contexts;     // int64 [B * 2 window]; padding where a text ends
  Tensor weights;      // float32 [B, 2 window]: what each pair counts; 0 for padding
  Tensor pairs;        // float32 [B]: the sum of a word's weights
  double all_pairs{};  // the sum of all
};
WindowBatch window_batch(const WindowPass& pass, const std::vector<std::int64_t>& places,
                         std::int64_t window);

// The loss per pair. noise: int64 [M].
Tensor window_loss(SkipGram& model, const WindowBatch& batch, const Tensor& noise);

class WindowTrainer {
 public:
  // Of the model's settings every one is used. The model, which is initialised, must outlive the trainer.
  WindowTrainer(SkipGram& model, const std::vector<std::vector<std::int64_t>>& texts,
                const WindowSettings& settings = {});

  std::uint64_t steps() const { return first_steps_.back() - 1; }  // of all passes
  std::int64_t epoch_of(std::uint64_t step) const;                 // from 0
  bool last_of_epoch(std::uint64_t step) const;
  WindowPass pass_of(std::int64_t epoch) const;  // the words that stay in it
  // Takes step `number`, from 1; the state must be that after the step before. Returns its loss per pair.
  double step(std::uint64_t number);
  // The loss per pair of these texts, or others of the same vocabulary, now: every word stays, noise is always the same.
  double loss_of(const std::vector<std::vector<std::int64_t>>& texts);
  nn::Optimizer& optimizer() { return optimizer_; }  // its state and the model's are all that a training has

 private:
  void enter(std::int64_t epoch);
  Tensor noise(std::string_view name, RandomSource& random) const;

  SkipGram& model_;
  WindowSettings settings_;
  nn::Adam optimizer_;
  WindowPass whole_;                        // every word stays
  std::vector<double> stay_;                // probabilities, by id
  std::vector<double> cumulative_;          // of count^noise_power, by id
  RandomSource random_;                     // of steps
  std::vector<std::uint64_t> first_steps_;  // of each epoch, and past the last one
  std::int64_t epoch_ = -1;                 // that pass_ and order_ are of
  WindowPass pass_;
  std::vector<std::int64_t> order_;  // of pass_.centres
};

}  // namespace tessera::models
