#include "tessera/data/odd_texts.h"

#include <algorithm>
#include <unordered_map>

#include "tessera/base/ascii.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::size_t kMostTexts = 1000;
constexpr std::string_view kAroundTexts = " \t";
constexpr std::string_view kCurrencies[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5"};

std::string_view bare_text(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(kAroundTexts), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(kAroundTexts) + 1);
}

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// "12,345" or "1,234,567" at the beginning of the text: its length, 0 of anything else.
std::size_t grouped_at(std::string_view text, std::string_view separator) {
  std::size_t length = digits_at(text);
  if (length < 1 || length > 3) return 0;
  std::size_t groups = 0;
  for (; text.substr(length).starts_with(separator); ++groups) {
    if (digits_at(text.substr(length + separator.size())) != 3) return 0;
    length += separator.size() + 3;
  }
  return groups > 0 ? length : 0;
}

bool is_grouped(std::string_view text) {
  for (const std::string_view separator : {",", "'", " ", "\xC2\xA0", "\xE2\x80\xAF"}) {
    const std::size_t length = grouped_at(text, separator);
    if (length == 0) continue;
    const std::string_view rest = text.substr(length);
    if (rest.empty() || (rest[0] == '.' && digits_at(rest.substr(1)) + 1 == rest.size())) return true;
  }
  return false;
}

bool has_decimal_comma(std::string_view text) {
  const std::size_t grouped = std::max(grouped_at(text, "."), grouped_at(text, " ")),
                    whole = grouped > 0 ? grouped : digits_at(text);
  if (whole == 0 || whole >= text.size() || text[whole] != ',') return false;
  const std::string_view rest = text.substr(whole + 1);
  return !rest.empty() && digits_at(rest) == rest.size();
}

std::string_view without_sign(std::string_view text) {
  return text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
}

// Without the sign of a currency in front or behind; the text itself if it has none.
std::string_view without_currency(std::string_view text) {
  for (const std::string_view currency : kCurrencies) {
    if (text.starts_with(currency)) return bare_text(text.substr(currency.size()));
    if (text.ends_with(currency)) return bare_text(text.substr(0, text.size() - currency.size()));
  }
  return text;
}

bool looks_like_number(std::string_view text) {
  return parse_real(text).has_value() || is_grouped(without_sign(text)) ||
         has_decimal_comma(without_sign(text));
}

// "" of a number as it is read here, nothing of a text that is no number at all.
std::optional<std::string_view> notation_of(std::string_view text) {
  if (parse_real(text)) return "";
  const std::string_view bare = bare_text(text);
  if (bare.ends_with('%') && looks_like_number(bare_text(bare.substr(0, bare.size() - 1))))
    return "a percent sign";
  const std::string_view number = without_sign(without_currency(without_sign(bare)));
  if (number.size() < without_sign(bare).size() && looks_like_number(number)) return "the sign of a currency";
  // "1,234" may be either; "12,5" beside it decides.
  if (is_grouped(number)) return "thousand separators";
  if (has_decimal_comma(number)) return "a decimal comma";
  return std::nullopt;
}

std::string bare_word(std::string_view text) {
  std::string word;
  for (const char c : bare_text(text))
    if (c != ' ' && c != '\t') word += ascii_lower(c);
  return word;
}

}  // namespace

std::optional<NumberNotation> number_notation(std::span<const std::string> texts) {
  std::optional<NumberNotation> found;
  for (const std::string& text : texts.first(std::min(texts.size(), kMostTexts))) {
    const auto notation = notation_of(text);
    if (!notation) return std::nullopt;
    if (notation->empty() || (found && *notation != "a decimal comma")) continue;
    if (found && found->name != "thousand separators") continue;
    found = NumberNotation{*notation, text};
  }
  return found;
}

std::optional<std::pair<std::string, std::string>> alike_texts(std::span<const std::string> texts) {
  std::unordered_map<std::string, std::string_view> words;
  for (const std::string& text : texts.first(std::min(texts.size(), kMostTexts))) {
    const auto [found, is_new] = words.try_emplace(bare_word(text), text);
    if (!is_new && found->second != text) return std::pair(std::string(found->second), text);
  }
  return std::nullopt;
}

}  // namespace tessera::data
