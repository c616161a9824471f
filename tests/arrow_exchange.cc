// Tessera's side of arrow_exchange.py: a module that pyarrow's record batches go into and come out of.
#include <cstdio>
#include <exception>
#include <memory>
#include <utility>

#include "tessera/data/arrow.h"

// Takes a batch over, and hands the table out again. The digest of the table, 64 characters and a NUL, goes to `digest`. 0, or 1 with the
// sentence on standard error.
extern "C" int tessera_arrow_round_trip(ArrowSchema* schema, ArrowArray* array, ArrowSchema* back_schema,
                                        ArrowArray* back, char* digest) {
  try {
    auto table =
        std::make_shared<const tessera::data::Table>(tessera::data::import_arrow(*schema, *array, "pyarrow"));
    std::snprintf(digest, 65, "%s", tessera::data::digest(*table).c_str());
    tessera::data::export_arrow(std::move(table), *back_schema, *back);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
