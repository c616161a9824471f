#include "tessera/tabular/fit_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/data/column_index.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"
#include "tessera/data/odd_texts.h"

namespace tessera::tabular {
namespace {

constexpr std::int64_t kFewCategories = 20;

struct FindConvergence : StateVisitor {
  bool converged = true;
  void tensor(std::string_view, Tensor&) override {}
  void real(std::string_view, double&) override {}
  void integer(std::string_view name, std::int64_t& value) override {
    if (name.ends_with("converged")) converged &= value != 0;
  }
};

std::string without_blanks_around(std::string text) {
  data::clean_field(text, {.trim = true});
  return text;
}

}  // namespace

std::vector<MissingText> missing_texts(std::string_view csv, const std::string& source,
                                       const data::CsvOptions& options) {
  std::vector<MissingText> texts;
  for (const std::string& text : options.missing)
    if (std::ranges::find(texts, text, &MissingText::text) == texts.end())
      texts.push_back({.text = text, .trimmed = without_blanks_around(text)});
  if (texts.empty()) return texts;
  data::CsvRows rows(csv, source, options.separator);
  std::vector<std::string> fields;
  if (options.header && !rows.done()) rows.next(fields);
  while (!rows.done()) {
    rows.next(fields);
    for (const std::string& written : fields) {
      const std::string trimmed = without_blanks_around(written);
      const std::string& read = options.trim ? trimmed : written;  // as the reader has it
      for (MissingText& one : texts)
        if (read == one.text)
          ++one.cells;
        else if (!trimmed.empty() && trimmed == one.trimmed)
          ++one.alike;
    }
  }
  return texts;
}

std::vector<std::string> missing_text_notes(const std::vector<MissingText>& texts) {
  std::vector<std::string> notes;
  for (const MissingText& one : texts) {
    if (one.cells > 0) continue;
    std::string note = fmt::format("data.missing: no cell is '{}'", one.text);
    const bool listed = std::ranges::find(texts, one.trimmed, &MissingText::text) != texts.end();
    if (one.alike > 0 && one.text == one.trimmed)
      note += fmt::format(", but {} with blanks around it (--set data.trim=true)", one.alike);
    else if (one.alike > 0 && !listed)
      note += fmt::format(", but {} without the blank {}: '{}'", one.alike,
                          one.text.front() == one.trimmed.front() ? "behind it" : "in front", one.trimmed);
    notes.push_back(std::move(note));
  }
  return notes;
}

std::vector<std::string> header_notes(const data::Table& table) {
  const auto is_called_by_a_number = [](const data::Column& column) {
    return data::parse_real(column.name).has_value();
  };
  const auto& columns = table.columns;
  const auto called = std::ranges::count_if(columns, is_called_by_a_number),
             numeric = std::ranges::count_if(columns, &data::Column::numeric),
             both = std::ranges::count_if(columns, [&](const data::Column&column) {
               return column.numeric && is_called_by_a_number(column);
             });
  const bool most = 2 * called > static_cast<std::ptrdiff_t>(columns.size());
  if (!most && (numeric == 0 || both < numeric)) return {};
  return {fmt::format(
      "the columns are called '{}', '{}', ...: the first line looks like data (--set data.header=false, or "
      "with names: --set data.columns=a,b,...)",
      columns.front().name, columns.back().name)};
}

std::vector<std::string> nan_notes(const data::Table& table, const std::vector<std::string>& columns,
                                   const std::string& become) {
  std::vector<std::string> notes;
  const data::ColumnIndex index(table);
  for (const std::string& name : columns) {
    const data::Column& column = index.column(name);
    if (!column.numeric) continue;
    const auto cells =
        std::ranges::count_if(column.numbers, [](double number) { return std::isnan(number); }) -
        column.missing;
    if (cells > 0)
      notes.push_back(fmt::format("column '{}': {} NaN, taken for missing (features.missing={})", name,
                                  cells == 1 ? "1 cell is" : fmt::format("{} cells are", cells), become));
  }
  return notes;
}

std::vector<std::string> rounded_notes(const data::Table& table, const std::vector<std::string>& columns) {
  constexpr double kFirstRounded = 0x1p53, kNobodyWritesAllDigits = 1e22;
  std::vector<std::string> notes;
  const data::ColumnIndex index(table);
  for (const std::string& name : columns) {
    const std::vector<double>& numbers = index.column(name).numbers;
    double most = 0;
    for (const double number : numbers) most = std::fmax(most, std::fabs(number));
    if (most < kFirstRounded || most >= kNobodyWritesAllDigits) continue;
    if (std::ranges::all_of(numbers, [](double x) { return std::isnan(x) || std::floor(x) == x; }))
      notes.push_back(
          fmt::format("column '{}': whole numbers beyond 2^53 = 9007199254740992 are rounded; if "
                      "they only name a row, leave it out (--set 'data.ignore={}')",
                      name, data::csv_field(name)));
  }
  return notes;
}

namespace {

std::string text_note(const data::SchemaColumn& column, std::int64_t training_rows) {
  if (const auto notation = data::number_notation(column.categories))
    return fmt::format(
        "column '{}': numbers with {}, such as '{}', are texts here, and each is a category; expected "
        "numbers "
        "as 1234.5",
        column.name, notation->name, data::shown_field(notation->example));
  const auto categories = static_cast<std::int64_t>(column.categories.size());
  if (categories > kFewCategories && 2 * categories >= training_rows)
    return fmt::format(
        "column '{}': {} values in {} training rows; if it only names a row, leave it out "
        "(--set 'data.ignore={}')",
        column.name, categories, training_rows, data::csv_field(column.name));
  if (const auto alike = data::alike_texts(column.categories))
    return fmt::format(
        "column '{}': '{}' and '{}' differ only in blanks and the case of letters, and are two "
        "categories",
        column.name, data::shown_field(alike->first), data::shown_field(alike->second));
  return "";
}

}  // namespace

std::vector<std::string> text_notes(const data::Schema& schema, std::int64_t training_rows) {
  std::vector<std::string> notes;
  for (const data::SchemaColumn& column : schema.columns)
    if (std::string note = text_note(column, training_rows); !note.empty()) notes.push_back(std::move(note));
  return notes;
}

std::vector<std::string> convergence_notes(learn::Estimator& fitted) {
  FindConvergence search;
  fitted.visit_state(search);
  if (search.converged) return {};
  return {fmt::format("{} ended before it reached its tolerance: a larger max_iter, or features.scale=true",
                      fitted.name())};
}

}  // namespace tessera::tabular
