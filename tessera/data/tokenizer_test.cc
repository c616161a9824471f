#include "tessera/data/tokenizer.h"

#include <gmock/gmock.h>

#include "tessera/base/hash.h"
#include "tessera/base/utf8.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tokenizer, ADateIsMaskedAndStaysOneWord) {
  EXPECT_EQ(mask_digits("2017-03-13"), "****-**-**");
  EXPECT_THAT(words_of("Seen on 2017-03-13 at 10:45."),
              ElementsAre("seen", "on", "****-**-**", "at", "**:**"));
  EXPECT_THAT(words_of("Seen on 2017-03-13", {.lower_case = false, .mask_digits = false}),
              ElementsAre("Seen", "on", "2017-03-13"));
}

TEST(Tokenizer, WordsAndWhatJoinsThem) {
  EXPECT_THAT(words_of("Two-year-old; patient's b.i.d. dose, 2.5/3 mg (stat)-"),
              ElementsAre("two-year-old", "patient's", "b.i.d", "dose", "*.*/*", "mg", "stat"));
  EXPECT_THAT(words_of("chest.The lungs"), ElementsAre("chest", "the", "lungs"));
  EXPECT_THAT(words_of(" \n-.,;"), IsEmpty());
  EXPECT_THAT(words_of(""), IsEmpty());
  EXPECT_THAT(words_of("Grüße – NAÏVE ÉTAT, “Σίσυφος”"), ElementsAre("grüße", "naïve", "état", "σίσυφος"));
}

TEST(Tokenizer, PlacesAreThoseOfTheText) {
  const std::string text = "Größe 12,5 cm";
  std::vector<std::string> found;
  for (const Token& token : tokenize(text))
    found.push_back(text.substr(token.place.begin, token.place.end - token.place.begin));
  EXPECT_THAT(found, ElementsAre("Größe", "12,5", "cm"));
}

TEST(Tokenizer, BytesThatAreNotUtf8Stay) {
  EXPECT_EQ(lower_case("A\xff"
                       "B\xc3"),
            "a\xff"
            "b\xc3");
  EXPECT_THAT(words_of("A\xff"
                       "B"),
              ElementsAre("a", "b"));
}

// The digest of all code points, each lower-cased where that gives one code point, was computed by Python 3.11's str.lower (Unicode 14).
TEST(Tokenizer, EveryCodePointIsLoweredAsByPython) {
  Sha256 hash;
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    append_utf8(text, c);
    hash.add(lower_case(text));
  }
  EXPECT_EQ(to_hex(hash.finish()), "6362c6736ebfe9e685dd0803d63c740fd957906a959be949b1c4cb747af47634");
}

std::vector<std::string> sentences(const std::string& text, bool lines_end = false) {
  std::vector<std::string> found;
  for (const TextSpan& span : split_sentences(text, {.lines_end = lines_end}))
    found.push_back(text.substr(span.begin, span.end - span.begin));
  return found;
}

TEST(Sentences, EndAtMarksBeforeANewBeginning) {
  EXPECT_THAT(sentences("Cough. No fever! Normal?  Yes"),
              ElementsAre("Cough.", "No fever!", "Normal?", "Yes"));
  EXPECT_THAT(sentences("She said \"stop.\" He did."), ElementsAre("She said \"stop.\"", "He did."));
  EXPECT_THAT(sentences("Dose of 2.5 mg. Élan (mild.) Then"),
              ElementsAre("Dose of 2.5 mg.", "Élan (mild.)", "Then"));
  EXPECT_THAT(sentences("approx. 3 cm, i.e. small. end of it."),
              ElementsAre("approx. 3 cm, i.e. small. end of it."));
}

TEST(Sentences, AbbreviationsInitialsAndListsGoOn) {
  EXPECT_THAT(sentences("Dr. Sample and J. Doe vs. Others. Next."),
              ElementsAre("Dr. Sample and J. Doe vs. Others.", "Next."));
  EXPECT_THAT(sentences("1. Right lobe. 2. No change since 1999. 12. Last"),
              ElementsAre("1. Right lobe.", "2. No change since 1999.", "12. Last"));
}

TEST(Sentences, LinesEndThemOnlyWhenAskedFor) {
  EXPECT_THAT(sentences("one\ntwo\n\nthree\r\n \nfour"), ElementsAre("one\ntwo", "three", "four"));
  EXPECT_THAT(sentences("one\ntwo\n\n three ", true), ElementsAre("one", "two", "three"));
  EXPECT_THAT(sentences(" \n "), IsEmpty());
}

// The last byte of "à" is that of the no-break space, C2 A0, too.
TEST(Sentences, ABlankIsACharacterNotAByte) {
  EXPECT_THAT(sentences("il est là"), ElementsAre("il est là"));
  EXPECT_THAT(words_of(sentences("il est là")[0]), ElementsAre("il", "est", "là"));
  EXPECT_THAT(sentences("il est là\nà côté", true), ElementsAre("il est là", "à côté"));
  EXPECT_THAT(sentences("Il est là. À côté."), ElementsAre("Il est là.", "À côté."));
  EXPECT_THAT(sentences("\u00a0 Cough.\u00a0Fever\u00a0"), ElementsAre("Cough.", "Fever"));
  EXPECT_THAT(sentences("Seen by\u00a0J. Doe. 1.\u00a0Right"),
              ElementsAre("Seen by\u00a0J. Doe.", "1.\u00a0Right"));
  EXPECT_THAT(sentences("\xa0"), ElementsAre("\xa0"));
}

// Blanks are passed once: with as many passes as initials, or as lines, this would take minutes.
TEST(Sentences, ManyBlanksBeforeManyWords) {
  const std::string blanks(1 << 20, '\n');
  std::string initials;
  for (int i = 0; i < 1 << 17; ++i) initials += "J. ";
  const std::vector<TextSpan> found = split_sentences(blanks + initials, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].begin, blanks.size());
  EXPECT_EQ(found[0].end, blanks.size() + initials.size() - 1);
  EXPECT_THAT(split_sentences(blanks, {.lines_end = true}), IsEmpty());
}

}  // namespace
}  // namespace tessera::data
