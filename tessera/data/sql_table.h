// Tables from an SQLite database: the rows of a query.
//
// Column names are the query's (give expressions a name with AS), rows keep its order: say ORDER BY, or the same records may come in
// another order, which is another table. NULL and the empty text are missing values. A column is numeric when all its values are
// stored as numbers, otherwise text: what the same records give as CSV, with the same digest, where texts that look like numbers
// are named in `text_columns` there. Whole numbers beyond 2^53 are rounded to float64; blobs are an Error. SQLite stores -0 as 0.
//
// Errors: DatabaseError with SQLite's own message for a damaged file or a mistaken query; a query that returns no columns.
// Thread-safety: pure functions; of a Database as sqlite.h says.
//
// ```cpp
// Database database(":memory:");
// database.execute("CREATE TABLE trees (length REAL, kind TEXT)");
// database.execute("INSERT INTO trees VALUES (1.5, 'oak'), (NULL, 'pine')");
// const data::Table table = data::query_table(database, "SELECT * FROM trees ORDER BY kind");
// assert(data::digest(table) == data::digest(data::parse_csv("length,kind\n1.5,oak\n,pine\n", "trees.csv")));
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/base/sqlite.h"
#include "tessera/data/csv.h"

namespace tessera::data {

Table query_table(Database& database, const std::string& query);
Table read_sqlite(const std::string& path, const std::string& query);  // opened for reading only
// The names of the query's columns alone, which asks for no row.
std::vector<std::string> sqlite_names(const std::string& path, const std::string& query);

}  // namespace tessera::data
