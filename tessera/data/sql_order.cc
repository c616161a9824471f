#include "tessera/data/sql_order.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "tessera/base/ascii.h"

namespace tessera::data {
namespace {

bool is_sql_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The end of /* a comment /* with another one in it */ */.
std::size_t comment_end(std::string_view sql) {
  int depth = 0;
  for (std::size_t at = 0; at + 1 < sql.size(); ++at) {
    const std::string_view pair = sql.substr(at, 2);
    if (pair != "/*" && pair != "*/") continue;
    depth += pair == "/*" ? 1 : -1;
    ++at;
    if (depth == 0) return at + 1;
  }
  return sql.size();
}

// The end of E'a text in which \' and '' are quotes', from the quote on.
std::size_t escaped_text_end(std::string_view sql) {
  for (std::size_t at = 1; at < sql.size(); ++at) {
    if (sql[at] == '\\' || sql.substr(at, 2) == "''")
      ++at;
    else if (sql[at] == '\'')
      return at + 1;
  }
  return sql.size();
}

// The length of the first token of a text of SQL: a word, a quoted text, a comment, or one character.
std::size_t sql_token(std::string_view sql) {
  const auto until = [&](std::string_view end, std::size_t from) {
    const std::size_t found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  if (sql.front() == '\'' || sql.front() == '"') return until(sql.substr(0, 1), 1);
  if (sql.starts_with("E'") || sql.starts_with("e'")) return 1 + escaped_text_end(sql.substr(1));
  if (sql.starts_with("--")) return until("\n", 2);
  if (sql.starts_with("/*")) return comment_end(sql);
  std::size_t length = sql.front() == '$' ? 1 : 0;
  while (length < sql.size() &&
         (is_sql_word_character(sql[length]) || (sql[length] == '$' && sql.front() != '$')))
    ++length;
  const bool dollars = sql.front() == '$' && length < sql.size() && sql[length] == '$' &&
                       std::isdigit(static_cast<unsigned char>(sql[1])) == 0;
  if (dollars) return until(sql.substr(0, length + 1), length + 1);  // $$ a text $$, or with a name between
  return std::max<std::size_t>(length, 1);
}

bool is_blank(std::string_view token) {
  return token.starts_with("--") || token.starts_with("/*") ||
         std::isspace(static_cast<unsigned char>(token.front())) != 0;
}

// What counts of a query: words in small letters, texts, single characters.
std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  while (!query.empty()) {
    const std::string_view token = query.substr(0, sql_token(query));
    if (!is_blank(token)) words.push_back(ascii_lower_case(token));
    query.remove_prefix(token.size());
  }
  while (!words.empty() && words.back() == ";") words.pop_back();
  return words;
}

// Is the first word a parenthesis that the last one closes?
bool in_parentheses(const std::vector<std::string>& words) {
  if (words.size() < 2 || words.front() != "(") return false;
  int depth = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "(") ++depth;
    if (words[i] == ")" && --depth == 0) return false;
  }
  return depth == 1 && words.back() == ")";
}

}  // namespace

bool has_order_by(std::string_view query) {
  std::vector<std::string> words = words_of(query);
  while (in_parentheses(words)) words = {words.begin() + 1, words.end() - 1};
  int depth = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "(") ++depth;
    if (words[i] == ")") --depth;
    if (depth == 0 && words[i] == "order" && words[i + 1] == "by") return true;
  }
  return false;
}

}  // namespace tessera::data
