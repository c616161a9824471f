#include "tessera/data/csv.h"

#include "fuzz/fuzz.h"
#include "tessera/base/files.h"

namespace tessera::fuzz {

// The first byte chooses the separator and whether there is a header.
void fuzz_one(std::string_view bytes) {
  if (bytes.empty()) return;
  data::CsvOptions options;
  options.header = (bytes[0] & 1) == 0;
  if (bytes[0] & 2) options.separator = ';';
  const std::string text = unpack_maybe_gzip(std::string(bytes.substr(1)), "x.csv");
  const data::Table table = data::parse_csv(text, "x.csv", options);
  for (const data::Column& column : table.columns) {
    const std::size_t fields = column.numeric ? column.numbers.size() : column.texts.size();
    TESSERA_CHECK(fields == static_cast<std::size_t>(table.rows), "'{}' has {} fields in {} rows",
                  column.name, fields, table.rows);
  }
}

}  // namespace tessera::fuzz
