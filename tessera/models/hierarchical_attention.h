// Hierarchical attention over documents of many labels: words to sentences to a document, each by a bidirectional GRU and attention. The
// "HA-GRU" of Baumel et al., "Multi-label classification of patient notes: a case study on ICD code assignment", AAAI workshops 2018, after Yang
// et al., "Hierarchical attention networks for document classification", NAACL 2016.
//
//   words      embedding -> bidirectional GRU -> attention: a vector per sentence
//   sentences  bidirectional GRU -> attention: a vector per document
//   labels     linear: a logit per label, each label on its own (sigmoid)
//
// Input: int64 [D, S, W] of word ids, filled up with 0 (data::padded_words): a sentence's words, and a document's sentences, come
// first. Every document has at least one word. Sentences of like lengths are computed together, which changes no bit: a document's logits and
// attention do not depend on the batch that it sits in, nor on how it is padded.
//
// The document's vector is a weighted sum of sentence states, and a logit is linear in it, so each logit is a sum of what the sentences
// add to it: `contributions`. This says which sentences speak for a label, and which against it, where the attention alone is that of all labels.
//
// Dropout is on the embedded words and on the document's vector. Errors: another dtype or shape, a word behind padding, an empty document, an
// id that is not in the vocabulary. Thread-safety: as a module.
//
// ```cpp
// models::HierarchicalAttention model({.vocabulary = 20, .labels = 3, .embedding = 8, .word_hidden = 4, .sentence_hidden = 4});
// RandomSource random(1);
// model.initialize(random);
// nn::Context context;
// const Tensor documents = Tensor::from<std::int64_t>({4, 7, 9, 0, 5, 0, 0, 0}, {2, 2, 2});
// const models::DocumentAttention result = model.run(documents, context);
// assert(result.logits.shape() == (Shape{2, 3}));
// assert(model.contributions(result).shape() == (Shape{2, 2, 3}));
// assert(result.words.shape() == (Shape{2, 2, 2}) && result.sentences.at<float>({1, 0}) == 1);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/models/attention_pool.h"
#include "tessera/nn/embedding.h"
#include "tessera/nn/layers.h"
#include "tessera/nn/recurrent.h"

namespace tessera::models {

struct HierarchicalAttentionSettings {
  std::int64_t vocabulary = 0;  // number of word ids
  std::int64_t labels = 0;
  std::int64_t embedding = 64;
  std::int64_t word_hidden = 32, sentence_hidden = 32;        // of each direction
  std::int64_t word_attention = 64, sentence_attention = 64;  // sizes of the questions
  double drop = 0;
};

struct DocumentAttention {
  Tensor logits;     // [D, labels]
  Tensor words;      // [D, S, W]: a sentence's words add up to 1; 0 for padding
  Tensor sentences;  // [D, S]: a document's sentences add up to 1
  Tensor states;     // [D, S, 2 sentence_hidden]: of the sentence level
};

class HierarchicalAttention : public nn::Module {
 public:
  explicit HierarchicalAttention(const HierarchicalAttentionSettings& settings);
  DocumentAttention run(const Tensor& documents, nn::Context& context);
  // What each sentence adds to each logit, [D, S, labels]: the sum over S, plus the head's bias, is the logit (up to rounding, outside of
  // training). 0 for padding.
  Tensor contributions(const DocumentAttention& result) const;
  Tensor forward(const Tensor& documents, nn::Context& context) override;  // the logits
  Shape output_shape(const Shape& input) const override;
  std::string describe() const override;
  nn::Embedding& embedding() {
    return *embedding_;
  }  // for vectors that were learned before, such as those of SkipGram

 private:
  struct Layout;
  struct Sentences {
    Tensor vectors, weights;  // [R, features], [R, W]
  };
  Sentences read_sentences(const Tensor& documents, const Layout& layout, nn::Context& context);
  Sentences read_places(const Tensor& documents, const Tensor& word_counts, nn::Context& context);
  DocumentAttention judge(const Sentences& sentences, const Tensor& lengths, nn::Context& context);

  HierarchicalAttentionSettings settings_;
  nn::Embedding* embedding_;
  nn::Dropout *word_drop_, *document_drop_;
  nn::GRU *words_, *sentences_;
  AttentionPool *word_attention_, *sentence_attention_;
  nn::Linear* head_;
};

}  // namespace tessera::models
