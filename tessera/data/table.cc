#include "tessera/data/table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "tessera/base/at.h"
#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/hash.h"
#include "tessera/base/suggest.h"
#include "tessera/data/class_labels.h"
#include "tessera/data/column_index.h"
#include "tessera/data/csv_rows.h"

namespace tessera::data {
namespace {

constexpr std::uint64_t kCanonicalNan = 0x7ff8000000000000;

// What is missing is found again by the column's own rule.
void count_missing(Column& column, const std::vector<std::int64_t>& lines) {
  column.missing = column.first_missing_line = 0;
  for (std::int64_t row = 0; row < column.size(); ++row)
    if (column.is_missing(row) && column.missing++ == 0)
      column.first_missing_line = lines.empty() ? row + 1 : lines[at(row)];
  if (column.missing == 0) column.absent = {};
}

// All but the rows, which may be large.
Column described(const Column& column) {
  Column described;
  described.name = column.name;
  described.numeric = column.numeric;
  described.first_text_line = column.first_text_line;
  described.first_text = column.first_text;
  described.categorical = column.categorical;
  described.categories = column.categories;
  return described;
}

template <typename T>
std::vector<T> taken(const std::vector<T>& values, std::span<const std::int64_t> positions) {
  std::vector<T> result;
  if (values.empty()) return result;
  result.reserve(positions.size());
  for (const std::int64_t position : positions) result.push_back(values[at(position)]);
  return result;
}

void hash_values(Sha256& hash, const Column& column) {
  std::string bytes;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    const bool missing = column.is_missing(row);
    bytes.push_back(missing ? '\1' : '\0');
    if (missing) continue;
    if (column.numeric) {
      const double number = column.numbers[at(row)];
      put_u64(bytes, std::isnan(number) ? kCanonicalNan : std::bit_cast<std::uint64_t>(number));
    } else if (column.categorical) {
      put_u32(bytes, static_cast<std::uint32_t>(column.codes[at(row)]));
    } else {
      put_u64(bytes, column.texts[at(row)].size());
      bytes += column.texts[at(row)];
    }
  }
  hash.add_item(bytes);
}

}  // namespace

std::string_view type_name(ColumnType type) {
  return type == ColumnType::kNumber ? "numbers" : type == ColumnType::kText ? "texts" : "categories";
}

ColumnType Column::type() const {
  return numeric ? ColumnType::kNumber : categorical ? ColumnType::kCategory : ColumnType::kText;
}

std::int64_t Column::size() const {
  return static_cast<std::int64_t>(numeric ? numbers.size() : categorical ? codes.size() : texts.size());
}

bool Column::is_missing(std::int64_t row) const {
  if (numeric) return !absent.empty() && absent[at(row)] != 0;
  return categorical ? codes[at(row)] < 0 : texts[at(row)].empty();
}

std::string Column::text(std::int64_t row) const {
  if (is_missing(row)) return "";
  if (numeric) return std::isnan(numbers[at(row)]) ? "nan" : fmt::format("{}", numbers[at(row)]);
  return categorical ? categories[at(codes[at(row)])] : texts[at(row)];
}

const Column* Table::find(std::string_view name) const {
  for (const Column& column : columns)
    if (column.name == name) return &column;
  return nullptr;
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> result;
  for (const Column& column : columns) result.push_back(column.name);
  return result;
}

std::int64_t Table::line(std::int64_t row) const {
  return lines.empty() ? row + 1 : lines[at(row)];
}

const Column& Table::column(std::string_view name) const {
  if (const Column* found = find(name)) return *found;
  if (columns.empty()) fail("{}: there is no column '{}': the table has none", source, shown_field(name));
  fail("{}: there is no column '{}'{}; the {} columns run from '{}' to '{}'", source, shown_field(name),
       did_you_mean(name, names()), columns.size(), shown_field(columns.front().name),
       shown_field(columns.back().name));
}

const std::vector<double>& Table::numbers(std::string_view name) const {
  const Column& found = column(name);
  if (found.first_text_line > 0)
    fail("{}:{}: column '{}': found '{}', expected a number", source, found.first_text_line,
         shown_field(name), found.first_text);
  if (found.missing > 0)
    fail("{}:{}: column '{}': found an empty field, expected a number", source, found.first_missing_line,
         shown_field(name));
  if (!found.numeric && rows > 0)
    fail("{}:{}: column '{}': found {}, expected numbers", source, line(0), shown_field(name),
         type_name(found.type()));
  return found.numbers;
}

void make_category(Table& table, std::string_view name, const std::vector<std::string>& categories) {
  table.column(name);  // or a suggestion
  Column& column = *std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const Column& each) { return each.name == name; });
  if (column.categorical && categories.empty()) return;
  std::vector<std::string> texts;
  std::vector<std::int64_t> rows;  // that hold something
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) continue;
    texts.push_back(column.text(row));
    rows.push_back(row);
  }
  Column made;
  made.name = column.name;
  made.categorical = true;
  made.missing = column.missing;
  made.first_missing_line = column.first_missing_line;
  made.categories = categories.empty() ? sorted_classes(texts) : categories;
  if (made.categories.size() > at(std::numeric_limits<std::int32_t>::max()))
    fail("{}: column '{}' has {} categories, expected fewer than 2^31", table.source, shown_field(name),
         made.categories.size());
  made.codes.assign(at(column.size()), -1);
  const auto positions = label_positions(texts, made.categories, [&](std::size_t i) {
    return fmt::format("{}:{}: column '{}'", table.source, table.line(rows[i]), shown_field(name));
  });
  for (std::size_t i = 0; i < rows.size(); ++i)
    made.codes[at(rows[i])] = static_cast<std::int32_t>(positions[i]);
  column = std::move(made);
}

Table take_rows(const Table& table, std::span<const std::int64_t> positions) {
  for (const std::int64_t position : positions)
    if (position < 0 || position >= table.rows)
      fail("{}: row {} was asked for, expected one in [0, {})", table.source, position, table.rows);
  Table result{table.source, static_cast<std::int64_t>(positions.size()), taken(table.lines, positions), {}};
  for (const Column& column : table.columns) {
    Column part = described(column);
    part.numbers = taken(column.numbers, positions);
    part.texts = taken(column.texts, positions);
    part.codes = taken(column.codes, positions);
    part.absent = taken(column.absent, positions);
    count_missing(part, result.lines);
    result.columns.push_back(std::move(part));
  }
  return result;
}

Table take_columns(const Table& table, const std::vector<std::string>& names) {
  Table result{table.source, table.rows, table.lines, {}};
  const ColumnIndex columns(table);
  for (const std::string& name : names) result.columns.push_back(columns.column(name));
  return result;
}

Table table_of(const Tensor& matrix, const std::vector<std::string>& names) {
  if (matrix.rank() != 2)
    fail("a table is made of an array [rows, columns], found the shape {}", matrix.shape().to_string());
  const std::int64_t rows = matrix.size(0), columns = matrix.size(1);
  if (!names.empty() && static_cast<std::int64_t>(names.size()) != columns)
    fail("an array of {} columns was given {} names, expected one for each", columns, names.size());
  const std::vector<double> values = matrix.to(DType::kFloat64).to_vector<double>();
  Table table{"array", rows, {}, {}};
  for (std::int64_t row = 1; row <= rows; ++row) table.lines.push_back(row);
  for (std::int64_t j = 0; j < columns; ++j) {
    Column column;
    column.name = names.empty() ? fmt::format("column_{}", j + 1) : names[at(j)];
    column.numeric = true;
    for (std::int64_t row = 0; row < rows; ++row) column.numbers.push_back(values[at(row * columns + j)]);
    table.columns.push_back(std::move(column));
  }
  return table;
}

Tensor to_tensor(const Table& table, const std::vector<std::string>& names) {
  const Table chosen = names.empty() ? table : take_columns(table, names);
  const std::size_t columns = chosen.columns.size();
  std::vector<double> values(at(table.rows) * columns);
  for (std::size_t j = 0; j < columns; ++j) {
    const Column& column = chosen.columns[j];
    if (!column.numeric && column.missing < table.rows)
      fail("{}: column '{}' holds {}, expected numbers; encode it first", table.source,
           shown_field(column.name), type_name(column.type()));
    for (std::size_t row = 0; row < at(table.rows); ++row)
      values[row * columns + j] =
          column.numeric ? column.numbers[row] : std::numeric_limits<double>::quiet_NaN();
  }
  return Tensor::from<double>(values, Shape{table.rows, static_cast<std::int64_t>(columns)});
}

std::string digest(const Table& table) {
  Sha256 hash;
  hash.add_item("tessera table 1").add_u64(at(table.rows)).add_u64(table.columns.size());
  for (const Column& column : table.columns) {
    hash.add_item(column.name).add_item(type_name(column.type())).add_u64(column.categories.size());
    for (const std::string& category : column.categories) hash.add_item(category);
    hash_values(hash, column);
  }
  return to_hex(hash.finish());
}

}  // namespace tessera::data
