// Grammar, from weak to strong:
//   any        = all { "or" all }
//   all        = unary { "and" unary }
//   unary      = "not" unary | "(" any ")" | comparison
//   comparison = key op value | value op key

#include "tessera/runs/where.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/suggest.h"

namespace tessera::runs {
namespace {

enum class Kind { kWord, kNumber, kText, kOperator, kOpen, kClose, kEnd };

struct Token {
  Kind kind;
  std::string text;
  double number = 0;
  std::size_t place = 0;
};

constexpr int kDeepest = 10;
constexpr int kMostTerms =
    200;  // SQLite has limits of its own, whose messages say nothing about the condition

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool in_word(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '/' || c == ':' || c == '+';
}

bool number_value(const std::string& text, double& value) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc() && stop == end) return true;
  try {
    value = hex_float_value(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\t')) ++place_;
    const std::size_t begin = place_;
    if (place_ == text_.size()) return {Kind::kEnd, "", 0, begin};
    const char c = text_[place_];
    if (c == '(' || c == ')')
      return ++place_, Token{c == '(' ? Kind::kOpen : Kind::kClose, std::string(1, c), 0, begin};
    if (c == '\'' || c == '"') return quoted(c);
    if (std::string_view("<>=!").find(c) != std::string_view::npos) return comparison_sign();
    if (is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '+') return word();
    fail_with(ExitCode::kUsage, "--where: column {}: unexpected character '{}' in: {}", begin + 1, c, text_);
  }

 private:
  Token quoted(char quote) {
    const std::size_t begin = place_++;
    const std::size_t end = text_.find(quote, place_);
    if (end == std::string_view::npos)
      fail_with(ExitCode::kUsage, "--where: column {}: the text has no closing {} in: {}", begin + 1, quote,
                text_);
    Token token{Kind::kText, std::string(text_.substr(place_, end - place_)), 0, begin};
    place_ = end + 1;
    return token;
  }

  Token comparison_sign() {
    const std::size_t begin = place_;
    while (place_ < text_.size() && std::string_view("<>=!").find(text_[place_]) != std::string_view::npos)
      ++place_;
    std::string sign(text_.substr(begin, place_ - begin));
    if (sign == "==") sign = "=";
    for (const char* known : {"=", "!=", "<", "<=", ">", ">="})
      if (sign == known) return {Kind::kOperator, sign, 0, begin};
    fail_with(ExitCode::kUsage, "--where: column {}: expected one of = != < <= > >=, found '{}' in: {}",
              begin + 1, sign, text_);
  }

  Token word() {
    const std::size_t begin = place_;
    while (place_ < text_.size() && in_word(text_[place_])) ++place_;
    Token token{Kind::kWord, std::string(text_.substr(begin, place_ - begin)), 0, begin};
    const bool numeric = !is_letter(token.text[0]) || token.text == "inf" || token.text == "nan";
    if (numeric && number_value(token.text, token.number)) token.kind = Kind::kNumber;
    return token;
  }

  std::string_view text_;
  std::size_t place_ = 0;
};

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& keys)
      : text_(text), keys_(keys), lexer_(text) {
    advance();
  }

  SqlCondition parse() {
    SqlCondition condition;
    condition.sql = any();
    if (token_.kind != Kind::kEnd) refuse("'and', 'or' or the end");
    condition.parameters = std::move(parameters_);
    return condition;
  }

 private:
  void advance() { token_ = lexer_.next(); }

  [[noreturn]] void refuse(const char* expected) const {
    const std::string found = token_.kind == Kind::kEnd ? "the end" : fmt::format("'{}'", token_.text);
    fail_with(ExitCode::kUsage, "--where: column {}: expected {}, found {} in: {}", token_.place + 1,
              expected, found, text_);
  }

  bool is_keyword(const char* keyword) const { return token_.kind == Kind::kWord && token_.text == keyword; }

  // Flat lists: SQLite's parser has room for about a hundred open parts.
  std::string any() {
    std::string sql = all();
    while (is_keyword("or")) {
      advance();
      sql += " OR " + all();
    }
    return fmt::format("({})", sql);
  }

  std::string all() {
    std::string sql = unary();
    while (is_keyword("and")) {
      advance();
      sql += " AND " + unary();
    }
    return sql;
  }

  std::string unary() {
    if (++depth_ > kDeepest)
      fail_with(ExitCode::kUsage, "--where: nested more than {} levels deep", kDeepest);
    std::string sql;
    if (is_keyword("not")) {
      advance();
      sql = fmt::format("(NOT {})", unary());
    } else if (token_.kind == Kind::kOpen) {
      advance();
      sql = any();
      if (token_.kind != Kind::kClose) refuse("')'");
      advance();
    } else {
      sql = comparison();
    }
    --depth_;
    return sql;
  }

  std::string comparison() {
    if (++terms_ > kMostTerms)
      fail_with(ExitCode::kUsage, "--where: column {}: more than {} comparisons", token_.place + 1,
                kMostTerms);
    const Token left = operand("a comparison such as: accuracy > 0.9");
    if (token_.kind != Kind::kOperator) refuse("one of = != < <= > >=");
    std::string sign = token_.text;
    advance();
    const Token right = operand("a number or a text");
    if (left.kind == Kind::kWord) return condition(left, sign, right);
    if (right.kind != Kind::kWord)
      fail_with(ExitCode::kUsage, "--where: column {}: a comparison needs a key on one side in: {}",
                left.place + 1, text_);
    if (sign[0] == '<' || sign[0] == '>') sign[0] = sign[0] == '<' ? '>' : '<';
    return condition(right, sign, left);
  }

  Token operand(const char* expected) {
    const bool good =
        token_.kind == Kind::kWord || token_.kind == Kind::kNumber || token_.kind == Kind::kText;
    if (!good || is_keyword("and") || is_keyword("or") || is_keyword("not")) refuse(expected);
    Token token = token_;
    advance();
    return token;
  }

  std::string condition(const Token& key, const std::string& sign, const Token& value) {
    parameters_.emplace_back(resolve_key(key.text, keys_));
    std::string test;
    if (value.kind == Kind::kNumber) {
      parameters_.emplace_back(value.number);
      // A value that is no number is different from every number.
      test = sign == "!=" ? "(f.number IS NULL OR f.number != ?)" : fmt::format("f.number {} ?", sign);
    } else {
      parameters_.emplace_back(value.text);
      test = fmt::format("f.text {} ?", sign);
    }
    return fmt::format("EXISTS (SELECT 1 FROM facts f WHERE f.run = runs.name AND f.key = ? AND {})", test);
  }

  std::string_view text_;
  const std::vector<std::string>& keys_;
  Lexer lexer_;
  Token token_{Kind::kEnd, "", 0, 0};
  std::vector<SqlValue> parameters_;
  int depth_ = 0;
  int terms_ = 0;
};

}  // namespace

std::string resolve_key(std::string_view word, const std::vector<std::string>& keys) {
  if (std::find(keys.begin(), keys.end(), word) != keys.end()) return std::string(word);
  std::vector<std::string> ending, last_parts;
  for (const std::string& key : keys) {
    if (key.ends_with(fmt::format(".{}", word))) ending.push_back(key);
    last_parts.push_back(key.substr(key.rfind('.') + 1));
  }
  if (ending.size() == 1) return ending[0];
  if (ending.size() > 1)
    fail_with(ExitCode::kUsage, "--where: '{}' may mean {}: write the whole key", word,
              fmt::join(ending, " or "));
  std::string suggestion = did_you_mean(word, keys);
  if (suggestion.empty()) suggestion = did_you_mean(word, last_parts);
  fail_with(ExitCode::kUsage, "--where: no run has the key '{}'{}", word, suggestion);
}

SqlCondition parse_where(std::string_view text, const std::vector<std::string>& keys) {
  return Parser(text, keys).parse();
}

}  // namespace tessera::runs
