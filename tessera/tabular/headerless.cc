#include "tessera/tabular/headerless.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "tessera/base/error.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

namespace tessera::tabular {
namespace {

using ColumnNames = std::vector<std::string>;

constexpr std::size_t kMostNamesSaid = 20;

ColumnNames names_without(const ColumnNames& names, const ColumnNames& left_out) {
  ColumnNames kept;
  std::ranges::copy_if(names, std::back_inserter(kept),
                       [&](const std::string& name) { return std::ranges::count(left_out, name) == 0; });
  return kept;
}

// What a file to predict may lack: nothing, what is ignored, the target, or both.
std::vector<ColumnNames> possible_gaps(const FitConfig& config, const ColumnNames& names, bool needs_target) {
  const ColumnNames ignored = names_without(names, names_without(names, config.ignored()));
  std::vector<ColumnNames> gaps = {{}};
  if (!ignored.empty()) gaps.push_back(ignored);
  if (needs_target || !config.has("data.target")) return gaps;
  gaps.push_back({config.text("data.target")});
  if (ignored.empty()) return gaps;
  gaps.push_back(ignored);
  gaps.back().push_back(config.text("data.target"));
  return gaps;
}

std::string quoted(const ColumnNames& names) {
  return fmt::format("'{}'", fmt::join(names, "', '"));
}

// "4 or 2 (without 'id', 't')": of a number that two gaps share nobody could say which it is.
std::string counts_text(const std::vector<ColumnNames>& gaps, std::size_t columns) {
  std::string text;
  for (const ColumnNames& gap : gaps)
    if (std::ranges::count(gaps, gap.size(), &ColumnNames::size) == 1)
      text += gap.empty() ? fmt::format("{}", columns)
                          : fmt::format(" or {} (without {})", columns - gap.size(), quoted(gap));
  return text;
}

std::string columns_text(std::size_t columns) {
  return columns == 1 ? "1 column" : fmt::format("{} columns", columns);
}

bool is_number(const std::string& text) {
  return data::parse_real(text).has_value();
}

bool is_headed_by_text(const data::Column& column) {
  if (column.type() != data::ColumnType::kText || column.texts.empty()) return false;
  const std::string& first = column.texts.front();
  const auto others = std::ranges::count_if(column.texts, is_number);
  return !first.empty() && !is_number(first) && others > 0 &&
         others + 1 + column.missing == static_cast<std::ptrdiff_t>(column.texts.size());
}

}  // namespace

bool begins_with_names(std::string_view csv, const std::string& file, const data::CsvOptions& options,
                       const std::vector<std::string>& names) {
  data::CsvRows rows(csv, file, options.separator);
  ColumnNames fields;
  if (!rows.done()) rows.next(fields);
  std::set<std::string> distinct;
  for (std::string& field : fields) {
    data::clean_field(field, {.trim = true});
    if (std::ranges::count(names, field) > 0) distinct.insert(field);
  }
  return !fields.empty() && distinct.size() == fields.size();
}

std::vector<std::string> columns_headed_by_text(const data::Table& table) {
  ColumnNames found;
  for (const data::Column& column : table.columns)
    if (is_headed_by_text(column)) found.push_back(column.name);
  return found;
}

bool has_number_in_first_row(const data::Table& table) {
  return table.rows > 0 && std::ranges::any_of(table.columns, [](const data::Column& column) {
           return column.numeric ? !column.is_missing(0) : is_number(column.text(0));
         });
}

std::vector<std::string> headed_by_text_notes(const data::Table& table) {
  const ColumnNames found = columns_headed_by_text(table);
  if (found.empty()) return {};
  return {
      fmt::format("column '{}'{} has '{}' in line 1 and a number in every other row: is it a header (without "
                  "data.header=false), or does '{}' stand for a missing value (data.missing)?",
                  found.front(), found.size() > 1 ? fmt::format(" (of {} such columns)", found.size()) : "",
                  data::shown_field(table.column(found.front()).texts.front()),
                  data::shown_field(table.column(found.front()).texts.front()))};
}

std::vector<std::string> own_columns(const FitConfig& config, const std::string& file, std::size_t found,
                                     bool needs_target) {
  const ColumnNames names = config.table_file().columns;
  const auto fitting = [&](bool with_target) {
    std::vector<ColumnNames> gaps = possible_gaps(config, names, with_target);
    std::erase_if(gaps, [&](const ColumnNames& gap) { return names.size() - gap.size() != found; });
    return gaps;
  };
  const std::vector<ColumnNames> gaps = fitting(needs_target);
  if (gaps.size() > 1)  // the target is one name, so what is ignored is one, too
    fail("{} has {} of the {} columns: is it '{}' or '{}' that is missing? Leave out both or none", file,
         found, names.size(), gaps[1].front(), gaps[0].front());
  if (!gaps.empty()) return names_without(names, gaps.front());
  if (needs_target && !fitting(false).empty())
    fail("{} has {}, without the target '{}' that evaluate needs", file, columns_text(found),
         config.text("data.target"));
  fail("{} has {}, expected {}", file, columns_text(found),
       counts_text(possible_gaps(config, names, needs_target), names.size()));
}

std::string own_columns_note(const FitConfig& config, const data::Table& table) {
  const ColumnNames names = config.table_file().columns, left_out = names_without(names, table.names());
  if (names.empty() || left_out.empty()) return "";
  ColumnNames said = table.names();
  if (said.size() > kMostNamesSaid) said.erase(said.begin() + 3, said.end() - 1);
  if (said.size() < table.columns.size()) said.insert(said.end() - 1, "...");
  return fmt::format("{} has {} of {} columns, read as {} (without {})", table.source, table.columns.size(),
                     names.size(), fmt::join(said, ", "), quoted(left_out));
}

void refuse_shifted_columns(const FitConfig& config, const data::Table& table, const data::Schema& schema) {
  const ColumnNames names = config.table_file().columns, left_out = names_without(names, table.names());
  if (names.empty() || left_out.empty()) return;
  for (const data::SchemaColumn& expected : schema.columns) {
    const data::Column* column = table.find(expected.name);
    if (column == nullptr || expected.type != data::ColumnType::kCategory) continue;
    std::string unseen;
    bool known = false;
    for (std::int64_t row = 0; row < table.rows && !known; ++row) {
      if (column->is_missing(row)) continue;
      if (unseen.empty()) unseen = column->text(row);
      known = std::ranges::find(expected.categories, column->text(row)) != expected.categories.end();
    }
    if (!known && !unseen.empty())
      fail(
          "{}: column '{}' has only values that training did not have, such as '{}': read without {}, the "
          "columns are not those of training; expected all {} columns",
          table.source, expected.name, data::shown_field(unseen), quoted(left_out), names.size());
  }
}

}  // namespace tessera::tabular
