#include "fuzz/fuzz.h"
#include "tessera/data/text_samples.h"

namespace tessera::fuzz {

// The first byte says whether tags are read, digits masked, and whether the rest is CoNLL, CSV, JSON lines or plain lines. What was read is
// encoded, and has a label for each word.
void fuzz_one(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto choice = static_cast<unsigned char>(bytes[0]);
  const std::string_view text = bytes.substr(1);
  data::TextSource source;
  source.format = (choice & 2) != 0 ? "text" : "tags";
  source.read_labels = (choice & 1) == 0;
  source.tokens.mask_digits = (choice & 4) != 0;
  source.longest = (choice & 8) != 0 ? 3 : 0;
  const bool json = (choice & 16) != 0, lines = (choice & 32) != 0 && !source.read_labels;
  const data::TextSamples samples = source.format == "tags" ? data::parse_conll(text, "x.conll", source)
                                    : json  ? data::parse_text_json_lines(text, "x.jsonl", source)
                                    : lines ? data::parse_text_lines(text, "x.txt", source)
                                            : data::parse_text_csv(text, "x.csv", source);
  data::WordCounts counts;
  for (const data::TextSample& sample : samples.samples) {
    counts.add(sample.words);
    TESSERA_CHECK(sample.words.size() == sample.shown.size(), "{} words are shown as {}", sample.words.size(),
                  sample.shown.size());
    const std::size_t labels = !source.read_labels ? 0 : samples.tagged ? sample.words.size() : 1;
    TESSERA_CHECK(sample.labels.size() == labels, "{} labels of {} words", sample.labels.size(),
                  sample.words.size());
  }
  const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 1});
  const data::Dataset dataset = data::encode_samples(samples, words);
  TESSERA_CHECK(dataset.size() == static_cast<std::int64_t>(samples.samples.size()), "a sample was lost");
  // Its words can be written and read again, whatever they are.
  if (words.size() > data::Vocabulary::kFirstWord)
    TESSERA_CHECK(data::Vocabulary::parse(words.to_text(), "x.tsv").digest() == words.digest(),
                  "the vocabulary changed");
}

}  // namespace tessera::fuzz
