// Documents as sentences of word ids: what text models take.
//
// Sections are split into sentences and these into words (tokenizer.h). A sentence of more than `longest_sentence` words goes on as another
// one, and sentences beyond `most_sentences` of a document are left out and counted. Each knows its place in the document, so that a model's
// attention can be shown on the text. A document without any word has one sentence of one unknown word.
//
// Thread-safety: pure functions.
//
// ```cpp
// const data::Document note{"1", {{"IMPRESSION", "Cough. No fever."}}, {}};
// data::WordCounts counts;
// data::count_words(note, {}, counts);
// const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 1});
// const data::EncodedDocument encoded = data::encode(note, words, {});
// assert(encoded.sentences.size() == 2 && encoded.sentences[1].words.size() == 2);
// const Tensor batch = data::padded_words({encoded});
// assert(batch.shape() == (Shape{1, 2, 2}) && batch.at<std::int64_t>({0, 0, 1}) == data::Vocabulary::kPadding);
// ```
#pragma once

#include <cstdint>
#include <vector>

#include "tessera/data/documents.h"
#include "tessera/data/tokenizer.h"
#include "tessera/data/vocabulary.h"
#include "tessera/tensor/tensor.h"

namespace tessera::data {

struct EncodingSettings {
  TokenizerSettings tokens = {};
  SentenceSettings sentences = {};
  std::int64_t longest_sentence = 40;  // words, at least 1
  std::int64_t most_sentences = 60;    // of a document, at least 1
};

struct EncodedSentence {
  std::vector<std::int64_t> words;  // ids
  std::vector<TextSpan> places;     // of each word in its section's text
  std::size_t section = 0;
};

struct EncodedDocument {
  std::vector<EncodedSentence> sentences;  // at least one
  std::int64_t left_out = 0;               // sentences beyond most_sentences
};

void count_words(const Document& document, const EncodingSettings& settings, WordCounts& counts);
EncodedDocument encode(const Document& document, const Vocabulary& vocabulary,
                       const EncodingSettings& settings);

// int64 [documents, most sentences, most words] of word ids, filled up with Vocabulary::kPadding.
Tensor padded_words(const std::vector<EncodedDocument>& documents);
Tensor padded_words(const std::vector<const EncodedDocument*>& documents);

}  // namespace tessera::data
