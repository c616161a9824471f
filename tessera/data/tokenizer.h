// Text into sentences and words.
//
// Words: maximal runs of letters and digits (every script; marks and symbols beyond ASCII count as letters, general punctuation
// does not). Joined within a word: an apostrophe or hyphen between two word characters ("two-year", "patient's"), any of - . , / : between
// two digits ("428.0", "2017-03-13"), and a full stop after single letters ("b.i.d"). All other punctuation only separates.
//
// Lower-casing maps one code point to one, by the simple mappings of Unicode 14, whatever the locale; bytes that are not UTF-8 stay as they
// are. Masking writes '*' for each ASCII digit, so that dates, ages and numbers keep their form and lose their value:
// 2017-03-13 -> ****-**-**. It is done after words are found, so it joins nothing.
//
// Sentences end after . ! ? before a blank and something that is not a lower-case letter, unless the stop belongs to an abbreviation ("Dr.",
// "vs."), an initial, or the number that begins a list ("1. Normal."); at an empty line; and, if `lines_end` is set, at every line's end.
//
// Positions are byte offsets into the text that was given. Thread-safety: pure functions.
//
// ```cpp
// assert(data::mask_digits("2017-03-13") == "****-**-**");
// assert(data::words_of("Harry had had ENOUGH.") == (std::vector<std::string>{"harry", "had", "had", "enough"}));
// const std::string note = "1. Lungs are clear. Dr. Sample was told.";
// const std::vector<data::TextSpan> sentences = data::split_sentences(note);
// assert(sentences.size() == 2 && note.substr(0, sentences[0].end) == "1. Lungs are clear.");
// ```
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::data {

struct TextSpan {
  std::size_t begin = 0, end = 0;  // bytes, the last one excluded
  friend bool operator==(const TextSpan&, const TextSpan&) = default;
};

struct TokenizerSettings {
  bool lower_case = true;
  bool mask_digits = true;
};

struct Token {
  std::string text;  // lower-cased and masked
  TextSpan place;    // of the word as it stands in the text
};

std::vector<Token> tokenize(std::string_view text, const TokenizerSettings& settings = {});
std::vector<std::string> words_of(std::string_view text, const TokenizerSettings& settings = {});

std::string lower_case(std::string_view text);
std::string mask_digits(std::string_view text);

struct SentenceSettings {
  bool lines_end = false;  // for texts whose lines are not filled paragraphs
};

// In order, without overlap; blanks around a sentence do not belong to it, and there is no empty one.
std::vector<TextSpan> split_sentences(std::string_view text, const SentenceSettings& settings = {});

}  // namespace tessera::data
