#include "tessera/data/sql_order.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace tessera::data {
namespace {

bool is_sql_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The length of the first token of a text of SQL: a word, a quoted text, a comment, or one character.
std::size_t sql_token(std::string_view sql) {
  const auto until = [&](std::string_view end, std::size_t from) {
    const std::size_t found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  if (sql.front() == '\'' || sql.front() == '"') return until(sql.substr(0, 1), 1);
  if (sql.starts_with("--")) return until("\n", 2);
  if (sql.starts_with("/*")) return until("*/", 2);
  if (sql.front() == '$') {  // $$ a text $$, or with a name between
    const std::size_t end = sql.find_first_of("$ ", 1);
    if (end != std::string_view::npos && sql[end] == '$') return until(sql.substr(0, end + 1), end + 1);
  }
  std::size_t length = 0;
  while (length < sql.size() && is_sql_word_character(sql[length])) ++length;
  return std::max<std::size_t>(length, 1);
}

bool is_blank(std::string_view token) {
  return token.starts_with("--") || token.starts_with("/*") ||
         std::isspace(static_cast<unsigned char>(token.front())) != 0;
}

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return small;
}

}  // namespace

bool has_order_by(std::string_view query) {
  std::string before;  // the word in front
  int depth = 0;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t length = sql_token(query.substr(at));
    const std::string_view token = query.substr(at, length);
    at += length;
    if (token == "(") ++depth;
    if (token == ")") --depth;
    if (is_blank(token)) continue;
    const std::string word = depth == 0 ? small_letters(token) : "";
    if (before == "order" && word == "by") return true;
    before = word;
  }
  return false;
}

}  // namespace tessera::data
