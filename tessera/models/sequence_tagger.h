// A tag for each word of a sequence: what a recurrent layer, usually in both directions, made of the words up to each place is judged there by one
// linear layer for all places.
//
//   words -> embedding -> [dropout] -> RNN | GRU | LSTM, stacked, in both directions -> [dropout] -> linear at each word
//
// Graves & Schmidhuber, "Framewise phoneme classification with bidirectional LSTM networks", Neural Networks 18 (2005); Huang, Xu & Yu,
// "Bidirectional LSTM-CRF models for sequence tagging", 2015 (without its CRF: tags are chosen place by place).
//
// Input: int64 [N, T] of word ids, filled up with 0. Output: [N, T, tags], zeros at padding. The scores of a sequence are the same bits
// whatever else is in the batch and however far it is padded. Loss and accuracy are taken over words only: `loss`, `rows_of_words`.
//
// Errors and thread-safety: as of models/sequence_classifier.h.
//
// ```cpp
// models::SequenceTagger model({.words = {.vocabulary = 20, .embedding = 8, .hidden = 6, .bidirectional = true}, .tags = 3});
// RandomSource random(1);
// model.initialize(random);
// const Tensor sentences = Tensor::from<std::int64_t>({4, 7, 9, 5, 0, 0}, {2, 3});
// const Tensor scores = model.evaluate(sentences);
// assert(scores.shape() == (Shape{2, 3, 3}) && scores.at<float>({1, 2, 0}) == 0);
// const Tensor tags = Tensor::from<std::int64_t>({0, 1, 2, 1, -1, -1}, {2, 3});  // padding may hold anything
// assert(models::SequenceTagger::loss(scores, tags, sentences).rank() == 0);
// ```
#pragma once

#include "tessera/models/sequence_classifier.h"

namespace tessera::models {

struct SequenceTaggerSettings {
  SequenceSettings words;
  std::int64_t tags = 0;
};

class SequenceTagger : public nn::Module {
 public:
  explicit SequenceTagger(const SequenceTaggerSettings& settings);
  Tensor forward(const Tensor& words, nn::Context& context) override;
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  SequenceReading read(const Tensor& words) { return read_sequences(*this, words); }

  // Mean cross-entropy over the words; `all_words`: of the whole batch, if these are a shard of it (nn/losses.h).
  static Tensor loss(const Tensor& scores, const Tensor& tags, const Tensor& words,
                     std::int64_t all_words = 0);
  // Position of the largest score of each word, sequence by sequence, without padding.
  static std::vector<std::int64_t> predicted(const Tensor& scores, const Tensor& words);

 private:
  std::int64_t tags_;
  nn::Sequential* reader_;
  nn::Linear* head_;
};

}  // namespace tessera::models
