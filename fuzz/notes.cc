// The readers of notes: the first byte chooses XML, JSON lines, MIMIC's tables (notes and diagnoses parted by a line of ===) or a vocabulary.
#include "fuzz/fuzz.h"
#include "tessera/base/error.h"
#include "tessera/data/encoded_documents.h"

namespace tessera::fuzz {
namespace {

data::DocumentSet read(char kind, std::string_view text) {
  if (kind == 'x') return data::parse_cmc(text, "x.xml", {});
  if (kind == 'j') return data::parse_json_lines(text, "x.jsonl", {.labelled = false});
  const std::size_t middle = text.find("===\n");
  const std::string_view notes = text.substr(0, middle);
  const std::string_view diagnoses = middle == std::string_view::npos ? "" : text.substr(middle + 4);
  return data::parse_mimic_csv(notes, "n.csv", diagnoses, "d.csv", {.labelled = false});
}

// Words have no digit and stand in the order of the text, within their section.
void check_document(const data::Document& document) {
  data::WordCounts counts;
  data::count_words(document, {}, counts);
  if (counts.total() == 0) return;
  const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 1});
  TESSERA_CHECK(data::Vocabulary::parse(words.to_text(), "words.tsv").digest() == words.digest(),
                "the vocabulary changed");
  for (const data::EncodedSentence& sentence :
       data::encode(document, words, {.longest_sentence = 7}).sentences) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < sentence.words.size(); ++i) {
      TESSERA_CHECK(sentence.words[i] >= data::Vocabulary::kFirstWord, "word {} is not known", i);
      TESSERA_CHECK(words.word(sentence.words[i]).find_first_of("0123456789") == std::string::npos,
                    "word {} has a digit", i);
      const data::TextSpan place = sentence.places[i];
      TESSERA_CHECK(place.begin >= end && place.end > place.begin, "word {} stands at {} to {}", i,
                    place.begin, place.end);
      end = place.end;
    }
    TESSERA_CHECK(end <= document.sections[sentence.section].text.size(), "a word ends at {}", end);
  }
}

}  // namespace

void fuzz_one(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string_view text = bytes.substr(1);
  if (bytes[0] == 'v') {
    const data::Vocabulary words = data::Vocabulary::parse(text, "words.tsv");
    TESSERA_CHECK(data::Vocabulary::parse(words.to_text(), "words.tsv").digest() == words.digest(),
                  "the vocabulary changed");
    return;
  }
  const data::DocumentSet set = read(bytes[0], text);
  TESSERA_CHECK(set.digest().size() == 64, "a digest");
  for (const data::Document& document : set.documents) check_document(document);
}

}  // namespace tessera::fuzz
