// A table from a file of any kind that is read here, told apart by what the file begins with: CSV (csv.h), an array of NumPy's as NPY or NPZ
// (npy.h, npz.h), an SQLite database (sql_table.h); each but the database may be packed with gzip. Where the path is the address of a PostgreSQL
// database, postgresql://user@host/database (base/postgresql_uri.h), the rows of a query there (postgresql.h).
//
// Of CSV the options count. Of the others only `text_columns`: a column of numbers that is named there becomes texts, in the shortest notation that
// reads back as the number (1, 0.5), as the target of a classification has to be. An NPY file is a matrix whose columns are called column_1,
// column_2, ...; a database needs a query, and nothing else takes one. `columns` names the columns of a file that has no names, CSV without a
// header or NPY; every other name, such as those of `text_columns`, is then one of these.
//
// Errors: those of the reader; a query that is missing or not wanted (exit code 2); names for a file that has its own, another number of names than the file
// has columns, a name twice. Thread-safety: pure functions.
//
// ```cpp
// const std::string folder = make_temporary_folder("table-file-example");
// Database(folder + "/trees.sqlite").execute("CREATE TABLE t (girth REAL, kind INTEGER); INSERT INTO t VALUES (1.5, 3), (2, 4)");
// const data::Table table =
//     data::read_table_file(folder + "/trees.sqlite", {.csv = {.text_columns = {"kind"}}, .query = "SELECT * FROM t"});
// assert(table.numbers("girth")[1] == 2 && table.column("kind").texts[0] == "3");
// remove_folder(folder);
// ```
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/csv.h"

namespace tessera::data {

struct TableFileOptions {
  CsvOptions csv = {};
  std::string query = {};  // of a database
  std::vector<std::string> columns = {};
};

enum class TableFileKind : std::uint8_t { kCsv, kNpy, kNpz, kSqlite, kPostgresql };

// What is at one place, read once: the bytes of a file, unpacked, or the rows of a query. An SQLite database is opened there again.
struct TableSource {
  std::string path;
  std::string bytes = {};          // of an SQLite database only what says that it is one
  std::optional<Table> rows = {};  // of PostgreSQL
  TableFileKind kind() const;
};
TableSource read_table_source(const std::string& path, const std::string& query = {});

Table read_table_file(const std::string& path, const TableFileOptions& options = {});
Table parse_table_source(const TableSource& source, const TableFileOptions& options);
Table parse_table_source(TableSource&& source, const TableFileOptions& options);  // gives its rows away
void drop_database_bytes(TableSource& source);  // which are of no use once they were hashed
// The names of the columns alone.
std::vector<std::string> table_source_names(const TableSource& source, const TableFileOptions& options);

}  // namespace tessera::data
