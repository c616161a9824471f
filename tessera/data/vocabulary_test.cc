#include "tessera/data/vocabulary.h"

#include <gmock/gmock.h>

#include "tessera/base/error.h"
#include "tessera/data/tokenizer.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

WordCounts counts(const std::vector<std::pair<std::string, int>>& given) {
  WordCounts counts;
  for (const auto& [word, count] : given)
    for (int i = 0; i < count; ++i) counts.add({word});
  return counts;
}

TEST(Vocabulary, CountFiveIsInFourIsOut) {
  const Vocabulary words = Vocabulary::build(counts({{"four", 4}, {"five", 5}, {"six", 6}}));
  EXPECT_EQ(words.size(), 4);
  EXPECT_EQ(words.id("six"), 2);
  EXPECT_EQ(words.id("five"), 3);
  EXPECT_EQ(words.id("four"), Vocabulary::kUnknown);
  EXPECT_EQ(words.id("never"), Vocabulary::kUnknown);
  EXPECT_EQ(words.count(Vocabulary::kUnknown), 4);
  EXPECT_THAT(words.ids({"five", "four"}), ElementsAre(3, 1));
}

TEST(Vocabulary, TiesStandInTheOrderOfTheirBytes) {
  const auto order = [](const Vocabulary& words) {
    std::vector<std::string> out;
    for (std::int64_t id = Vocabulary::kFirstWord; id < words.size(); ++id) out.push_back(words.word(id));
    return out;
  };
  const Vocabulary one = Vocabulary::build(counts({{"b", 5}, {"z", 9}, {"a", 5}, {"\xc3\xa4", 5}}));
  EXPECT_THAT(order(one), ElementsAre("z", "a", "b", "\xc3\xa4"));
  const Vocabulary other = Vocabulary::build(counts({{"\xc3\xa4", 5}, {"a", 5}, {"b", 5}, {"z", 9}}));
  EXPECT_EQ(one.digest(), other.digest());
  EXPECT_THAT(order(Vocabulary::build(counts({{"b", 5}, {"z", 9}, {"a", 5}}), {.top = 2})),
              ElementsAre("z", "a"));
}

TEST(Vocabulary, ComesBackFromItsText) {
  const Vocabulary words = Vocabulary::build(counts({{"had", 7}, {"harry", 2}, {"enough", 6}}));
  EXPECT_EQ(words.to_text(), "tessera vocabulary 1\t2\nhad\t7\nenough\t6\n");
  const Vocabulary again = Vocabulary::parse(words.to_text(), "words.tsv");
  EXPECT_EQ(again.digest(), words.digest());
  EXPECT_EQ(again.id("enough"), 3);
  EXPECT_NE(Vocabulary::parse("tessera vocabulary 1\t2\nenough\t6\nhad\t7\n", "x").digest(), words.digest());
}

TEST(Vocabulary, WrongFilesAreNamedWithoutTheirWords) {
  const auto message = [](const std::string& text) {
    try {
      Vocabulary::parse(text, "words.tsv");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string head = "tessera vocabulary 1\t0\n";
  EXPECT_THAT(message(head + "secret\tmany\n"),
              HasSubstr("words.tsv:2: expected a word, a tab and its count"));
  EXPECT_THAT(message(head + "secret\t-1\n"), HasSubstr("words.tsv:2:"));
  EXPECT_THAT(message(head + "secret\t3\nsecret\t2\n"),
              HasSubstr("words.tsv:3: the word stands in another line"));
  EXPECT_THAT(message("secret\t3\n"), HasSubstr("words.tsv:1: expected 'tessera vocabulary 1'"));
  EXPECT_THAT(message(head + "secret\t3"), HasSubstr("words.tsv:2: the line does not end"));
  EXPECT_THAT(message(""), HasSubstr("there is no word"));
  for (const char* text : {"secret\tmany\n", "secret\t-1\n"})
    EXPECT_THAT(message(head + text), testing::Not(HasSubstr("secret")));
}

TEST(BagOfWords, CountsThem) {
  EXPECT_THAT(bag_of_words(words_of("Harry had had enough")),
              ElementsAre(Pair("had", 2), Pair("harry", 1), Pair("enough", 1)));
  EXPECT_TRUE(bag_of_words({}).empty());
}

}  // namespace
}  // namespace tessera::data
