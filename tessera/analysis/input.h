// What stands in a file that is to be analysed: a table or a set of images.
//
//   .csv and every other name   a table; also packed with gzip
//   .npz                        a table of its arrays (npz.h)
//   .npy, .idx, .idx*-ubyte     images where there are three axes or four, with the labels of another file if that is given; a table where there are one or two
//   cifar10, cifar100           images, by `format` only: these files have no name of their own
//   .sqlite, .sqlite3, .db      the table of a query
//   postgresql://user@host/db   the table of a query of a PostgreSQL database (data/postgresql.h)
//
// Errors: those of the readers; a query that is missing or has no database; labels beside a table; names of columns for a file that has
// its own, or another number of them than it has columns. Thread-safety: pure function.
//
// ```cpp
// const std::string folder = make_temporary_folder("input-example");
// write_file_atomically(folder + "/t.csv", "a;b\n1;x\n");
// const analysis::Input input = analysis::read_analysis_input({.file = folder + "/t.csv", .csv = {.separator = ';'}});
// assert(input.table && input.table->rows == 1 && !input.images);
// const analysis::Input named = analysis::read_analysis_input(
//     {.file = folder + "/t.csv", .csv = {.separator = ';', .header = false}, .columns = {"left", "right"}});
// assert(named.table->rows == 2 && named.table->names()[1] == "right");
// remove_folder(folder);
// ```
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/data/csv.h"
#include "tessera/data/dataset.h"

namespace tessera::analysis {

struct InputSource {
  std::string file;
  std::string format = {};  // "csv", "npz", "npy", "idx", "cifar10", "cifar100", "sqlite"; "": from the name
  std::string labels = {};  // a file of labels beside images
  std::string query = {};   // of a database
  data::CsvOptions csv = {};
  std::vector<std::string> columns = {};  // names for the columns of CSV without a header
};

struct Input {
  std::optional<data::Table> table = {};
  std::optional<data::Dataset> images = {};
};

Input read_analysis_input(const InputSource& source);

}  // namespace tessera::analysis
