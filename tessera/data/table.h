// Tables: columns of numbers, texts and categories, all of one length, with missing values that say so.
//
// | type | what a row holds | missing |
// |---|---|---|
// | numbers | `numbers[row]`, float64; a NaN or an infinity that was written in the source is a value | `absent[row]`, and NaN in `numbers` |
// | texts | `texts[row]` | the empty text, whatever the source: an empty field, '' in SQL, NULL |
// | categories | `codes[row]`, a position in `categories`, which are distinct | code -1 |
//
// Readers make numbers and texts: csv.h, sql_table.h, postgresql.h, arrow.h, and `table_of` for arrays. Categories are made of either
// by `make_category`, or found again at prediction time by a Schema (schema.h). `digest` names the contents and not where they came from:
// the same records as CSV, in SQLite and in PostgreSQL have one digest.
//
// Errors name the source, the line or row, the column, what was found and what was expected; a mistyped name gets a suggestion.
// Memory: 8 bytes per number, 4 per category, 32 and more per text, 8 per row for its line. Thread-safety: a Table that nobody
// changes may be read from several threads; the functions are pure.
//
// ```cpp
// data::Table table = data::parse_csv("length,kind\n1.5,oak\n2,\n,pine\n", "trees.csv");
// data::make_category(table, "kind");
// const data::Column& kind = table.column("kind");
// assert(kind.categories == (std::vector<std::string>{"oak", "pine"}));
// assert(kind.codes == (std::vector<std::int32_t>{0, -1, 1}));
// assert(kind.is_missing(1) && table.column("length").is_missing(2));
// const std::vector<std::int64_t> last = {2};
// assert(data::take_rows(table, last).column("kind").text(0) == "pine");
// ```
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

enum class ColumnType : std::uint8_t { kNumber, kText, kCategory };
std::string_view type_name(ColumnType type);  // "numbers", "texts", "categories"

struct Column {
  std::string name;
  bool numeric = false;
  std::vector<double> numbers;     // when numeric; NaN where the value is missing
  std::vector<std::string> texts;  // when neither numeric nor categorical
  std::int64_t missing = 0;        // number of missing values
  // Where the first value stands that makes the column text, or that is missing, for messages; 0 if there is none.
  std::int64_t first_text_line = 0;
  std::int64_t first_missing_line = 0;
  std::string first_text = {};
  std::vector<std::uint8_t> absent = {};  // when numeric: 1 where the value is missing; empty when none is
  bool categorical = false;
  std::vector<std::int32_t> codes = {};      // when categorical: positions in `categories`, -1 where missing
  std::vector<std::string> categories = {};  // distinct

  ColumnType type() const;
  std::int64_t size() const;  // rows
  bool is_missing(std::int64_t row) const;
  // The value as text, "" where it is missing; a number in the shortest notation that reads back as it.
  std::string text(std::int64_t row) const;
};

struct Table {
  std::string source;  // the file's name, or the database's, for messages
  std::int64_t rows = 0;
  std::vector<std::int64_t> lines;  // the line at which each row begins, or its number, counted from 1
  std::vector<Column> columns;

  const Column* find(std::string_view name) const;    // nullptr if there is none
  const Column& column(std::string_view name) const;  // throws Error with a suggestion
  // The numbers of a column without missing values; throws Error that names the line.
  const std::vector<double>& numbers(std::string_view name) const;
  std::vector<std::string> names() const;
  std::int64_t line(std::int64_t row) const;  // for messages
};

// Replaces the column's texts, or numbers, by categories: the distinct values in order (as numbers if all are numbers, else by their
// bytes), or the given ones, in which case a value outside of them is an Error.
void make_category(Table& table, std::string_view name, const std::vector<std::string>& categories = {});

Table take_rows(const Table& table, std::span<const std::int64_t> positions);   // in that order
Table take_columns(const Table& table, const std::vector<std::string>& names);  // in that order
Table table_of(const Tensor& matrix,
               const std::vector<std::string>& names = {});  // [rows, columns]; else column_1, ...
Tensor to_tensor(const Table& table,
                 const std::vector<std::string>& names = {});  // float64 [rows, columns]; NaN where missing

// SHA-256, hexadecimal, of names, types, values and which are missing; not of source and lines. All NaN are one.
std::string digest(const Table& table);

}  // namespace tessera::data
