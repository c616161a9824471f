#include "tessera/data/bulk_insert.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/interrupt.h"
#include "tessera/base/suggest.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kReportEvery = 50'000;         // records, where there are no batches
constexpr double kLargestWhole = 9007199254740992.0;  // 2^53

// What a column takes by its declared type (SQLite's rules of affinity, in their order).
enum class Takes : std::uint8_t { kWhole, kText, kReal, kAnything };

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

Takes takes_of(const std::string& declared) {
  const std::string type = upper_case(declared);
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("INT")) return Takes::kWhole;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Takes::kText;
  if (has("REAL") || has("FLOA") || has("DOUB")) return Takes::kReal;
  return Takes::kAnything;
}

struct Target {
  std::string name;
  Takes takes = Takes::kAnything;
};

std::vector<Target> targets_of(Database& database, const std::string& table,
                               const std::vector<std::string>& columns) {
  std::vector<Target> known;
  Statement info(database, "SELECT name, type FROM pragma_table_info(?)");
  info.bind(table);
  while (info.step()) known.push_back({info.text(0), takes_of(info.text(1))});
  if (known.empty()) fail("{}: there is no table '{}'", database.path(), shown_field(table));
  std::vector<Target> targets;
  std::vector<std::string> names;
  for (const Target& each : known) names.push_back(each.name);
  for (const std::string& column : columns) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const Target& each) {
      return upper_case(each.name) == upper_case(column);  // as in SQL
    });
    if (found == known.end())
      fail("{}: the table '{}' has no column '{}'{}", database.path(), shown_field(table),
           shown_field(column), did_you_mean(column, names));
    targets.push_back({column, found->takes});
  }
  return targets;
}

std::string value_text(const RecordValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *whole);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string_view>(&value))
    return fmt::format("'{}'", shown_field(*text));
  return "nothing";
}

// The value as the column's type has it; nullopt when it is of another one.
std::optional<RecordValue> as_whole(const RecordValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (const auto whole = parse_integer(*text)) return RecordValue(*whole);
    const auto real = parse_real(*text);
    return real ? as_whole(RecordValue(*real)) : std::nullopt;
  }
  const auto* real = std::get_if<double>(&value);
  if (real == nullptr) return value;
  if (!(std::abs(*real) <= kLargestWhole) || std::floor(*real) != *real) return std::nullopt;
  return RecordValue(static_cast<std::int64_t>(*real));
}

std::optional<RecordValue> as_real(const RecordValue& value) {
  std::optional<double> real;
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    real = parse_real(*text);
  } else if (const auto* number = std::get_if<double>(&value)) {
    real = *number;
  } else {
    return value;
  }
  return real && !std::isnan(*real) ? std::optional<RecordValue>(*real) : std::nullopt;
}

// Numbers without quotes, also those that came as texts.
std::string plain_text(const RecordValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr && parse_real(*text) ? std::string(*text) : value_text(value);
}

class Inserter {
 public:
  Inserter(Database& database, const std::string& table, const std::vector<std::string>& columns,
           const BulkOptions& options)
      : database_(database),
        options_(options),
        targets_(targets_of(database, table, columns)),
        insert_(database, insert_text(table, columns), /*own_sql=*/false) {
    if (resumes()) start_or_resume();
  }

  BulkResult run(Records& records) {
    const InterruptGuard guard;
    result_.resumed_at = done_;
    std::vector<RecordValue> values;
    for (std::int64_t skipped = 0; skipped < done_; ++skipped)
      if (!records.next(values))
        fail("{}: an earlier call went through {} records, but now there are {}", database_.path(), done_,
             skipped);
    bool more = true;
    while (more && !(interrupted() && done_ > result_.resumed_at)) more = run_batch(records, values);
    result_.complete = !more;
    return std::move(result_);
  }

 private:
  static std::string insert_text(const std::string& table, const std::vector<std::string>& columns) {
    std::string names, marks;
    for (const std::string& column : columns) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", quoted_name(column));
      marks += marks.empty() ? "?" : ", ?";
    }
    return fmt::format("INSERT OR ABORT INTO {} ({}) VALUES ({})", quoted_name(table), names, marks);
  }

  bool resumes() const { return !options_.resume_key.empty() && options_.batch > 0; }

  // One transaction. Are there more records?
  bool run_batch(Records& records, std::vector<RecordValue>& values) {
    Transaction transaction(database_);
    const std::size_t rejected_before = result_.rejected.size();
    bool more = true;
    for (std::int64_t i = 0; options_.batch == 0 || i < options_.batch; ++i) {
      if (!(more = records.next(values))) break;
      insert(records, values);
      ++done_;
      if (options_.batch == 0 && done_ % kReportEvery == 0) {
        report();
        if (interrupted()) fail("{}: interrupted; nothing was inserted", database_.path());
      }
    }
    if (resumes()) more ? remember(rejected_before) : forget();
    transaction.commit();
    report();
    return more;
  }

  void report() const {
    if (options_.progress) options_.progress(done_);
  }

  void insert(const Records& records, const std::vector<RecordValue>& values) {
    std::string reason = bind_all(values);
    if (reason.empty()) {
      if (const std::optional<Refusal> refusal = insert_.try_run()) {
        if (!database_.in_transaction())
          fail(
              "{}: record {}: {}; the table rolled the batch back, expected constraints that refuse one "
              "record",
              database_.path(), done_, refusal->message);
        reason = reason_of(*refusal, values);
      } else if (database_.changes() == 0) {
        reason = "a trigger of the table left the record out";
      }
    } else {
      insert_.reset();
    }
    if (reason.empty())
      ++result_.inserted;
    else
      result_.rejected.push_back({done_, records.line(), std::move(reason)});
  }

  // Binds the record's values; the reason why it cannot be one of the table, or "".
  std::string bind_all(const std::vector<RecordValue>& values) {
    if (values.size() != targets_.size())
      return fmt::format("found {} field{}, expected {}", values.size(), values.size() == 1 ? "" : "s",
                         targets_.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!bind(values[i], targets_[i].takes))
        return fmt::format("column '{}': found {}, expected a {}", shown_field(targets_[i].name),
                           value_text(values[i]),
                           targets_[i].takes == Takes::kWhole ? "whole number" : "number");
    return "";
  }

  bool bind(const RecordValue& value, Takes takes) {
    std::optional<RecordValue> changed;
    if (takes == Takes::kWhole && !std::holds_alternative<std::int64_t>(value)) {
      changed = as_whole(value);
      if (!changed) return false;
    } else if (takes == Takes::kReal) {
      changed = as_real(value);
      if (!changed) return false;
    }
    const RecordValue& bound = changed ? *changed : value;
    if (const auto* whole = std::get_if<std::int64_t>(&bound)) {
      insert_.bind(*whole);
    } else if (const auto* real = std::get_if<double>(&bound)) {
      if (takes != Takes::kText)
        insert_.bind(*real);
      else
        insert_.bind(fmt::format("{}", *real));  // "1", where SQLite would write 1.0
    } else if (const auto* text = std::get_if<std::string_view>(&bound)) {
      insert_.bind_view(*text);
    } else {
      insert_.bind_null();
    }
    return true;
  }

  // "UNIQUE constraint failed: t.a, t.b" names columns; the record has their values.
  std::string reason_of(const Refusal& refusal, const std::vector<RecordValue>& values) const {
    if (refusal.kind == Refusal::Kind::kOther) return refusal.message;
    const std::size_t colon = refusal.message.find(": ");
    std::string key, rest = colon == std::string::npos ? "" : refusal.message.substr(colon + 2);
    while (!rest.empty()) {
      const std::size_t end = rest.find(", ");
      const std::string part = rest.substr(0, end);
      rest = end == std::string::npos ? "" : rest.substr(end + 2);
      const std::string name = part.substr(part.rfind('.') + 1);
      if (refusal.kind == Refusal::Kind::kNotNull)
        return fmt::format("column '{}': a value is missing, expected one (NOT NULL)", shown_field(name));
      key += fmt::format("{}{}{}", key.empty() ? "" : ", ", shown_field(name), equals_value(name, values));
    }
    return key.empty() ? refusal.message : fmt::format("a record with {} is in the table already", key);
  }

  std::string equals_value(const std::string& name, const std::vector<RecordValue>& values) const {
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (upper_case(targets_[i].name) == upper_case(name))
        return fmt::format(" = {}", plain_text(values[i]));
    return "";
  }

  void start_or_resume() {
    database_.execute(
        "CREATE TABLE IF NOT EXISTS tessera_ingest (key TEXT PRIMARY KEY, done INTEGER, inserted INTEGER);"
        "CREATE TABLE IF NOT EXISTS tessera_ingest_rejected (key TEXT, record INTEGER, line INTEGER, reason "
        "TEXT)");
    Statement state(database_, "SELECT done, inserted FROM tessera_ingest WHERE key = ?");
    state.bind(options_.resume_key);
    if (!state.step()) return;
    done_ = state.integer(0);
    result_.inserted = state.integer(1);
    Statement rows(database_,
                   "SELECT record, line, reason FROM tessera_ingest_rejected WHERE key = ? ORDER BY record");
    rows.bind(options_.resume_key);
    while (rows.step()) result_.rejected.push_back({rows.integer(0), rows.integer(1), rows.text(2)});
  }

  void remember(std::size_t rejected_before) {
    Statement state(database_, "INSERT OR REPLACE INTO tessera_ingest VALUES (?, ?, ?)");
    state.bind(options_.resume_key).bind(done_).bind(result_.inserted).run();
    Statement row(database_, "INSERT INTO tessera_ingest_rejected VALUES (?, ?, ?, ?)");
    for (std::size_t i = rejected_before; i < result_.rejected.size(); ++i) {
      const Rejected& each = result_.rejected[i];
      row.bind(options_.resume_key).bind(each.index).bind(each.line).bind(each.reason).run();
    }
  }

  void forget() {
    for (const char* table : {"tessera_ingest", "tessera_ingest_rejected"}) {
      Statement rows(database_, fmt::format("DELETE FROM {} WHERE key = ?", table));
      rows.bind(options_.resume_key).run();
    }
    Statement left(database_, "SELECT count(*) FROM tessera_ingest");
    const bool empty = left.step() && left.integer(0) == 0;
    left.reset();
    if (empty) database_.execute("DROP TABLE tessera_ingest; DROP TABLE tessera_ingest_rejected");
  }

  Database& database_;
  const BulkOptions& options_;
  std::vector<Target> targets_;
  Statement insert_;
  std::int64_t done_ = 0;
  BulkResult result_;
};

class TableRecords : public Records {
 public:
  explicit TableRecords(const Table& table) : table_(table) {}

  bool next(std::vector<RecordValue>& values) override {
    if (++row_ >= table_.rows) return false;
    values.clear();
    for (const Column& column : table_.columns) values.push_back(value(column));
    return true;
  }
  std::int64_t line() const override { return table_.line(row_); }

 private:
  RecordValue value(const Column& column) const {
    const auto row = static_cast<std::size_t>(row_);
    if (column.is_missing(row_)) return std::monostate{};
    if (column.numeric) return column.numbers[row];
    if (column.categorical) return column.categories[static_cast<std::size_t>(column.codes[row])];
    return column.texts[row];
  }

  const Table& table_;
  std::int64_t row_ = -1;
};

}  // namespace

std::string quoted_name(const std::string& name) {
  std::string out(1, '"');
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  out.push_back('"');
  return out;
}

bool has_table(Database& database, const std::string& table) {
  Statement info(database, "SELECT 1 FROM pragma_table_info(?)");
  return info.bind(table).step();
}

BulkResult bulk_insert(Database& database, const std::string& table, const std::vector<std::string>& columns,
                       Records& records, const BulkOptions& options) {
  if (columns.empty())
    fail("{}: records of no columns were to be inserted into '{}'", database.path(), table);
  if (options.batch < 0) fail("a batch of {} records was asked for, expected at least 0", options.batch);
  return Inserter(database, table, columns, options).run(records);
}

BulkResult bulk_insert(Database& database, const std::string& table, const Table& rows,
                       const BulkOptions& options) {
  TableRecords records(rows);
  return bulk_insert(database, table, rows.names(), records, options);
}

}  // namespace tessera::data
