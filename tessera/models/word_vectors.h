// Words with a vector each: who is near whom, and a text as one vector.
//
// Vectors are float32; cosines and analogies are computed in float64, in the contract's order, so that rankings are the same everywhere. Words of equal
// cosine stand in the order of the table. A word whose vector is 0 is near nobody.
//
// The analogy "a is to b as c is to ?" takes the word that points most nearly as b - a + c does, each of length 1, without the three themselves (3CosAdd;
// Mikolov, Yih & Zweig, "Linguistic regularities in continuous space word representations", NAACL 2013).
//
// A text is encoded as the mean of the vectors of its words that are known, each as often as it occurs: a bag of words of few dimensions. A text without
// any has 0 everywhere. What a text gets does not depend on the texts that it is encoded with.
//
// The file format is word2vec's text, which gensim, GloVe's converter and fastText read and write: a line "WORDS DIMENSIONS", then one line "word number ..."
// per word. Numbers are the shortest that give the same float32 again. Errors name file and line: other numbers of words or dimensions than the first line says,
// a number that is none or not finite, a word twice. Thread-safety: constant after construction.
//
// ```cpp
// const models::WordVectors words({"warm", "hot", "cold"}, Tensor::from<float>({1, 0, 2, 0.5F, -1, 0.1F}, {3, 2}));
// assert(words.nearest("warm", 1)[0].word == "hot" && words.find("warm") == 0 && !words.find("wet"));
// assert(words.encode({"warm", "cold", "wet"}).to_vector<float>() == (std::vector<float>{0, 0.05F}));
// assert(models::WordVectors::parse(words.to_text(), "words.txt").to_text() == words.to_text());
// ```
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::models {

struct NearWord {
  std::string word;
  double cosine = 0;
};

class WordVectors {
 public:
  // vectors: float32 [words, dimensions], finite. Words differ, have no blanks and are not empty.
  WordVectors(std::vector<std::string> words, Tensor vectors, const std::string& source = "word vectors");

  std::int64_t size() const { return vectors_.size(0); }
  std::int64_t dimensions() const { return vectors_.size(1); }
  const std::vector<std::string>& words() const { return words_; }
  const Tensor& vectors() const { return vectors_; }
  std::optional<std::int64_t> find(std::string_view word) const;  // its row

  // The nearest first, `count` at most, without the word itself. An unknown word is an Error with a suggestion.
  std::vector<NearWord> nearest(std::string_view word, std::int64_t count) const;
  std::vector<NearWord> analogy(std::string_view a, std::string_view b, std::string_view c,
                                std::int64_t count) const;
  Tensor encode(const std::vector<std::string>& words) const;  // float32 [dimensions]

  std::string to_text() const;
  static WordVectors parse(std::string_view text, const std::string& source);
  static WordVectors read(const std::string& path);  // also packed with gzip

 private:
  std::int64_t row(std::string_view word) const;
  std::vector<NearWord> near(const Tensor& direction, const std::vector<std::int64_t>& without,
                             std::int64_t count) const;

  std::string source_;
  std::vector<std::string> words_;
  Tensor vectors_;
  Tensor units_;                                        // float64 [words, dimensions]: of length 1, or 0
  std::unordered_map<std::string, std::int64_t> rows_;  // for look-ups only
};

}  // namespace tessera::models
