#include "tessera/models/word_vectors.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// What gensim says of the vectors of a small file: word_vector_facts.py.
struct Fact {
  std::vector<std::string> question;  // one word: nearest; three: analogy
  std::vector<std::pair<std::string, double>> answers;
};
const std::string kFile =
#include "tessera/models/word_vector_facts_file_test.inc"
    ;
const Fact kFacts[] = {
#include "tessera/models/word_vector_facts_test.inc"
};

class WordVectorsTest : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
};

TEST_F(WordVectorsTest, NearestAndAnalogiesAreThoseOfGensim) {
  const WordVectors vectors = WordVectors::parse(kFile, "facts.txt");
  ASSERT_EQ(vectors.size(), 40);
  for (const Fact& fact : kFacts) {
    const auto& q = fact.question;
    const std::vector<NearWord> found =
        q.size() == 1 ? vectors.nearest(q[0], 8) : vectors.analogy(q[0], q[1], q[2], 8);
    ASSERT_EQ(found.size(), fact.answers.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].word, fact.answers[i].first) << q[0] << " " << i;
      EXPECT_NEAR(found[i].cosine, fact.answers[i].second, 1e-6) << q[0] << " " << i;  // gensim's are float32
    }
  }
}

TEST_F(WordVectorsTest, TextKeepsEveryBit) {
  const std::vector<std::int64_t> bits = RandomSource(3).bits("floats", {20000}).to_vector<std::int64_t>();
  std::vector<float> numbers = {0.0F, -0.0F, 1e-45F, 3.4028235e38F, -1.17549435e-38F};
  for (const std::int64_t word : bits)
    if (const auto number = std::bit_cast<float>(static_cast<std::uint32_t>(word)); std::isfinite(number))
      numbers.push_back(number);
  numbers.resize(numbers.size() / 100 * 100);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < numbers.size() / 100; ++i) words.push_back(fmt::format("w{}", i));
  const WordVectors vectors(words,
                            Tensor::from<float>(numbers, {static_cast<std::int64_t>(words.size()), 100}));
  EXPECT_TRUE(same_bits(WordVectors::parse(vectors.to_text(), "x").vectors(), vectors.vectors()));
}

TEST_F(WordVectorsTest, EqualCosinesStandInOrderAndZeroIsNearNobody) {
  const WordVectors vectors({"a", "zero", "c", "b", "d"},
                            Tensor::from<float>({1, 0, 0, 0, 2, 2, 4, 4, 0, 1}, {5, 2}));
  std::vector<std::string> words;
  for (const NearWord& near : vectors.nearest("a", 10)) words.push_back(near.word);
  EXPECT_THAT(words, ElementsAre("c", "b", "d"));
  EXPECT_EQ(vectors.nearest("zero", 10).size(), 4U);
  EXPECT_EQ(vectors.nearest("zero", 10)[0].cosine, 0);
  EXPECT_TRUE(vectors.nearest("a", 0).empty());
}

// A text's vector is the mean over its known words, and does not depend on what was encoded before.
TEST_F(WordVectorsTest, EncodesTheMeanOfKnownWords) {
  const WordVectors vectors({"a", "b"}, Tensor::from<float>({1, 2, 4, 8}, {2, 2}));
  EXPECT_THAT(vectors.encode({"a", "b", "x", "b", "b"}).to_vector<float>(), ElementsAre(3.25F, 6.5F));
  EXPECT_THAT(vectors.encode({"x"}).to_vector<float>(), ElementsAre(0, 0));
  EXPECT_THAT(vectors.encode({}).to_vector<float>(), ElementsAre(0, 0));
}

TEST_F(WordVectorsTest, WrongFilesAndWordsAreNamed) {
  const auto message = [](const char* text) { return [text] { WordVectors::parse(text, "f.txt"); }; };
  EXPECT_THAT(message(""), ThrowsMessage<Error>(HasSubstr("f.txt: the file is empty")));
  EXPECT_THAT(message("two 2\n"),
              ThrowsMessage<Error>(HasSubstr("f.txt:1: found 'two 2', expected the numbers")));
  EXPECT_THAT(message("1 2 3\n"), ThrowsMessage<Error>(HasSubstr("f.txt:1: found '1 2 3'")));
  EXPECT_THAT(message("2 2\na 1 2\nb 1\n"),
              ThrowsMessage<Error>(HasSubstr("f.txt:3: found 2 parts, expected a word and 2 numbers")));
  EXPECT_THAT(message("2 1\na 1\nb x\n"), ThrowsMessage<Error>(HasSubstr("f.txt:3: number 1: found 'x'")));
  EXPECT_THAT(message("2 1\na 1\nb nan\n"),
              ThrowsMessage<Error>(HasSubstr("f.txt:3: number 1: found 'nan'")));
  EXPECT_THAT(message("2 1\na 1\nb 1e39\n"),
              ThrowsMessage<Error>(HasSubstr("f.txt:3: number 1: found '1e39', which float32 cannot hold")));
  EXPECT_THAT(message("2 1\na 1\n"), ThrowsMessage<Error>(HasSubstr("f.txt: found 1 words, expected 2")));
  EXPECT_THAT(message("1 1\na 1\nb 1\n"), ThrowsMessage<Error>(HasSubstr("f.txt:3: a further line")));
  EXPECT_THAT(message("2 1\na 1\na 1\n"), ThrowsMessage<Error>(HasSubstr("the word 'a' is there twice")));
  const WordVectors vectors({"kidney", "renal"}, Tensor::from<float>({1, 2}, {2, 1}));
  EXPECT_THAT([&] { vectors.nearest("kidny", 1); },
              ThrowsMessage<Error>(
                  HasSubstr("the word 'kidny' is not among the 2 known ones (did you mean 'kidney'?)")));
  EXPECT_THROW(WordVectors({"a b"}, Tensor::from<float>({1}, {1, 1})), Error);
  EXPECT_THROW(WordVectors({"a"}, Tensor::from<float>({NAN}, {1, 1})), Error);
  EXPECT_THROW(WordVectors({"a"}, Tensor::from<float>({1, 2}, {2, 1})), Error);
}

}  // namespace
}  // namespace tessera::models
