#include "tessera/data/text_samples.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/suggest.h"
#include "tessera/base/text.h"
#include "tessera/base/utf8.h"
#include "tessera/data/class_labels.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/documents.h"
#include "tessera/data/lines.h"

namespace tessera::data {
namespace {

constexpr std::string_view kDocumentStart = "-DOCSTART-";

// Words become file names of nothing, but they do become lines of a vocabulary and fields of answers.
void require_plain_utf8(std::string_view text, const std::string& name) {
  std::int64_t line = 1;
  for (std::size_t position = 0; position < text.size();) {
    const char c = text[position];
    if (c == '\0') fail("{}:{}: found a NUL byte, expected text", name, line);
    line += c == '\n';
    if (static_cast<unsigned char>(c) < 0x80) {
      ++position;
      continue;
    }
    const std::size_t length = utf8_character(text.substr(position, 4)).length;
    if (length == 0) fail("{}:{}: found bytes that are not UTF-8, expected text in UTF-8", name, line);
    position += length;
  }
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

void keep_longest(TextSample& sample, std::int64_t longest) {
  const auto most = static_cast<std::size_t>(longest);
  if (longest == 0 || sample.words.size() <= most) return;
  sample.left_out = static_cast<std::int64_t>(sample.words.size() - most);
  sample.words.resize(most);
  sample.shown.resize(most);
  if (sample.labels.size() > most) sample.labels.resize(most);
}

TextSample sample_of(std::string_view text, const TextSource& source, std::int64_t line) {
  TextSample sample;
  sample.line = line;
  for (Token& token : tokenize(text, source.tokens)) {
    sample.words.push_back(std::move(token.text));
    sample.shown.emplace_back(text.substr(token.place.begin, token.place.end - token.place.begin));
  }
  keep_longest(sample, source.longest);
  return sample;
}

// One label of those that a sample has; none if that is not clear.
std::vector<std::string> label_of(const std::vector<std::string>& labels, const TextSource& source) {
  if (source.one_label.empty()) return labels.size() == 1 ? labels : std::vector<std::string>();
  const bool has = std::find(labels.begin(), labels.end(), source.one_label) != labels.end();
  return {has ? source.one_label : "not " + source.one_label};
}

TextSamples checked(TextSamples samples, std::string_view what) {
  if (samples.samples.empty()) fail("{}: there is no {}, expected at least one", samples.source, what);
  return samples;
}

// ---- CSV ----

std::size_t column_of(const std::vector<std::string>& header, const std::string& column,
                      const std::string& name, bool required) {
  const auto found = std::find(header.begin(), header.end(), column);
  if (found == header.end()) {
    if (!required) return header.size();
    fail("{}:1: there is no column '{}'{}", name, printable(column), did_you_mean(column, header));
  }
  if (std::find(found + 1, header.end(), column) != header.end())
    fail("{}:1: there are two columns '{}', expected one", name, printable(column));
  return static_cast<std::size_t>(found - header.begin());
}

// ---- CoNLL ----

std::vector<std::string_view> columns_of(std::string_view line) {
  if (line.find('\t') == std::string_view::npos) return split_at_blanks(line);
  std::vector<std::string_view> columns;
  while (true) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    columns.push_back(line.substr(0, end));
    if (end == line.size()) return columns;
    line.remove_prefix(end + 1);
  }
}

class ConllReader {
 public:
  ConllReader(std::string_view text, const std::string& name, const TextSource& source)
      : text_(without_mark(text)), source_(source), samples_{name, true, {}} {}

  TextSamples read() {
    while (!text_.empty()) read_line();
    finish_sentence();
    return checked(std::move(samples_), "sentence");
  }

 private:
  void read_line() {
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (split_at_blanks(line).empty()) return finish_sentence();
    const std::vector<std::string_view> columns = columns_of(line);
    if (columns.front() == kDocumentStart) return finish_sentence();
    add_word(columns);
  }

  void add_word(const std::vector<std::string_view>& columns) {
    if (columns_ == 0) columns_ = columns.size();
    if (columns.size() != columns_)
      reject(fmt::format("found {} columns, expected {}, as in the first line of a word", columns.size(),
                         columns_));
    if (source_.read_labels && columns_ < 2) reject("found one column, expected a word and its tag");
    for (const std::string_view column : {columns.front(), columns.back()})
      if (column.empty()) reject("found an empty column, expected a word and its tag");
    if (sentence_.words.empty()) sentence_.line = number_;
    std::string word(columns.front());
    sentence_.shown.push_back(word);
    if (source_.tokens.lower_case) word = lower_case(word);
    if (source_.tokens.mask_digits) word = mask_digits(word);
    sentence_.words.push_back(std::move(word));
    if (source_.read_labels) sentence_.labels.emplace_back(columns.back());
  }

  [[noreturn]] void reject(const std::string& reason) const {
    fail("{}:{}: {}", samples_.source, number_, reason);
  }

  void finish_sentence() {
    if (sentence_.words.empty()) return;
    keep_longest(sentence_, source_.longest);
    samples_.samples.push_back(std::move(sentence_));
    sentence_ = {};
  }

  std::string_view text_;
  const TextSource& source_;
  TextSamples samples_;
  TextSample sentence_;
  std::int64_t number_ = 0;
  std::size_t columns_ = 0;
};

bool has_end(const std::string& path, std::string_view end) {
  return path.ends_with(end) || path.ends_with(std::string(end) + ".gz");
}

}  // namespace

TextSamples parse_text_csv(std::string_view text, const std::string& name, const TextSource& source) {
  require_plain_utf8(text, name);
  CsvRows rows(text, name, ',', false);
  TextSamples samples{name, false, {}};
  if (rows.empty()) fail("{}: the file is empty, expected a header and texts", name);
  std::vector<std::string> fields;
  rows.next(fields);
  const std::vector<std::string> header = fields;
  const std::size_t texts = column_of(header, source.text_column, name, true);
  const std::size_t labels =
      source.read_labels ? column_of(header, source.label_column, name, true) : header.size();
  while (!rows.done()) {
    rows.next(fields);
    if (fields.size() != header.size())
      fail("{}:{}: found {} fields, expected {} as in the header", name, rows.line(), fields.size(),
           header.size());
    samples.samples.push_back(sample_of(fields[texts], source, rows.line()));
    if (!source.read_labels) continue;
    if (fields[labels].empty())
      fail("{}:{}: column '{}': found an empty field, expected a label", name, rows.line(),
           printable(source.label_column));
    samples.samples.back().labels = label_of({fields[labels]}, source);
  }
  return checked(std::move(samples), "text");
}

TextSamples parse_text_json_lines(std::string_view text, const std::string& name, const TextSource& source) {
  require_plain_utf8(text, name);
  DocumentSource options;
  options.id_field = "";
  options.text_field = source.text_column;
  options.label_field = source.label_column;
  options.labelled = source.read_labels;
  TextSamples samples{name, false, {}};
  for (const Document& document : parse_json_lines(text, name, options).documents) {
    samples.samples.push_back(sample_of(document.sections[0].text, source, std::stoll(document.id)));
    if (!source.read_labels) continue;
    samples.samples.back().labels = label_of(document.labels, source);
    const std::vector<std::string>& labels = samples.samples.back().labels;
    if (labels.empty() || labels[0].empty())
      fail("{}:{}: field '{}': found {}, expected one label", name, document.id,
           printable(source.label_column),
           labels.empty() ? fmt::format("{} labels", document.labels.size()) : "an empty text");
  }
  return checked(std::move(samples), "text");
}

TextSamples parse_text_lines(std::string_view text, const std::string& name, const TextSource& source) {
  require_plain_utf8(text, name);
  text = without_mark(text);
  TextSamples samples{name, false, {}};
  for (std::int64_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    samples.samples.push_back(sample_of(text.substr(0, end), source, line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return checked(std::move(samples), "text");
}

TextSamples parse_conll(std::string_view text, const std::string& name, const TextSource& source) {
  require_plain_utf8(text, name);
  return ConllReader(text, name, source).read();
}

TextSamples sample_of_text(const std::string& text, const TextSource& source) {
  const std::string name = "the text";
  require_plain_utf8(text, name);
  if (source.format != "tags") return {name, false, {sample_of(text, source, 1)}};
  std::string lines;
  std::string blank = text;
  for (char& c : blank)
    if (c == '\n' || c == '\r') c = ' ';
  for (const std::string_view word : split_at_blanks(blank)) lines += fmt::format("{}\n", word);
  TextSource words = source;
  words.read_labels = false;
  return ConllReader(lines, name, words).read();
}

TextSamples read_text_samples(const TextSource& source) {
  std::string bytes = read_file(source.path);
  InputFile input{"features", source.path, to_hex(sha256(bytes))};
  const std::string text = unpack_maybe_gzip(std::move(bytes), source.path);
  input.unpacked_digest = to_hex(sha256(text));
  TextSamples samples;
  if (source.format == "tags") {
    samples = parse_conll(text, source.path, source);
  } else if (has_end(source.path, ".csv")) {
    samples = parse_text_csv(text, source.path, source);
  } else if (has_end(source.path, ".jsonl") || has_end(source.path, ".json")) {
    samples = parse_text_json_lines(text, source.path, source);
  } else if (has_end(source.path, ".txt") && !source.read_labels) {
    samples = parse_text_lines(text, source.path, source);
  } else {
    fail("{}: expected a file whose name ends in .csv or .jsonl{}, each also with .gz", source.path,
         source.read_labels ? "" : " or .txt");
  }
  samples.inputs = {input};
  return samples;
}

std::vector<std::string> classes_of(const TextSamples& samples) {
  std::vector<std::string> texts;
  for (const TextSample& sample : samples.samples)
    texts.insert(texts.end(), sample.labels.begin(), sample.labels.end());
  return sorted_classes(std::move(texts));
}

Dataset encode_samples(const TextSamples& samples, const Vocabulary& vocabulary,
                       const std::vector<std::string>& classes) {
  Dataset dataset;
  dataset.inputs = samples.inputs;
  dataset.classes = classes.empty() ? classes_of(samples) : classes;
  std::size_t longest = 1;
  for (const TextSample& sample : samples.samples) longest = std::max(longest, sample.words.size());
  const std::size_t count = samples.samples.size();
  std::vector<float> ids(count * longest, static_cast<float>(Vocabulary::kPadding));
  std::vector<std::int64_t> labels(samples.tagged ? count * longest : count, kNoTag);
  for (std::size_t i = 0; i < count; ++i) {
    const TextSample& sample = samples.samples[i];
    dataset.lengths.push_back(std::max<std::int64_t>(1, static_cast<std::int64_t>(sample.words.size())));
    if (sample.words.empty()) ids[i * longest] = static_cast<float>(Vocabulary::kUnknown);
    for (std::size_t t = 0; t < sample.words.size(); ++t)
      ids[i * longest + t] = static_cast<float>(vocabulary.id(sample.words[t]));
    const std::vector<std::int64_t> found =
        label_positions(sample.labels, dataset.classes, [&](std::size_t t) {
          return fmt::format("{}:{}", samples.source, sample.line + static_cast<std::int64_t>(t));
        });
    std::copy(found.begin(), found.end(),
              labels.begin() + static_cast<std::ptrdiff_t>(samples.tagged ? i * longest : i));
  }
  const auto n = static_cast<std::int64_t>(count), t = static_cast<std::int64_t>(longest);
  dataset.features = Tensor::from<float>(ids, {n, t});
  if (samples.labelled())
    dataset.labels = Tensor::from<std::int64_t>(labels, samples.tagged ? Shape{n, t} : Shape{n});
  return dataset;
}

}  // namespace tessera::data
