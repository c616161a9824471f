// The words that a model knows, each with a number, and bags of words.
//
// A vocabulary is made from counts: a word is in it if it was counted at least `min_count` times. Id 0 is padding, id 1 every word that
// is not in it (out of vocabulary), ids from 2 on the words, the most frequent first and equal ones in the order of their bytes, so that
// the same text gives the same ids everywhere. The digest is over the words and counts in that order.
//
// A vocabulary is made of the words of a text: it is kept in a file of its own, never in a record, which holds its digest.
// The file is text: a first line, then one "word TAB count" per word. Errors name file and line, and quote no word. Thread-safety: constant
// after construction.
//
// ```cpp
// data::WordCounts counts;
// counts.add(data::words_of("harry had had enough"));
// const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 2});
// assert(words.size() == 3 && words.word(2) == "had" && words.id("harry") == data::Vocabulary::kUnknown);
// assert(data::Vocabulary::parse(words.to_text(), "words.tsv").digest() == words.digest());
// ```
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tessera::data {

class WordCounts {
 public:
  void add(const std::vector<std::string>& words);
  std::int64_t total() const { return total_; }
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, std::int64_t> counts_;
  std::int64_t total_ = 0;
};

struct VocabularySettings {
  std::int64_t min_count = 5;  // at least 1
  std::int64_t top = 0;        // at most so many words, the most frequent; 0: all
};

class Vocabulary {
 public:
  static constexpr std::int64_t kPadding = 0, kUnknown = 1, kFirstWord = 2;

  static Vocabulary build(const WordCounts& counts, const VocabularySettings& settings = {});

  std::int64_t size() const {
    return kFirstWord + static_cast<std::int64_t>(words_.size());
  }                                                // with the two others
  std::int64_t id(std::string_view word) const;    // kUnknown for a word that is not in it
  const std::string& word(std::int64_t id) const;  // in [kFirstWord, size)
  std::int64_t count(std::int64_t id) const;       // how often it was counted; kUnknown: all others together
  std::vector<std::int64_t> ids(const std::vector<std::string>& words) const;
  std::string digest() const;  // SHA-256, hexadecimal

  std::string to_text() const;
  static Vocabulary parse(std::string_view text, const std::string& source);
  static Vocabulary read(const std::string& path);
  void write(const std::string& path) const;  // atomically

 private:
  void add(std::string word, std::int64_t count);
  std::vector<std::string> words_;  // by id - kFirstWord
  std::vector<std::int64_t> counts_;
  std::int64_t unknown_ = 0;
  std::unordered_map<std::string, std::int64_t> ids_;  // for look-ups only
};

// Each word with the number of times it occurs, the most frequent first, equal ones in the order in which they first occur.
std::vector<std::pair<std::string, std::int64_t>> bag_of_words(const std::vector<std::string>& words);

}  // namespace tessera::data
