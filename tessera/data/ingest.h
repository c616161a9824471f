// A CSV file into an SQLite table: what `tessera ingest` does. bulk_insert.h says how records are refused, and how an interrupted
// call is taken up.
//
// A table that is missing is made from the file: a column is INTEGER when all its values are whole numbers, REAL when all are numbers,
// TEXT otherwise (and of `csv.text_columns`), unique keys as `unique` says; this reads the file twice. A table that is there takes the
// columns of the file by name and gives its others their defaults. Empty fields, and the notations of csv.missing, are NULL. A row with
// another number of fields than the header is a refused record; a file that is no CSV is an Error.
// So query_table (sql_table.h) gives the file's own table again, with its digest.
//
// ```cpp
// const std::string folder = make_temporary_folder("ingest-example");
// write_file_atomically(folder + "/trees.csv", "id,kind\n1,oak\n2,pine\n2,fir\n");
// Database database(":memory:");
// const data::IngestResult result = data::ingest_csv(database, "trees", folder + "/trees.csv", {.unique = {"id"}});
// assert(result.created == "id INTEGER, kind TEXT, UNIQUE (id)");
// assert(result.inserted == 2 && result.rejected[0].line == 4);
// remove_folder(folder);
// ```
#pragma once

#include <string>
#include <vector>

#include "tessera/data/bulk_insert.h"
#include "tessera/data/csv.h"

namespace tessera::data {

struct IngestOptions {
  CsvOptions csv = {};
  std::vector<std::string> unique = {};  // columns of one unique key, where the table is made
  std::int64_t batch = BulkOptions{}.batch;
  std::function<void(std::int64_t done, std::int64_t bytes, std::int64_t of_bytes)> progress = {};
};

struct IngestResult : BulkResult {
  std::string created;  // the columns of the table, if it was made; else ""
  std::string digest;   // SHA-256 of the file's bytes
};

IngestResult ingest_csv(Database& database, const std::string& table, const std::string& path,
                        const IngestOptions& options = {});

}  // namespace tessera::data
