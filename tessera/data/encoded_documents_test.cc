#include "tessera/data/encoded_documents.h"

#include <gmock/gmock.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;

const Document kNote{"1", {{"A", "Cough. No cough, no fever 2 days."}, {"B", "Normal."}, {"C", "--"}}, {}};

Vocabulary vocabulary(std::int64_t min_count) {
  WordCounts counts;
  count_words(kNote, {}, counts);
  return Vocabulary::build(counts, {.min_count = min_count});
}

TEST(EncodedDocuments, KnowWordsAndPlaces) {
  const Vocabulary words = vocabulary(2);  // cough and no
  const EncodedDocument note = encode(kNote, words, {});
  ASSERT_EQ(note.sentences.size(), 3U);
  EXPECT_THAT(note.sentences[1].words, ElementsAre(3, 2, 3, 1, 1, 1));
  EXPECT_EQ(note.sentences[2].section, 1U);
  const TextSpan fever = note.sentences[1].places[3];
  EXPECT_EQ(kNote.sections[0].text.substr(fever.begin, fever.end - fever.begin), "fever");
}

TEST(EncodedDocuments, LongOnesAreCut) {
  const EncodedDocument note = encode(kNote, vocabulary(1), {.longest_sentence = 4, .most_sentences = 3});
  ASSERT_EQ(note.sentences.size(), 3U);
  EXPECT_EQ(note.sentences[1].words.size(), 4U);
  EXPECT_EQ(note.sentences[2].words.size(), 2U);
  EXPECT_EQ(note.left_out, 1);
  EXPECT_THROW(encode(kNote, vocabulary(1), {.longest_sentence = 0}), Error);
}

TEST(EncodedDocuments, ADocumentWithoutWordsIsOneUnknownWord) {
  const EncodedDocument empty = encode({"2", {{"", " ... "}}, {}}, vocabulary(1), {});
  ASSERT_EQ(empty.sentences.size(), 1U);
  EXPECT_THAT(empty.sentences[0].words, ElementsAre(Vocabulary::kUnknown));
}

TEST(EncodedDocuments, Padded) {
  use_default_backend();
  const Vocabulary words = vocabulary(1);
  const EncodedDocument one = encode({"1", {{"", "Cough. No fever."}}, {}}, words, {});
  const EncodedDocument two = encode({"2", {{"", "Normal."}}, {}}, words, {});
  const Tensor batch = padded_words({one, two});
  EXPECT_EQ(batch.shape(), (Shape{2, 2, 2}));
  EXPECT_THAT(batch.to_vector<std::int64_t>(), ElementsAre(words.id("cough"), 0, words.id("no"),
                                                           words.id("fever"), words.id("normal"), 0, 0, 0));
}

}  // namespace
}  // namespace tessera::data
