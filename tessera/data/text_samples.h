// Samples for networks over words: texts with a label each, or sentences with a tag for each word.
//
//   text   CSV with a header, or JSON lines: a text and a label per sample, in a column (field) each. Texts become words by the tokeniser
//          (tokenizer.h). A file of plain text is read as one text per line, without labels.
//   tags   CoNLL: a line per word, the word first and the tag last, between tabs (or, in a line without tabs, blanks); an empty line between
//          sentences. Columns between the two are passed over, and so are lines of "-DOCSTART-". Words stay as they are cut, lower-cased and
//          masked as the tokeniser would.
//
// Which kind a file of `text` is says its name: .csv, .jsonl or .json, .txt, each also with .gz. A text or sentence keeps its first `longest` words; a
// text without any word has none here, and becomes one unknown word when it is encoded.
//
// Errors name the file, the line and what was expected, and quote nothing of the texts: a file without samples, a missing column or field, a
// missing label, more than one, a NUL byte, bytes that are not UTF-8, lines of different numbers of columns; of labels also one that is not
// among the classes. Memory: the words that are kept, and the file's bytes while it is read. Thread-safety: pure functions.
//
// ```cpp
// const data::TextSamples samples = data::parse_conll("Vienna\tB-place\nis O\n\nIt\tO\n", "places.conll", {.format = "tags"});
// assert(samples.samples.size() == 2 && samples.samples[0].words[0] == "vienna" && samples.samples[0].shown[0] == "Vienna");
// data::WordCounts counts;
// for (const data::TextSample& sample : samples.samples) counts.add(sample.words);
// const data::Vocabulary words = data::Vocabulary::build(counts, {.min_count = 1});
// const data::Dataset dataset = data::encode_samples(samples, words);
// assert(dataset.classes == (std::vector<std::string>{"B-place", "O"}));
// assert(dataset.features.shape() == (Shape{2, 2}) && dataset.labels.at<std::int64_t>({1, 1}) == data::kNoTag);
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/data/tokenizer.h"
#include "tessera/data/vocabulary.h"

namespace tessera::data {

struct TextSource {
  std::string format = {};  // "text", "tags"
  std::string path = {};
  std::string text_column = "text", label_column = "label";  // text: columns of CSV, fields of JSON lines
  // text: if given, the label is whether this one is among the sample's: "X" or "not X". So a field of JSON lines may hold a list.
  std::string one_label = {};
  bool read_labels = true;   // false: they may be missing
  std::int64_t longest = 0;  // words that are kept of each sample; 0: all
  TokenizerSettings tokens = {};
};

struct TextSample {
  std::vector<std::string> words;   // as a vocabulary has them
  std::vector<std::string> shown;   // as they stand in the text
  std::vector<std::string> labels;  // text: one; tags: one per word; none if they are not read
  std::int64_t line = 0;            // where it begins, from 1
  std::int64_t left_out = 0;        // words beyond the longest
};

struct TextSamples {
  std::string source;  // for messages
  bool tagged = false;
  std::vector<TextSample> samples;
  std::vector<InputFile> inputs = {};

  bool labelled() const { return !samples.empty() && !samples.front().labels.empty(); }
};

TextSamples read_text_samples(const TextSource& source);

TextSamples parse_text_csv(std::string_view text, const std::string& name, const TextSource& source);
TextSamples parse_text_json_lines(std::string_view text, const std::string& name, const TextSource& source);
TextSamples parse_text_lines(std::string_view text, const std::string& name, const TextSource& source);
TextSamples parse_conll(std::string_view text, const std::string& name, const TextSource& source);
// One sample without labels; of tags, the words are those between blanks.
TextSamples sample_of_text(const std::string& text, const TextSource& source);

inline constexpr std::int64_t kNoTag = -1;  // in the place of a label: padding

// Word ids as float32 [N, longest found], filled up with Vocabulary::kPadding, and labels as positions in `classes` (empty: those that are found,
// sorted): int64 [N], of tags [N, longest found] with kNoTag for padding; undefined without labels.
Dataset encode_samples(const TextSamples& samples, const Vocabulary& vocabulary,
                       const std::vector<std::string>& classes = {});
std::vector<std::string> classes_of(const TextSamples& samples);

}  // namespace tessera::data
