// Tables through Arrow's C data interface: handed to and taken from another library in the same process, without a file.
//
// The two structures are those of the specification (https://arrow.apache.org/docs/format/CDataInterface.html); pyarrow, polars, DuckDB,
// nanoarrow and others speak it. A table is a struct array ("+s"), what Arrow calls a record batch, a child for each column:
//
// | here | handed out as | taken from |
// |---|---|---|
// | numbers | float64 ("g") | booleans, integers of 8 to 64 bits, float16, float32, float64 ("b", "c" ... "L", "e", "f", "g") |
// | texts | utf8 with 64-bit offsets ("U") | utf8, large utf8 and views of utf8 ("u", "U", "vu") |
// | categories | int32 indices with a dictionary of "U" | any integer indices with a dictionary of texts |
// | a column without values | texts | also "n" (null) |
//
// Missing values are nulls, both ways; a NaN is a value. An empty text is a missing value here, so it comes back as null.
// Handing out copies neither numbers nor codes: the buffers are the table's own, which lives until the receiver calls `release`. Texts
// and the bitmaps of nulls are copied into Arrow's layout. Taking copies, since a Table owns its columns; the spans of `arrow_numbers`
// read float64 columns where they lie.
//
// Errors: a released or missing structure, a format that is none of these (dates, decimals, lists, ...: convert them first), lengths,
// offsets and indices that do not fit. `import_arrow` releases both structures, also when it throws. What the buffers hold is trusted
// for its size, as the interface has none. Thread-safety: pure functions; a handed-out table may be released by any thread.
//
// ```cpp
// data::Table table = data::parse_csv("length,kind\n1.5,oak\n,pine\n", "trees.csv");
// data::make_category(table, "kind");
// ArrowSchema schema;
// ArrowArray array;
// data::export_arrow(std::make_shared<const data::Table>(table), schema, array);  // the receiver's from here on
// assert(array.length == 2 && array.children[0]->null_count == 1);
// assert(data::digest(data::import_arrow(schema, array, "arrow")) == data::digest(table));
// assert(schema.release == nullptr && array.release == nullptr);
// ```
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tessera/data/table.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};
}
#endif

namespace tessera::data {

// Fills both structures; whoever receives them calls their `release`.
void export_arrow(std::shared_ptr<const Table> table, ArrowSchema& schema, ArrowArray& array);
// Takes both over and releases them. `source` is what messages name.
Table import_arrow(ArrowSchema& schema, ArrowArray& array, const std::string& source);

// The numbers of a float64 column without nulls where they lie, valid until the array is released; an Error for any other column.
std::span<const double> arrow_numbers(const ArrowSchema& schema, const ArrowArray& array,
                                      std::int64_t column);

}  // namespace tessera::data
