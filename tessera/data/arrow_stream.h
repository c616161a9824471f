// Whole tables through Arrow's C stream interface: what `__arrow_c_stream__` of pyarrow, polars, pandas and DuckDB hands out, a table in pieces.
//
// The structure is that of the specification (https://arrow.apache.org/docs/format/CStreamInterface.html). Handed out, a table is one piece; taken, any
// number of pieces become one table. Types, missing values, copies and trust are those of arrow.h. Where pieces have dictionaries of their own, the
// categories are those of the first piece, then what later ones add.
//
// Errors: those of arrow.h, and the message of the stream itself. `import_arrow` releases the stream, also when it throws. Thread-safety: pure functions.
//
// ```cpp
// data::Table table = data::parse_csv("length,kind\n1.5,oak\n,pine\n", "trees.csv");
// ArrowArrayStream stream;
// data::export_arrow(std::make_shared<const data::Table>(table), stream);  // the receiver's from here on
// assert(data::digest(data::import_arrow(stream, "arrow")) == data::digest(table));
// assert(stream.release == nullptr);
// ```
#pragma once

#include <memory>
#include <string>

#include "tessera/data/arrow.h"

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

extern "C" {
struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema* out);
  int (*get_next)(ArrowArrayStream*, ArrowArray* out);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};
}
#endif

namespace tessera::data {

// Fills the structure; whoever receives it calls its `release`.
void export_arrow(std::shared_ptr<const Table> table, ArrowArrayStream& stream);
// Takes it over and releases it. `source` is what messages name.
Table import_arrow(ArrowArrayStream& stream, const std::string& source);

}  // namespace tessera::data
