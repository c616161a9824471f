// Many records into one SQLite table, fast, without losing any: those that the table refuses are named, all others are in it.
//
// One prepared statement, one transaction per batch. A record is refused, with its index (from 0), its line and the reason, when
//   - a value is of another type than the column's declared one (SQLite itself would store a text in an INTEGER column): whole
//     numbers in INT columns, numbers in REAL, FLOAT and DOUBLE ones; NaN, which SQLite cannot hold; texts are read as numbers there;
//   - a unique key, a primary key, NOT NULL, CHECK or a foreign key refuses it. Of records with equal unique keys the first one stays;
//   - it has another number of fields than there are columns.
// The conflict clauses of the table (ON CONFLICT REPLACE ...) do not count: nothing that is in the table is replaced.
//
// Interrupted (SIGINT under an InterruptGuard, a progress function that throws, a kill, a power cut): the batches that were committed
// stay. With a `resume_key` the database remembers, in the transaction of each batch, how far it came and what was refused (tables
// tessera_ingest and tessera_ingest_rejected, which go when all is done), so the same call with the same records goes on behind the last
// committed batch and reports as if it had never stopped. With batch = 0 everything is one transaction: all or nothing.
// Errors (a missing table or column, a full disk, a damaged file) are thrown; the batch that was open is rolled back.
//
// Thread-safety: one thread; other processes wait for a batch.
//
// ```cpp
// Database database(":memory:");
// database.execute("CREATE TABLE trees (id INTEGER PRIMARY KEY, kind TEXT NOT NULL)");
// const data::Table table = data::parse_csv("id,kind\n1,oak\n2,\n1,pine\n3,fir\n", "trees.csv");
// const data::BulkResult result = data::bulk_insert(database, "trees", table);
// assert(result.inserted == 2 && result.rejected.size() == 2 && result.complete);
// assert(result.rejected[0].index == 1 && result.rejected[0].reason == "column 'kind': a value is missing, expected one (NOT NULL)");
// assert(result.rejected[1].line == 4 && result.rejected[1].reason == "a record with id = 1 is in the table already");
// ```
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tessera/base/sqlite.h"
#include "tessera/data/table.h"

namespace tessera::data {

// A value of a record: NULL, a whole number, a number, a text that lives until the next record is asked for.
using RecordValue = std::variant<std::monostate, std::int64_t, double, std::string_view>;

// Where records come from, one after the other.
class Records {
 public:
  virtual ~Records() = default;
  virtual bool next(std::vector<RecordValue>& values) = 0;  // false at the end
  virtual std::int64_t line() const = 0;                    // of the last record, from 1, for messages
};

struct Rejected {
  std::int64_t index = 0;  // of the record, from 0
  std::int64_t line = 0;
  std::string reason;

  bool operator==(const Rejected&) const = default;
};

struct BulkOptions {
  std::int64_t batch = 50'000;  // records per transaction; 0: all in one
  std::string resume_key = {};  // names these records (a digest); "": an interrupted call is not taken up
  // Called after each batch, and about every batch's length under batch = 0, with the number of records that were gone through.
  std::function<void(std::int64_t)> progress = {};
};

struct BulkResult {
  std::int64_t inserted = 0;
  std::int64_t resumed_at = 0;  // records that an earlier call had gone through
  std::vector<Rejected> rejected;
  bool complete = true;  // false: stopped by a signal
};

// `columns` are those of the table that a record's values go to, in order; others take their defaults.
BulkResult bulk_insert(Database& database, const std::string& table, const std::vector<std::string>& columns,
                       Records& records, const BulkOptions& options = {});
// The rows of a table; missing values are NULL, categories their texts.
BulkResult bulk_insert(Database& database, const std::string& table, const Table& rows,
                       const BulkOptions& options = {});

bool has_table(Database& database, const std::string& table);
std::string quoted_name(const std::string& name);  // for SQL: "a ""b"""

}  // namespace tessera::data
