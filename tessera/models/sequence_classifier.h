// A class for a sequence of words: an RNN, GRU or LSTM reads the words, and what it made of them is pooled over time and judged by a linear
// layer. Without a recurrent part it is the mean (or the largest, or an attention) of word vectors, which does not see the order of the words: the
// baseline beside which a recurrence has to show what it is good for.
//
//   words -> embedding -> [dropout] -> [RNN | GRU | LSTM, stacked, in both directions] -> last, mean, max or attention -> [dropout] -> linear
//
// Elman, "Finding structure in time", Cognitive Science 14 (1990); Cho et al., "Learning phrase representations using RNN encoder-decoder",
// EMNLP 2014 (GRU; here with the reset gate after the recurrent product, as cuDNN and PyTorch have it); Hochreiter & Schmidhuber, "Long short-term memory",
// Neural Computation 9 (1997).
//
// Input: int64 [N, T] of word ids, filled up with 0 (models/sequence_layers.h). The scores of a sequence are the same bits whatever else is in
// the batch and however far it is padded. Gates are given by `run`: [N, times, hidden] for each word.
//
// Errors: settings out of range; an id that is not in the vocabulary, an empty sequence, a word behind padding. Thread-safety: as every Module.
//
// ```cpp
// models::SequenceClassifier model({.words = {.vocabulary = 20, .embedding = 8, .hidden = 6}, .classes = 2});
// RandomSource random(1);
// model.initialize(random);
// const Tensor sentences = Tensor::from<std::int64_t>({4, 7, 9, 5, 0, 0}, {2, 3});
// assert(model.evaluate(sentences).shape() == (Shape{2, 2}));
// assert(same_bits(model.evaluate(sentences).slice({1}), model.evaluate(sentences.slice({Range(1, 2), Range(0, 1)})).slice({0})));
// const models::SequenceReading reading = model.read(sentences);
// assert(reading.shown.at("recurrence.l0.z").shape() == (Shape{2, 3, 6}));  // the update gate by word
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tessera/models/sequence_layers.h"
#include "tessera/nn/layers.h"

namespace tessera::models {

// The part that reads words, of the classifier and of the tagger.
struct SequenceSettings {
  std::int64_t vocabulary = 0;  // number of word ids, padding included
  std::int64_t embedding = 64;
  Recurrence recurrence = Recurrence::kGRU;
  std::int64_t hidden = 64;  // of each direction
  std::int64_t layers = 1;
  bool bidirectional = false;
  bool reset_gate = true;  // of a GRU
  double drop = 0;         // of what goes into the recurrent part, and of what is judged
  DType dtype = DType::kFloat32;
};

// The layers of that part as children of `owner`'s Sequential; `features` of what comes out, per word.
std::int64_t add_reader(nn::Sequential& network, const SequenceSettings& settings);

struct SequenceClassifierSettings {
  SequenceSettings words;
  std::int64_t classes = 0;
  TimePooling pooling = TimePooling::kLast;
  std::int64_t attention = 0;  // size of the attention's question; 0: as many as features
};

// What a pass outside of training shows of itself.
struct SequenceReading {
  Tensor scores;
  // Gates of the recurrent part, [N, T, hidden], zeros past the length: "recurrence.l0.r" (layer 0), "recurrence.l0_reverse.z", ...
  // (nn::RecurrentResult::gates); "pool.attention.weights" [N, T].
  std::map<std::string, Tensor> shown;
};
SequenceReading read_sequences(nn::Module& network, const Tensor& words);

class SequenceClassifier : public nn::Sequential {
 public:
  explicit SequenceClassifier(const SequenceClassifierSettings& settings);
  SequenceReading read(const Tensor& words) { return read_sequences(*this, words); }
};

}  // namespace tessera::models
