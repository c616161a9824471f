#include "tessera/data/tokenizer.h"

#include <algorithm>
#include <array>

#include "tessera/base/utf8.h"

namespace tessera::data {
namespace {

struct LowerCaseRow {
  char32_t first, last;
  int step, distance;
};
constexpr LowerCaseRow kLowerCase[] = {
#include "tessera/data/lower_case.inc"
};

char32_t lowered(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  const auto* row = std::lower_bound(std::begin(kLowerCase), std::end(kLowerCase), c,
                                     [](const LowerCaseRow& r, char32_t value) { return r.last < value; });
  if (row == std::end(kLowerCase) || c < row->first ||
      (c - row->first) % static_cast<char32_t>(row->step) != 0)
    return c;
  return static_cast<char32_t>(static_cast<std::int64_t>(c) + row->distance);
}

bool is_decimal_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
// Bytes alone are blanks in ASCII only: 0xA0 also ends characters that are none, as "à".
bool is_ascii_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr std::string_view kNoBreakSpace = "\xc2\xa0";

// The length of the blank that begins at `position`; 0 if none does.
std::size_t blank_at(std::string_view text, std::size_t position) {
  if (position >= text.size()) return 0;
  if (is_ascii_blank(text[position])) return 1;
  return text.substr(position).starts_with(kNoBreakSpace) ? kNoBreakSpace.size() : 0;
}

// The length of the blank that ends before `position`; 0 if none does.
std::size_t blank_before(std::string_view text, std::size_t position) {
  if (position == 0) return 0;
  if (is_ascii_blank(text[position - 1])) return 1;
  return text.substr(0, position).ends_with(kNoBreakSpace) ? kNoBreakSpace.size() : 0;
}

std::size_t skip_blanks(std::string_view text, std::size_t position) {
  while (const std::size_t length = blank_at(text, position)) position += length;
  return position;
}

bool is_word_character(char32_t c) {
  if (c < 0x80) return is_decimal_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0x100) return c == 0xAA || c == 0xB5 || c == 0xBA || (c >= 0xC0 && c != 0xD7 && c != 0xF7);
  const bool punctuation = (c >= 0x2000 && c <= 0x206F) || (c >= 0x2190 && c <= 0x2BFF) ||
                           (c >= 0x3000 && c <= 0x303F) || c == 0xFEFF || c == 0xFFFD;
  return !punctuation;
}

// The character at a position; a byte that is not UTF-8 is one of its own, which belongs to no word.
Utf8Character character_at(std::string_view text, std::size_t position) {
  const Utf8Character found = utf8_character(text.substr(position));
  return found.length > 0 || position >= text.size() ? found : Utf8Character{0xFFFD, 1};
}

// Does the separator join what stands before and after it into one word? `letters`: word characters since the last joint.
bool joins(char32_t before, char32_t separator, char32_t after, std::size_t letters) {
  if (!is_word_character(before) || !is_word_character(after)) return false;
  if (separator == '\'' || separator == '-' || separator == 0x2019) return true;
  if (is_decimal_digit(before) && is_decimal_digit(after))
    return separator == '.' || separator == ',' || separator == '/' || separator == ':';
  return separator == '.' && letters == 1 && !is_decimal_digit(before) && !is_decimal_digit(after);
}

// The end of the word that begins at `position`.
std::size_t word_end(std::string_view text, std::size_t position) {
  char32_t before = 0;
  std::size_t letters = 0;
  while (position < text.size()) {
    const Utf8Character here = character_at(text, position);
    if (is_word_character(here.code_point)) {
      before = here.code_point;
      ++letters;
      position += here.length;
      continue;
    }
    const Utf8Character after = character_at(text, position + here.length);
    if (after.length == 0 || !joins(before, here.code_point, after.code_point, letters)) break;
    position += here.length;
    letters = 0;
  }
  return position;
}

constexpr std::array<std::string_view, 34> kAbbreviations = {
    "al",  "approx", "apr", "aug", "cf",  "dec",  "dept", "dr",  "e.g", "etc", "feb", "fig",
    "i.e", "jan",    "jr",  "jul", "jun", "mar",  "mr",   "mrs", "ms",  "no",  "nos", "nov",
    "oct", "prof",   "pt",  "rev", "sep", "sept", "sr",   "st",  "u.s", "vs"};

// Decides where sentences end. `start_` is where the sentence began, behind all blanks: nobody has to pass them again.
class SentenceScanner {
 public:
  SentenceScanner(std::string_view text, const SentenceSettings& settings)
      : text_(text), settings_(settings), start_(skip_blanks(text, 0)) {}

  std::vector<TextSpan> run() {
    for (std::size_t position = 0; position < text_.size(); ++position) {
      const char c = text_[position];
      if (c == '\n' && line_ends_sentence(position)) {
        finish(position);
      } else if (c == '.' || c == '!' || c == '?') {
        if (const std::size_t end = sentence_end(position); end > 0) {
          finish(end);
          position = end - 1;
        }
      }
    }
    finish(text_.size());
    return std::move(found_);
  }

 private:
  void finish(std::size_t end) {
    if (end <= start_) return;
    const std::size_t begin = start_;
    start_ = skip_blanks(text_, end);
    while (const std::size_t length = blank_before(text_, end)) end -= length;
    found_.push_back({begin, end});
  }

  bool line_ends_sentence(std::size_t position) const {
    if (settings_.lines_end) return true;
    std::size_t next = position + 1;
    while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\t' || text_[next] == '\r')) ++next;
    return next >= text_.size() || text_[next] == '\n';
  }

  // Where the sentence ends whose last mark stands at `position`; 0 if it goes on.
  std::size_t sentence_end(std::size_t position) const {
    std::size_t end = position + 1;
    while (end < text_.size() && (text_[end] == '"' || text_[end] == ')' || text_[end] == '\'')) ++end;
    if (end < text_.size() && blank_at(text_, end) == 0) return 0;
    const std::size_t next = skip_blanks(text_, end);
    if (next >= text_.size()) return end;
    const char32_t after = character_at(text_, next).code_point;
    const bool lower = after >= 'a' && (lowered(after) == after && is_word_character(after));
    if (lower) return 0;
    return text_[position] == '.' && belongs_to_word(position) ? 0 : end;
  }

  // Is the full stop at `position` that of an abbreviation, an initial or a list's number?
  bool belongs_to_word(std::size_t position) const {
    std::size_t begin = position;
    while (begin > start_ && blank_before(text_, begin) == 0) --begin;
    const std::string word = lower_case(text_.substr(begin, position - begin));
    const bool number =
        !word.empty() && word.size() <= 2 && std::all_of(word.begin(), word.end(), is_decimal_digit);
    if (begin == start_ && number) return true;
    if (word.size() == 1 && !is_decimal_digit(static_cast<unsigned char>(word[0]))) return true;
    return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
  }

  std::string_view text_;
  SentenceSettings settings_;
  std::size_t start_;
  std::vector<TextSpan> found_;
};

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character found = utf8_character(text);
    if (found.length == 0)
      out += text[0];
    else
      append_utf8(out, lowered(found.code_point));
    text.remove_prefix(std::max<std::size_t>(found.length, 1));
  }
  return out;
}

std::string mask_digits(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_decimal_digit(static_cast<unsigned char>(c))) c = '*';
  return out;
}

std::vector<Token> tokenize(std::string_view text, const TokenizerSettings& settings) {
  std::vector<Token> tokens;
  for (std::size_t position = 0; position < text.size();) {
    const Utf8Character here = character_at(text, position);
    if (!is_word_character(here.code_point)) {
      position += here.length;
      continue;
    }
    const std::size_t end = word_end(text, position);
    std::string word(text.substr(position, end - position));
    if (settings.lower_case) word = lower_case(word);
    if (settings.mask_digits) word = mask_digits(word);
    tokens.push_back({std::move(word), {position, end}});
    position = end;
  }
  return tokens;
}

std::vector<std::string> words_of(std::string_view text, const TokenizerSettings& settings) {
  std::vector<std::string> words;
  for (Token& token : tokenize(text, settings)) words.push_back(std::move(token.text));
  return words;
}

std::vector<TextSpan> split_sentences(std::string_view text, const SentenceSettings& settings) {
  return SentenceScanner(text, settings).run();
}

}  // namespace tessera::data
