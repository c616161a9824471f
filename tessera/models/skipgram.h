// Word vectors from the words around them: skip-gram with negative sampling (word2vec).
//
// For each word and each word within `window` places of it in the same sentence the two vectors are drawn together, and that of `negatives`
// random words driven away: the loss of a pair is -log sigmoid(v . u) - sum over negatives log sigmoid(-v . n). Negatives are drawn with
// the probabilities count^0.75, as published. Mikolov, Sutskever, Chen, Corrado & Dean, "Distributed representations of words and phrases and
// their compositionality", NIPS 2013. Deviations: every pair of a fixed window is used (no random shortening, no subsampling), and steps are of
// Adam on batches of pairs. skipgram_windows.h trains the same vectors on whole texts, with the published windows and subsampling, and faster.
//
// Every random number is by counter: pairs are shuffled as BatchPlan does, negatives of step t come from the stream "negatives" at step t. So a
// training that is resumed, or run on another number of threads, gives the same bits.
//
// Errors: no pair (sentences of one word), settings out of range, ids out of range. Thread-safety: as a module.
//
// ```cpp
// std::vector<std::vector<std::int64_t>> sentences;
// for (int i = 0; i < 50; ++i) sentences.push_back(i % 2 ? std::vector<std::int64_t>{2, 3, 2, 3} : std::vector<std::int64_t>{4, 5, 4, 5});
// models::SkipGram model(/*vocabulary=*/6, {.dimensions = 8, .epochs = 20, .batch = 16});
// models::train_skipgram(model, sentences);
// assert(model.nearest(2, 1)[0].id == 3 && model.nearest(4, 1)[0].id == 5);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tessera/nn/module.h"
#include "tessera/nn/optimizers.h"
#include "tessera/tensor/random.h"

namespace tessera::models {

struct SkipGramSettings {
  std::int64_t dimensions = 64;
  std::int64_t window = 5;
  std::int64_t negatives = 5;
  std::int64_t epochs = 5;
  std::int64_t batch = 256;  // pairs
  double learning_rate = 0.01;
  std::uint64_t seed = 1;
};

struct SimilarWord {
  std::int64_t id;
  double cosine;
};

class SkipGram : public nn::Module {
 public:
  SkipGram(std::int64_t vocabulary, const SkipGramSettings& settings);

  const SkipGramSettings& settings() const { return settings_; }
  std::int64_t vocabulary() const { return vocabulary_; }
  // The mean loss of pairs: centres and contexts int64 [B], negatives int64 [B, negatives].
  Tensor loss(const Tensor& centres, const Tensor& contexts, const Tensor& negatives);
  Tensor forward(const Tensor& ids,
                 nn::Context& context) override;  // the vectors of words: int64 [...] -> [..., dimensions]
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

  const Tensor& vectors() const {
    return centre_->value;
  }  // float32 [vocabulary, dimensions], to begin an nn::Embedding with
  const Tensor& context_vectors() const { return context_->value; }  // of words as neighbours of others
  // The words, from `first` on, whose vectors point most nearly the same way: the highest cosine first, equal ones by id; without itself.
  std::vector<SimilarWord> nearest(std::int64_t id, std::int64_t count, std::int64_t first = 2) const;

 private:
  void initialize_parameters(RandomSource& random) override;
  std::int64_t vocabulary_;
  SkipGramSettings settings_;
  nn::Parameter *centre_, *context_;
};

// (centre, context) of all sentences, in the order of the text. Ids below 2 (padding, unknown) are in no pair but keep their places.
std::vector<std::pair<std::int64_t, std::int64_t>> skipgram_pairs(
    const std::vector<std::vector<std::int64_t>>& sentences, std::int64_t window);

// What random words are drawn by: the sum of count^power up to each id, ids without a count left out. Then a word, as int64, for each number in (0, 1).
std::vector<double> noise_distribution(const std::vector<std::int64_t>& counts, double power);
Tensor draw_words(const std::vector<double>& distribution, const Tensor& uniform);

// The steps of a training as a computation that can be kept, resumed and observed.
class SkipGramTrainer : public Stateful {
 public:
  SkipGramTrainer(SkipGram& model,
                  const std::vector<std::vector<std::int64_t>>& sentences);  // initialises the model
  std::uint64_t steps() const { return steps_; }
  // Steps done + 1, ..., steps(); tells `observer` (may be null) of each with its "loss". Returns the last step done.
  std::uint64_t run(std::uint64_t done = 0, StepObserver* observer = nullptr);
  double last_loss() const { return last_loss_; }
  void visit_state(StateVisitor& visitor) override;  // "model" and "optimizer"

 private:
  double step(std::uint64_t number, const std::vector<std::int64_t>& positions);
  Tensor draw_negatives(std::int64_t pairs);
  SkipGram& model_;
  nn::Adam optimizer_;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs_;
  std::vector<double> cumulative_;  // of count^0.75 by id
  RandomSource random_;
  std::uint64_t steps_ = 0;
  double last_loss_ = 0;
};

void train_skipgram(SkipGram& model, const std::vector<std::vector<std::int64_t>>& sentences);

}  // namespace tessera::models
