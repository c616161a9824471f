// The table of a fit, read once at one place, with what identifies it in a record: the bytes of a file, the records that a query of PostgreSQL gave.
//
// Errors: those of the reader; part of an SQLite database that is still in its log. Thread-safety: pure functions. Internal to this room.
#pragma once

#include <string>

#include "tessera/data/dataset.h"
#include "tessera/data/table_file.h"
#include "tessera/runs/record.h"

namespace tessera::tabular {

struct OpenedTable {
  data::TableSource source;
  data::InputFile file;
  std::string query = {};  // that a database is asked; "" of other files
};

OpenedTable open_table(const std::string& place, const std::string& query);

// Where the record says that the table is: a path, or the address of a database; "" if it claims none.
std::string recorded_place(const std::string& run_folder);

// The table of a record, before anything is made of it. Rows of PostgreSQL are compared with the digest that is claimed, so that whatever was done to them is
// kInputChanged; files were compared when they were looked for (train/inputs.h). A database that does not answer is kCannotRerun.
OpenedTable open_claimed_table(const std::string& place, const std::string& query, const runs::Claim& claim);

}  // namespace tessera::tabular
