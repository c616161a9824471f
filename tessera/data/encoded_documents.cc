#include "tessera/data/encoded_documents.h"

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::data {
namespace {

// Calls `found` with every sentence's words; their places are moved to the section's text.
template <typename Found>
void each_sentence(const Document& document, const EncodingSettings& settings, const Found& found) {
  for (std::size_t section = 0; section < document.sections.size(); ++section) {
    const std::string& text = document.sections[section].text;
    for (const TextSpan& span : split_sentences(text, settings.sentences)) {
      std::vector<Token> tokens =
          tokenize(std::string_view(text).substr(span.begin, span.end - span.begin), settings.tokens);
      for (Token& token : tokens) {
        token.place.begin += span.begin;
        token.place.end += span.begin;
      }
      if (!tokens.empty()) found(section, tokens);
    }
  }
}

}  // namespace

void count_words(const Document& document, const EncodingSettings& settings, WordCounts& counts) {
  each_sentence(document, settings, [&](std::size_t /*section*/, const std::vector<Token>& tokens) {
    std::vector<std::string> words;
    for (const Token& token : tokens) words.push_back(token.text);
    counts.add(words);
  });
}

EncodedDocument encode(const Document& document, const Vocabulary& vocabulary,
                       const EncodingSettings& settings) {
  if (settings.longest_sentence < 1 || settings.most_sentences < 1)
    fail("at most {} words in a sentence and {} sentences in a document: expected at least 1",
         settings.longest_sentence, settings.most_sentences);
  EncodedDocument encoded;
  each_sentence(document, settings, [&](std::size_t section, const std::vector<Token>& tokens) {
    for (std::size_t at = 0; at < tokens.size();) {
      const std::size_t end =
          std::min(tokens.size(), at + static_cast<std::size_t>(settings.longest_sentence));
      EncodedSentence sentence;
      sentence.section = section;
      for (; at < end; ++at) {
        sentence.words.push_back(vocabulary.id(tokens[at].text));
        sentence.places.push_back(tokens[at].place);
      }
      if (static_cast<std::int64_t>(encoded.sentences.size()) < settings.most_sentences)
        encoded.sentences.push_back(std::move(sentence));
      else
        ++encoded.left_out;
    }
  });
  if (encoded.sentences.empty()) encoded.sentences.push_back({{Vocabulary::kUnknown}, {{0, 0}}, 0});
  return encoded;
}

Tensor padded_words(const std::vector<const EncodedDocument*>& documents) {
  std::size_t sentences = 0, words = 0;
  for (const EncodedDocument* document : documents) {
    sentences = std::max(sentences, document->sentences.size());
    for (const EncodedSentence& sentence : document->sentences)
      words = std::max(words, sentence.words.size());
  }
  std::vector<std::int64_t> ids(documents.size() * sentences * words, Vocabulary::kPadding);
  for (std::size_t d = 0; d < documents.size(); ++d)
    for (std::size_t s = 0; s < documents[d]->sentences.size(); ++s) {
      const std::vector<std::int64_t>& from = documents[d]->sentences[s].words;
      std::copy(from.begin(), from.end(),
                ids.begin() + static_cast<std::ptrdiff_t>((d * sentences + s) * words));
    }
  return Tensor::from<std::int64_t>(
      ids, {static_cast<std::int64_t>(documents.size()), static_cast<std::int64_t>(sentences),
            static_cast<std::int64_t>(words)});
}

Tensor padded_words(const std::vector<EncodedDocument>& documents) {
  std::vector<const EncodedDocument*> pointers;
  for (const EncodedDocument& document : documents) pointers.push_back(&document);
  return padded_words(pointers);
}

}  // namespace tessera::data
