#include "tessera/tabular/table_checks.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "tessera/base/error.h"
#include "tessera/base/text.h"
#include "tessera/base/utf8.h"
#include "tessera/data/column_index.h"
#include "tessera/data/csv_rows.h"

namespace tessera::tabular {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string place_of(const data::Table& table, std::size_t row, const data::Column& column) {
  return fmt::format("{}:{}: column '{}'", table.source, table.line(static_cast<std::int64_t>(row)),
                     data::shown_field(column.name));
}

}  // namespace

void refuse_infinite(const data::Table& table, const std::vector<std::string>& columns) {
  const data::ColumnIndex index(table);
  for (const std::string& name : columns) {
    const data::Column* column = index.find(name);
    if (column == nullptr || !column->numeric) continue;
    const auto found =
        std::ranges::find_if(column->numbers, [](double number) { return std::isinf(number); });
    if (found == column->numbers.end()) continue;
    const auto row = static_cast<std::size_t>(found - column->numbers.begin());
    fail("{}: found {}, expected a finite number, or no value where it is missing",
         place_of(table, row, *column), *found);
  }
}

void refuse_other_encodings(const data::Table& table, const std::vector<std::string>& columns) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (const std::string& name = table.columns[i].name; !is_utf8(name))
      fail("{}:1: the name of column {}, '{}', is no UTF-8; expected a file in UTF-8", table.source, i + 1,
           printable(data::shown_field(name)));
  const data::ColumnIndex index(table);
  for (const std::string& name : columns) {
    const data::Column& column = index.column(name);
    for (std::size_t row = 0; row < column.texts.size(); ++row)
      if (!is_utf8(column.texts[row]))
        fail("{}: found '{}', which is no UTF-8; expected a file in UTF-8", place_of(table, row, column),
             printable(data::shown_field(column.texts[row])));
  }
}

void require_columns(const data::Table& table, const data::Schema& schema,
                     const std::vector<std::string>& others) {
  const data::ColumnIndex index(table);
  const auto is_there = [&](const data::SchemaColumn& column) { return index.find(column.name) != nullptr; };
  if (std::ranges::all_of(schema.columns, is_there)) return;
  data::Table names{table.source, 0, {}, {}};
  const std::unordered_set<std::string> left_out(others.begin(), others.end());
  for (const data::Column& column : table.columns) {
    if (left_out.contains(column.name)) continue;
    names.columns.emplace_back();
    names.columns.back().name = column.name;
  }
  data::conform(names, schema);  // says which is missing
}

}  // namespace tessera::tabular
