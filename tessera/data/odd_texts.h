// Texts of a column that are likely meant otherwise than they are read: numbers in another notation, and words that are one but for blanks and the case
// of letters. Hints for people: nothing is changed by them.
//
// The texts are the distinct ones of a column; of very many the first 1,000 are looked at. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<std::string> incomes = {"1,200", "350", "12,345.50"}, answers = {"No", "Yes", "yes "};
// assert(data::number_notation(incomes)->name == "thousand separators" && data::number_notation(incomes)->example == "1,200");
// assert(data::alike_texts(answers)->second == "yes " && !data::alike_texts(incomes));
// ```
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tessera::data {

// All of the texts are numbers for a person: with thousand separators, a decimal comma, a percent sign or the sign of a currency.
struct NumberNotation {
  std::string_view name;  // "thousand separators"
  std::string example;    // the first text that is no number here
};
std::optional<NumberNotation> number_notation(std::span<const std::string> texts);

// The first two that differ only in blanks and the case of (ASCII) letters.
std::optional<std::pair<std::string, std::string>> alike_texts(std::span<const std::string> texts);

}  // namespace tessera::data
