// What networks over sequences of words are made of: words to vectors, and a vector for the whole sequence.
//
// Words are ids, [N, T], filled up with 0 (data/vocabulary.h): a sequence's words come first, and each has at least one. WordEmbedding says
// the lengths to the layers behind it through the context (nn::Context::lengths). Nothing that stands in the padding changes a bit of what is made
// of a sequence, nor does what else is in the batch. The width T has a part in one thing: the random numbers of a dropout at each word have their
// place by it, so all shards of a batch are to be as wide as the batch.
//
//   mean       the sum over times by contract rule 3, to which padding adds +0, divided once by the length
//   max        the largest; padding counts as the lowest number of the type
//   last       the state in which each direction of a recurrent layer ended: of a reverse run that at the first time
//   attention  models/attention_pool.h
//
// Errors: a length of 0, a word behind padding, other shapes and types; they name the layer. Thread-safety: as every Module.
//
// ```cpp
// const Tensor words = Tensor::from<std::int64_t>({4, 7, 9, 5, 0, 0}, {2, 3});
// assert(models::sequence_lengths(words, "words").to_vector<std::int64_t>() == (std::vector<std::int64_t>{3, 1}));
// models::WordEmbedding embedding(20, 4);
// RandomSource random(1);
// embedding.initialize(random);
// nn::Context context;
// const Tensor x = embedding.forward(words, context);
// const Tensor pooled = models::pool_over_time(x, context.lengths, models::TimePooling::kMean);
// assert(same_bits(pooled.slice({1}), x.slice({1, 0})));  // of one word it is that word
// ```
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tessera/models/attention_pool.h"
#include "tessera/nn/embedding.h"
#include "tessera/nn/module.h"
#include "tessera/nn/recurrent.h"

namespace tessera::models {

// How many words each sequence has, int64 [N]. `ids` int64 [N, T]; `where` begins the message of an error.
Tensor sequence_lengths(const Tensor& ids, const std::string& where);

// Says `lengths`, made by operations, to whoever writes the pass down (nn::Context::announce_lengths), if anybody does. Error: one is not `times`.
void announce_lengths(nn::Context& context, const Tensor& lengths, std::int64_t times);
// x [N, T, F] with zeros at times that the sequences do not have.
Tensor zeros_behind(const Tensor& x, const Tensor& lengths);

enum class TimePooling : std::uint8_t { kLast, kMean, kMax, kAttention };
const char* time_pooling_name(TimePooling pooling);    // "last", ...
TimePooling time_pooling_of(const std::string& name);  // throws Error for others

// x [N, T, F] -> [N, F]; lengths int64 [N] from 1 to T, undefined: all T. kLast, kMean or kMax. `both_directions`: the second half of the
// features is of a reverse run (kLast only).
Tensor pool_over_time(const Tensor& x, const Tensor& lengths, TimePooling pooling,
                      bool both_directions = false);

// The rows of x [N, T, ...] at times that the sequences have, sequence by sequence: [words, ...]. What a loss per word is taken over.
Tensor rows_of_words(const Tensor& x, const Tensor& lengths);
// The other way: rows [words, ...] at their places in [N, times, ...], zeros elsewhere.
Tensor padded_rows(const Tensor& rows, const Tensor& lengths, std::int64_t times);

// Ids [N, T], int64 or whole numbers of float32, -> [N, T, features]. The vector of padding is zeros and is not learned.
class WordEmbedding : public nn::Module {
 public:
  WordEmbedding(std::int64_t vocabulary, std::int64_t features, DType dtype = DType::kFloat32);
  Tensor forward(const Tensor& ids, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  nn::Parameter& weight() { return table_->weight(); }

 private:
  nn::Embedding* table_;
};

// [N, T, F] -> [N, F] by the context's lengths.
class TimePool : public nn::Module {
 public:
  struct Settings {
    std::int64_t features = 0;
    TimePooling pooling = TimePooling::kMean;
    bool both_directions = false;
    std::int64_t attention = 0;  // size of the question; 0: as many as features
    DType dtype = DType::kFloat32;
  };
  explicit TimePool(const Settings& settings);
  Tensor forward(const Tensor& x, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;

 private:
  Settings settings_;
  AttentionPool* attention_ = nullptr;
};

// The recurrent part of the models below; none is mean pooling over words alone, or any other pooling.
enum class Recurrence : std::uint8_t { kNone, kRNN, kGRU, kLSTM };
std::unique_ptr<nn::Recurrent> make_recurrence(Recurrence kind, std::int64_t features, std::int64_t hidden,
                                               const nn::RecurrentSettings& settings);

}  // namespace tessera::models
