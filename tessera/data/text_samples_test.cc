#include "tessera/data/text_samples.h"

#include <gmock/gmock.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TextSource kText{.format = "text"};
const TextSource kTags{.format = "tags"};

TEST(TextSamples, CsvAndJsonLinesAreTheSame) {
  const TextSamples csv =
      parse_text_csv("id,text,label\n1,\"Not good,\nat all.\",no\n2,,yes\n", "a.csv", kText);
  const TextSamples json = parse_text_json_lines(
      "{\"text\": \"Not good,\\nat all.\", \"label\": \"no\"}\n\n{\"text\": \"\", \"label\": [\"yes\"]}\n",
      "a.jsonl", kText);
  ASSERT_EQ(csv.samples.size(), 2U);
  ASSERT_EQ(json.samples.size(), 2U);
  for (const TextSamples& samples : {csv, json}) {
    EXPECT_THAT(samples.samples[0].words, ElementsAre("not", "good", "at", "all"));
    EXPECT_THAT(samples.samples[0].shown, ElementsAre("Not", "good", "at", "all"));
    EXPECT_THAT(samples.samples[0].labels, ElementsAre("no"));
    EXPECT_TRUE(samples.samples[1].words.empty());
    EXPECT_FALSE(samples.tagged);
  }
  EXPECT_EQ(csv.samples[1].line, 4);
  EXPECT_EQ(json.samples[1].line, 3);
}

TEST(TextSamples, OneLabelAmongMany) {
  TextSource source = kText;
  source.one_label = "a";
  const TextSamples found = parse_text_json_lines(
      R"({"text": "x", "label": ["b", "a"]}
{"text": "y", "label": []}
{"text": "z", "label": "c"})",
      "a.jsonl", source);
  EXPECT_THAT(classes_of(found), ElementsAre("a", "not a"));
  EXPECT_EQ(found.samples[0].labels[0], "a");
  EXPECT_EQ(found.samples[1].labels[0], "not a");
}

TEST(TextSamples, ConllWithColumnsDocumentsAndLineEnds) {
  const TextSamples found = parse_conll(
      "\xEF\xBB\xBF-DOCSTART- -X- O\r\n\r\nEU NNP B-ORG\r\nrejects VBZ O\r\n \t\nGerman\tJJ\tB-MISC",
      "a.conll", kTags);
  ASSERT_EQ(found.samples.size(), 2U);
  EXPECT_TRUE(found.tagged);
  EXPECT_THAT(found.samples[0].words, ElementsAre("eu", "rejects"));
  EXPECT_THAT(found.samples[0].shown, ElementsAre("EU", "rejects"));
  EXPECT_THAT(found.samples[0].labels, ElementsAre("B-ORG", "O"));
  EXPECT_EQ(found.samples[1].line, 6);
  EXPECT_EQ(parse_conll("a O\n \v\nb O\n", "a.conll", kTags).samples.size(),
            2U);  // any blanks are an empty line
  TextSource words = kTags;
  words.read_labels = false;
  words.tokens.mask_digits = true;
  const TextSamples alone = parse_conll("On\n2017-03-13\n", "a.conll", words);
  EXPECT_THAT(alone.samples[0].words, ElementsAre("on", "****-**-**"));
  EXPECT_FALSE(alone.labelled());
}

TEST(TextSamples, BadInputsAreNamedByLineAndNotQuoted) {
  const auto csv = [](const std::string& text) {
    return message_of([&] { return parse_text_csv(text, "a.csv", kText); });
  };
  EXPECT_EQ(csv(""), "a.csv: the file is empty, expected a header and texts");
  EXPECT_EQ(csv("text,label\n"), "a.csv: there is no text, expected at least one");
  EXPECT_EQ(csv("text,labels\nsecret,1\n"), "a.csv:1: there is no column 'label' (did you mean 'labels'?)");
  EXPECT_EQ(csv("text,label,label\nsecret,1,2\n"), "a.csv:1: there are two columns 'label', expected one");
  EXPECT_EQ(csv("text,label\nsecret,1\nsecret,\n"),
            "a.csv:3: column 'label': found an empty field, expected a label");
  EXPECT_EQ(csv("text,label\nsecret\n"), "a.csv:2: found 1 fields, expected 2 as in the header");
  EXPECT_EQ(csv(std::string("text,label\nsec\0ret,1\n", 21)), "a.csv:2: found a NUL byte, expected text");
  EXPECT_EQ(csv("text,label\nsecret,1\nsec\xffret,1\n"),
            "a.csv:3: found bytes that are not UTF-8, expected text in UTF-8");
  const auto json = [](const std::string& text) {
    return message_of([&] { return parse_text_json_lines(text, "a.jsonl", kText); });
  };
  EXPECT_THAT(json(""), HasSubstr("a.jsonl: there is no document"));
  EXPECT_THAT(json("{\"text\": \"secret\"}\n"), HasSubstr("a.jsonl:1: the field 'label' is missing"));
  EXPECT_EQ(json("{\"text\": \"secret\", \"label\": [\"a\", \"b\"]}\n"),
            "a.jsonl:1: field 'label': found 2 labels, expected one label");
  EXPECT_THAT(json("{\"text\": \"secret\n"), HasSubstr("a.jsonl:1: not a JSON text"));
  const auto conll = [](const std::string& text) {
    return message_of([&] { return parse_conll(text, "a.conll", kTags); });
  };
  EXPECT_EQ(conll(""), "a.conll: there is no sentence, expected at least one");
  EXPECT_EQ(conll("\n\n-DOCSTART- O\n"), "a.conll: there is no sentence, expected at least one");
  EXPECT_EQ(conll("secret\n"), "a.conll:1: found one column, expected a word and its tag");
  EXPECT_EQ(conll("secret O\nsecret X O\n"),
            "a.conll:2: found 3 columns, expected 2, as in the first line of a word");
  EXPECT_EQ(conll("secret\t\n"), "a.conll:1: found an empty column, expected a word and its tag");
  EXPECT_EQ(conll(std::string("a O\nb\0 O\n", 9)), "a.conll:2: found a NUL byte, expected text");
  EXPECT_EQ(conll("a O\nb\xc3 O\n"), "a.conll:2: found bytes that are not UTF-8, expected text in UTF-8");
}

TEST(TextSamples, ALineOfAMegabyteIsCutAtTheLongest) {
  TextSource source = kText;
  source.longest = 10;
  std::string text;
  while (text.size() < (1U << 20)) text += "word ";
  const TextSamples found = parse_text_csv("text,label\n" + text + ",a\n", "a.csv", source);
  EXPECT_EQ(found.samples[0].words.size(), 10U);
  EXPECT_EQ(found.samples[0].left_out, static_cast<std::int64_t>(text.size() / 5 - 10));
  const TextSamples one = parse_conll(std::string(1U << 20, 'x') + " O\n", "a.conll", kTags);
  EXPECT_EQ(one.samples[0].words[0].size(), 1U << 20);
}

TEST(TextSamples, FilesAreKnownByTheirNames) {
  const TestFolder folder;
  write_file_atomically(folder / "a.txt", "one text\nanother\n");
  TextSource source = kText;
  source.path = folder / "a.txt";
  EXPECT_THAT(message_of([&] { return read_text_samples(source); }),
              HasSubstr("a.txt: expected a file whose name ends in .csv or .jsonl, each also with .gz"));
  source.read_labels = false;
  const TextSamples found = read_text_samples(source);
  EXPECT_EQ(found.samples.size(), 2U);
  EXPECT_EQ(found.inputs[0].digest.size(), 64U);
  source.path = folder / "a.parquet";
  write_file_atomically(source.path, "x");
  EXPECT_THAT(message_of([&] { return read_text_samples(source); }), HasSubstr("or .txt"));
}

TEST(TextSamples, AreEncoded) {
  use_default_backend();
  const TextSamples samples = parse_text_csv("text,label\na b b c,10\n?!,9\n", "a.csv", kText);
  WordCounts counts;
  counts.add(samples.samples[0].words);
  const Vocabulary words = Vocabulary::build(counts, {.min_count = 2});
  const Dataset dataset = encode_samples(samples, words);
  EXPECT_THAT(dataset.classes, ElementsAre("9", "10"));  // as numbers
  EXPECT_THAT(dataset.features.to_vector<float>(), ElementsAre(1, 2, 2, 1, 1, 0, 0, 0));
  EXPECT_THAT(dataset.labels.to_vector<std::int64_t>(), ElementsAre(1, 0));
  EXPECT_THAT(dataset.lengths, ElementsAre(4, 1));
  EXPECT_THAT(take(dataset, std::vector<std::int64_t>{1}).lengths, ElementsAre(1));
  EXPECT_EQ(message_of([&] {
              return encode_samples(samples, words, {"9", "11"});
            }),
            "a.csv:2: found the label '10', expected one of the 2 classes '9' to '11'");
  const TextSamples tags = parse_conll("a X\nb Y\n\nb Z\n", "a.conll", kTags);
  const Dataset tagged = encode_samples(tags, words, {"X", "Y", "Z"});
  EXPECT_THAT(tagged.labels.to_vector<std::int64_t>(), ElementsAre(0, 1, 2, kNoTag));
  EXPECT_EQ(message_of([&] {
              return encode_samples(tags, words, {"X", "Z"});
            }),
            "a.conll:2: found the label 'Y', expected one of the 2 classes 'X' to 'Z'");
}

}  // namespace
}  // namespace tessera::data
