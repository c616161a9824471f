#include "tessera/data/schema.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/suggest.h"
#include "tessera/data/column_index.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::string_view kFormat = "tessera schema 1";

ColumnType type_of_name(const std::string& name, const std::string& where) {
  for (const ColumnType type : {ColumnType::kNumber, ColumnType::kText, ColumnType::kCategory})
    if (name == type_name(type)) return type;
  fail("{}: a column's type is '{}', expected 'numbers', 'texts' or 'categories'", where, shown_field(name));
}

std::vector<std::string> unknown_names(const Table& table, const Schema& schema) {
  std::vector<std::string> unknown = table.names();
  std::erase_if(unknown, [&](const std::string& name) { return static_cast<bool>(schema.find(name)); });
  return unknown;
}

[[noreturn]] void fail_absent(const Table& table, const Schema& schema, const SchemaColumn& expected) {
  const std::vector<std::string> unknown = unknown_names(table, schema);
  const std::string suggestion = did_you_mean(expected.name, unknown);
  const std::string renamed = unknown.size() == 1 ? unknown.front() : "";
  std::string advice;
  if (!renamed.empty())
    advice = fmt::format("; the schema does not know the column '{}': was it renamed?", shown_field(renamed));
  else if (!suggestion.empty())
    advice = suggestion;
  fail("{}: there is no column '{}', expected {} as at training{}", table.source, shown_field(expected.name),
       type_name(expected.type), advice);
}

class Conforming {
 public:
  Conforming(const Table& table, const Column& found, const SchemaColumn& expected,
             const ConformOptions& options)
      : table_(table), found_(found), expected_(expected), options_(options) {}

  Column make() {
    check_missing();
    switch (expected_.type) {
      case ColumnType::kNumber:
        return numbers();
      case ColumnType::kText:
        return texts();
      case ColumnType::kCategory:
        return categories();
    }
    return {};
  }

 private:
  std::string place(std::int64_t row) const {
    return fmt::format("{}:{}: column '{}'", table_.source, table_.line(row), shown_field(found_.name));
  }

  void check_missing() const {
    if (found_.missing == 0 || expected_.may_be_missing || options_.allow_missing) return;
    fail("{}:{}: column '{}': a value is missing, expected {} without missing values as at training",
         table_.source, found_.first_missing_line, shown_field(found_.name), type_name(expected_.type));
  }

  Column empty_column() const {
    Column column;
    column.name = expected_.name;
    column.missing = found_.missing;
    column.first_missing_line = found_.first_missing_line;
    return column;
  }

  Column numbers() const {
    if (found_.numeric) return found_;
    Column column = empty_column();
    column.numeric = true;
    for (std::int64_t row = 0; row < found_.size(); ++row) {
      const bool missing = found_.is_missing(row);
      const auto number = missing ? std::nullopt : parse_real(found_.text(row));
      if (!missing && !number)
        fail("{}: found '{}', expected a number as at training", place(row), shown_field(found_.text(row)));
      column.numbers.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
      column.absent.push_back(missing ? 1 : 0);
    }
    if (column.missing == 0) column.absent = {};
    return column;
  }

  Column texts() const {
    if (found_.numeric)
      fail("{}: found numbers, expected texts as at training; read the column as text", place(0));
    Column column = empty_column();
    for (std::int64_t row = 0; row < found_.size(); ++row) column.texts.push_back(found_.text(row));
    return column;
  }

  Column categories() {
    std::map<std::string_view, std::int32_t> codes;
    for (const std::string& category : expected_.categories)
      codes.emplace(category, static_cast<std::int32_t>(codes.size()));
    Column column = empty_column();
    column.categorical = true;
    column.categories = expected_.categories;
    if (options_.unseen == UnseenCategory::kOther) column.categories.emplace_back(kOtherCategory);
    for (std::int64_t row = 0; row < found_.size(); ++row) {
      const std::string text = found_.text(row);
      const auto code = codes.find(text);
      column.codes.push_back(found_.is_missing(row) ? -1
                             : code != codes.end()  ? code->second
                                                    : unseen(text, row));
      if (column.codes.back() < 0 && !found_.is_missing(row) && column.missing++ == 0)
        column.first_missing_line = table_.line(row);
    }
    return column;
  }

  std::int32_t unseen(const std::string& text, std::int64_t row) const {
    if (options_.unseen == UnseenCategory::kMissing) return -1;
    if (options_.unseen == UnseenCategory::kOther)
      return static_cast<std::int32_t>(expected_.categories.size());
    fail("{}: found the category '{}', which training did not have{}; expected one of its {}", place(row),
         shown_field(text), did_you_mean(text, expected_.categories), expected_.categories.size());
  }

  const Table& table_;
  const Column& found_;
  const SchemaColumn& expected_;
  const ConformOptions& options_;
};

SchemaColumn column_of_json(const nlohmann::json& entry, const std::string& where) {
  SchemaColumn column;
  column.name = entry.at("name").get<std::string>();
  column.type = type_of_name(entry.at("type").get<std::string>(), where);
  column.may_be_missing = entry.at("may_be_missing").get<bool>();
  if (column.type == ColumnType::kCategory)
    column.categories = entry.at("categories").get<std::vector<std::string>>();
  const std::set<std::string_view> distinct(column.categories.begin(), column.categories.end());
  if (distinct.size() != column.categories.size() || distinct.contains(""))
    fail("{}: the categories of column '{}' are not distinct texts", where, shown_field(column.name));
  return column;
}

}  // namespace

Schema Schema::of(const Table& table, const std::vector<std::string>& names) {
  Schema schema;
  const ColumnIndex columns(table);
  std::unordered_set<std::string> seen;
  for (const std::string& name : names.empty() ? table.names() : names) {
    const Column& column = columns.column(name);
    if (!seen.insert(name).second)
      fail("{}: the column '{}' was asked for twice", table.source, shown_field(name));
    schema.columns.push_back({name, column.type(), column.missing > 0, column.categories});
  }
  return schema;
}

OptionalRef<const SchemaColumn> Schema::find(std::string_view name) const& {
  for (const SchemaColumn& column : columns)
    if (column.name == name) return column;
  return {};
}

std::string Schema::to_json() const {
  nlohmann::json value = {{"format", kFormat}, {"columns", nlohmann::json::array()}};
  for (const SchemaColumn& column : columns) {
    nlohmann::json entry = {
        {"name", column.name}, {"type", type_name(column.type)}, {"may_be_missing", column.may_be_missing}};
    if (column.type == ColumnType::kCategory) entry["categories"] = column.categories;
    value["columns"].push_back(std::move(entry));
  }
  return canonical_json(value);
}

Schema Schema::from_json(std::string_view text, const std::string& where) {
  const nlohmann::json value = parse_json(text, where);
  try {
    if (value.at("format").get<std::string>() != kFormat)
      fail("{}: the format is '{}', expected '{}'", where, shown_field(value["format"].get<std::string>()),
           kFormat);
    Schema schema;
    std::unordered_set<std::string> seen;
    for (const nlohmann::json& entry : value.at("columns")) {
      SchemaColumn column = column_of_json(entry, where);
      if (!seen.insert(column.name).second) fail("{}: has two columns '{}'", where, shown_field(column.name));
      schema.columns.push_back(std::move(column));
    }
    return schema;
  } catch (const nlohmann::json::exception&) {
    fail(
        "{}: is no schema of a table: expected \"format\" and \"columns\", each with \"name\", \"type\", "
        "\"may_be_missing\" and, of categories, \"categories\"",
        where);
  }
}

CsvOptions Schema::csv_options(CsvOptions options) const {
  for (const SchemaColumn& column : columns)
    if (column.type != ColumnType::kNumber) options.text_columns.push_back(column.name);
  return options;
}

Table conform(const Table& table, const Schema& schema, const ConformOptions& options) {
  Table result{table.source, table.rows, table.lines, {}};
  const ColumnIndex columns(table);
  for (const SchemaColumn& expected : schema.columns) {
    const Column* found = columns.find(expected.name);
    if (found == nullptr) fail_absent(table, schema, expected);
    result.columns.push_back(Conforming(table, *found, expected, options).make());
  }
  return result;
}

}  // namespace tessera::data
