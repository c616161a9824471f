// What a model expects of a table: the names of its columns, their types, their categories, and which may have missing values.
//
// A Schema is taken from the table that a model is trained on, is saved with the model as canonical JSON, and makes any later table
// conform: its columns in the schema's order, categories as the positions that they had at training. What does not conform is an
// Error with one sentence:
//   - a column is missing (with the name that is near, or the one column that the schema does not know: was it renamed?);
//   - a column has another type: texts where numbers are expected (the line and the text), or a source of numbers where texts are;
//   - a missing value in a column that had none at training, unless ConformOptions allows it;
//   - a category that training did not have, by the policy `unseen`: refuse it (the default; line, value and the nearest category),
//     treat it as missing, or give it the code `categories.size()`, one further category kOtherCategory for all of them.
// Columns that the schema does not know are left out. Numbers where categories are expected count by their shortest text ("7" for 7
// and 7.0); to keep "007", read the column as text (`csv_options` does so by itself). A column without any
// value conforms to every type that may have missing values. NaN and infinities that were written are values, left to the model.
//
// Thread-safety: pure functions; a Schema may be read from several threads.
//
// ```cpp
// data::Table training = data::parse_csv("age,work\n39,office\n50,field\n", "adult.csv");
// data::make_category(training, "work");
// const data::Schema schema = data::Schema::of(training);
// assert(data::Schema::from_json(schema.to_json(), "model.json") == schema);
// data::Table later = data::parse_csv("work,age\nfield,20\n", "new.csv", schema.csv_options());
// assert(data::conform(later, schema).columns[1].codes[0] == 0);  // of "field": categories are sorted
// try {
//   data::conform(data::parse_csv("work,years\nfield,20\n", "new.csv"), schema);
// } catch (const Error& error) {
//   assert(std::string(error.what()) ==
//          "new.csv: there is no column 'age', expected numbers as at training; "
//          "the schema does not know the column 'years': was it renamed?");
// }
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/optional_ref.h"
#include "tessera/data/csv.h"

namespace tessera::data {

inline constexpr std::string_view kOtherCategory = "(other)";

struct SchemaColumn {
  std::string name;
  ColumnType type = ColumnType::kNumber;
  bool may_be_missing = false;               // training had a missing value
  std::vector<std::string> categories = {};  // of kCategory, in the order of their codes

  bool operator==(const SchemaColumn&) const = default;
};

enum class UnseenCategory : std::uint8_t { kRefuse, kMissing, kOther };

struct ConformOptions {
  UnseenCategory unseen = UnseenCategory::kRefuse;
  bool allow_missing = false;  // also in columns that had no missing value at training
};

struct Schema {
  std::vector<SchemaColumn> columns;

  static Schema of(const Table& table, const std::vector<std::string>& names = {});  // else of all columns
  OptionalRef<const SchemaColumn> find(std::string_view name) const&;
  OptionalRef<const SchemaColumn> find(std::string_view name) const&& = delete;  // it would dangle

  std::string to_json() const;  // one line of canonical JSON
  // `where` begins the message of the Error: the file's name.
  static Schema from_json(std::string_view text, const std::string& where);

  // The options with which a CSV file has its texts and categories read as text, also where all of them look like numbers.
  CsvOptions csv_options(CsvOptions options = {}) const;
  bool operator==(const Schema&) const = default;
};

// The table with the schema's columns, in its order and with its types. Under UnseenCategory::kOther a column of categories has
// kOtherCategory as its last one.
Table conform(const Table& table, const Schema& schema, const ConformOptions& options = {});

}  // namespace tessera::data
