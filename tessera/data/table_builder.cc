#include "tessera/data/table_builder.h"

#include <limits>
#include <set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/data/csv_rows.h"

namespace tessera::data {

TableBuilder::TableBuilder(const std::string& source, const std::vector<std::string>& names) {
  table_.source = source;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) fail("{}: column {} has an empty name, expected a name", source, i + 1);
    if (!seen.insert(names[i]).second)
      fail("{}: column {} is called '{}' as another one before it, expected different names", source, i + 1,
           shown_field(names[i]));
    Column column;
    column.name = names[i];
    column.numeric = true;
    table_.columns.push_back(std::move(column));
  }
}

void TableBuilder::add_missing(std::size_t index) {
  Column& column = table_.columns[index];
  if (column.missing++ == 0) column.first_missing_line = column.size() + 1;
  if (!column.numeric) {
    column.texts.emplace_back();
    return;
  }
  column.numbers.push_back(std::numeric_limits<double>::quiet_NaN());
  column.absent.resize(column.numbers.size() - 1, 0);
  column.absent.push_back(1);
}

void TableBuilder::add_number(std::size_t index, double number) {
  Column& column = table_.columns[index];
  if (!column.numeric) {
    Column written;
    written.numeric = true;
    written.numbers = {number};
    column.texts.push_back(written.text(0));
    return;
  }
  column.numbers.push_back(number);
  if (!column.absent.empty()) column.absent.push_back(0);
}

void TableBuilder::add_text(std::size_t index, std::string_view text) {
  if (text.empty()) return add_missing(index);
  Column& column = table_.columns[index];
  if (column.numeric) {
    become_text(column);
    column.first_text_line = column.size() + 1;
    column.first_text = shown_field(text);
  }
  column.texts.emplace_back(text);
}

void TableBuilder::become_text(Column& column) {
  std::vector<std::string> texts;
  for (std::int64_t row = 0; row < column.size(); ++row) texts.push_back(column.text(row));
  column.numeric = false;
  column.numbers = {};
  column.absent = {};
  column.texts = std::move(texts);
}

void TableBuilder::end_row() {
  table_.lines.push_back(++table_.rows);
}

Table TableBuilder::finish() {
  for (Column& column : table_.columns)
    if (column.numeric && column.missing == table_.rows) become_text(column);
  return std::move(table_);
}

}  // namespace tessera::data
