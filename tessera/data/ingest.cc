#include "tessera/data/ingest.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/suggest.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr double kLargestWholeNumber = 9007199254740992.0;  // 2^53

// What a column's fields are, for the type of the column that is made.
struct Seen {
  bool any = false, all_numbers = true, all_whole = true;

  void add(std::string_view field) {
    const auto number = parse_real(field);
    any = true;
    all_numbers &= number && !std::isnan(*number);
    all_whole &= number && std::abs(*number) <= kLargestWholeNumber && std::floor(*number) == *number;
  }
  std::string_view type() const {
    if (!any || !all_numbers) return "TEXT";
    return all_whole ? "INTEGER" : "REAL";
  }
};

std::string name_in_sql(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain && !(name[0] >= '0' && name[0] <= '9') ? name : quoted_name(name);
}

class CsvRecords : public Records {
 public:
  CsvRecords(std::string_view text, const std::string& source, const CsvOptions& options)
      : options_(options), rows_(text, source, options.separator) {
    if (rows_.empty()) fail("{}: the file is empty, expected a header in line 1", source);
    if (options.header) rows_.next(fields_);
  }

  bool next(std::vector<RecordValue>& values) override {
    if (rows_.done()) return false;
    rows_.next(fields_);
    values.clear();
    for (std::string& field : fields_) {
      clean_field(field, options_);
      if (field.empty())
        values.emplace_back();
      else
        values.emplace_back(std::string_view(field));
    }
    return true;
  }
  std::int64_t line() const override { return rows_.line(); }
  std::int64_t position() const { return static_cast<std::int64_t>(rows_.position()); }

 private:
  const CsvOptions& options_;
  CsvRows rows_;
  std::vector<std::string> fields_;
};

// Rows that do not fit the header are left to be refused.
std::string definition_of(std::string_view text, const std::string& path,
                          const std::vector<std::string>& names, const IngestOptions& options,
                          const CsvOptions& csv) {
  CsvRecords records(text, path, csv);
  std::vector<Seen> seen(names.size());
  std::vector<RecordValue> values;
  while (records.next(values))
    for (std::size_t i = 0; i < names.size() && values.size() == names.size(); ++i)
      if (const auto* field = std::get_if<std::string_view>(&values[i])) seen[i].add(*field);
  std::string definition, key;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool as_text = std::count(csv.text_columns.begin(), csv.text_columns.end(), names[i]) > 0;
    definition +=
        fmt::format("{}{} {}", i == 0 ? "" : ", ", name_in_sql(names[i]), as_text ? "TEXT" : seen[i].type());
  }
  for (const std::string& name : options.unique)
    key += fmt::format("{}{}", key.empty() ? "" : ", ", name_in_sql(name));
  return key.empty() ? definition : fmt::format("{}, UNIQUE ({})", definition, key);
}

// Has the table a unique key of just these columns?
bool has_unique_key(Database& database, const std::string& table, const std::vector<std::string>& columns) {
  std::map<std::string, std::set<std::string>> keys;
  Statement rows(database,
                 "SELECT l.name, i.name FROM pragma_index_list(?1) AS l, pragma_index_info(l.name) AS i "
                 "WHERE l.\"unique\""
                 " UNION ALL SELECT '', name FROM pragma_table_info(?1) WHERE pk > 0");
  rows.bind(table);
  while (rows.step()) keys[rows.text(0)].insert(rows.text(1));
  const std::set<std::string> wanted(columns.begin(), columns.end());
  return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.second == wanted; });
}

void check_unique(const std::vector<std::string>& unique, const std::vector<std::string>& names,
                  const std::string& path) {
  for (const std::string& name : unique)
    if (std::find(names.begin(), names.end(), name) == names.end())
      fail("{}: there is no column '{}'{} for a unique key", path, shown_field(name),
           did_you_mean(name, names));
}

// What an interrupted call is known by: the same bytes, read the same way, into the same table.
std::string resume_key(const std::string& file_digest, const std::string& table, const CsvOptions& csv) {
  Sha256 hash;
  hash.add_item(file_digest)
      .add_item(table)
      .add_item({&csv.separator, 1})
      .add_u64(csv.header)
      .add_u64(csv.trim);
  for (const std::string& text : csv.missing) hash.add_item(text);
  return to_hex(hash.finish());
}

}  // namespace

IngestResult ingest_csv(Database& database, const std::string& table, const std::string& path,
                        const IngestOptions& options) {
  IngestResult result;
  std::string bytes = read_file(path);
  result.digest = to_hex(sha256(bytes));
  const std::string text = unpack_maybe_gzip(std::move(bytes), path);
  CsvOptions csv = options.csv;
  if (csv.separator == kDetectSeparator) csv.separator = detect_separator(text);
  const std::vector<std::string> columns = csv_names(text, path, csv);
  check_unique(options.unique, columns, path);
  if (!has_table(database, table)) {
    result.created = definition_of(text, path, columns, options, csv);
    database.execute(fmt::format("CREATE TABLE {} ({})", quoted_name(table), result.created));
  } else if (!options.unique.empty() && !has_unique_key(database, table, options.unique)) {
    fail(
        "{}: the table '{}' is there already, without a unique key of the columns asked for; make an index "
        "of them, or leave it out",
        database.path(), shown_field(table));
  }
  CsvRecords records(text, path, csv);
  BulkOptions bulk{options.batch, resume_key(result.digest, table, csv), {}};
  if (options.progress)
    bulk.progress = [&](std::int64_t done) {
      options.progress(done, records.position(), static_cast<std::int64_t>(text.size()));
    };
  static_cast<BulkResult&>(result) = bulk_insert(database, table, columns, records, bulk);
  return result;
}

}  // namespace tessera::data
