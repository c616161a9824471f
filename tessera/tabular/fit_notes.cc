#include "tessera/tabular/fit_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

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
  for (const std::string& name : columns) {
    const data::Column& column = table.column(name);
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

std::vector<std::string> identifier_notes(const data::Schema& schema, std::int64_t training_rows) {
  std::vector<std::string> notes;
  for (const data::SchemaColumn& column : schema.columns) {
    const auto categories = static_cast<std::int64_t>(column.categories.size());
    if (categories > kFewCategories && 2 * categories >= training_rows)
      notes.push_back(
          fmt::format("column '{0}': {1} values in {2} training rows; if it only names a row, leave it out "
                      "(--set 'data.ignore={0}')",
                      column.name, categories, training_rows));
  }
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
